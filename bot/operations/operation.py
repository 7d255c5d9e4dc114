"""What an operation is: its record, its end, and the class that each kind of operation extends.

A kind is a subclass with a `kind` name and a typed `Arguments`; nothing else has to be edited to add one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.events import Event
from bot.operations.steps import Steps
from bot.store.tables import OperationRow

T = TypeVar("T")

Result = Literal["done", "applied", "failed", "restored", "removed", "cancelled", "broken", "held"]
"""How an operation ended: as asked; as asked but not followed, since nobody can tell its health; failed and
left as it is; failed and the version before is back; failed and the first install removed; cancelled; failed
both ways, so that a person is needed; kept back by a lock before it began."""


class Made(BaseModel):
    """An image that a build has made, or found there."""

    model_config = ConfigDict(frozen=True)

    image: str
    """With its tag."""
    tag: str
    digest: str
    size: int
    """Bytes of its layers in the registry; 0 where nobody can tell."""
    was_there: bool = False
    """Whether the commit had been built before, so that nothing was done."""
    goes_to: str = ""
    """The environment that it was made for; "" where that was not said."""
    is_going: bool = False
    """Whether its deploy there has been started."""


class Outcome(BaseModel):
    """The end of an operation, in data; how it is said is left to bot.texts."""

    model_config = ConfigDict(frozen=True)

    result: Result
    words: str = ""
    advice: str = ""
    quote: str = ""
    last_words: str = ""
    revision: int | None = None
    attempt: int | None = None
    """The revision that the operation made, where `revision` is the one that is back."""
    back_to: str = ""
    """The version that is back after an undo, or that a rollback may return to."""
    ready: str = ""
    """How much of it runs, such as `3 of 3`."""
    made: Made | None = None
    """What a build made."""
    notes: tuple[str, ...] = ()
    """What whoever reads the end must know beside it: what a rollback did not bring back, what was unwell before."""


class Arguments(BaseModel):
    """The base of every kind's arguments: stored as JSON with the operation."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Author:
    """Who started an operation: their numeric Telegram id and their name as the configuration says it."""

    id: int
    name: str


@dataclass(frozen=True)
class Record:
    """An operation as the store knows it when a run begins."""

    id: str
    kind: str
    subject: str
    app: str
    environment: str
    version: str
    author: Author
    chat_id: int | None
    topic: int | None
    message_id: int | None
    created_at: datetime
    started: bool
    cancelling: bool
    held: bool
    """Whether the last run was held by the cluster's trouble when it was cut off."""
    leaves: bool
    """Whether it was stopped to be left as it is."""
    arguments: dict[str, Any]

    @classmethod
    def of(cls, row: OperationRow) -> Record:
        """Read a row."""
        return cls(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            app=row.app or "",
            environment=row.environment or "",
            version=row.version or "",
            author=Author(row.author_id, row.author_name),
            chat_id=row.chat_id,
            topic=row.topic,
            message_id=row.message_id,
            created_at=row.created_at,
            started=row.started_at is not None,
            cancelling=row.state == "cancelling",
            held=bool(row.view.get("held")),
            leaves=bool(row.view.get("leaves")),
            arguments=row.arguments,
        )


class Operation(ABC):
    """One run of one operation. A crash ends the run, not the operation: the next process runs it again."""

    kind: ClassVar[str]
    queue: ClassVar[str] = ""
    """What it waits in, where only some of its sort may run at once."""
    kinds: ClassVar[dict[str, type[Operation]]] = {}

    def __init_subclass__(cls, kind: str, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = kind
        Operation.kinds[kind] = cls

    def __init__(self, record: Record, tools: Any, tell: Callable[[Event], None]) -> None:
        """`tools` is what the kind works with (the composition root decides), `tell` takes progress events."""
        self.record = record
        self.tools = tools
        self.tell = tell

    @abstractmethod
    async def run(self, do: Steps) -> Outcome:
        """Do it. Raises: StepFailed, which ends the operation as failed."""

    async def cancelled(self, do: Steps) -> Outcome:
        """Clean up after a cancel; its steps are journaled like those of `run`."""
        return Outcome(result="cancelled")

    async def perform(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do what one step does; a kind may refuse to, or stop in the middle.

        Raises: StepFailed, and whatever `act` raises.
        """
        return await act()
