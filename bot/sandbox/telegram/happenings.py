"""Telling onlookers (the script player, the chat page, tests) what happened in the chats."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.messages import Action, Answer, Message

Kind = Literal["said", "sent", "edited", "deleted", "answered", "reacted", "acting", "pinned"]
What = Message | Answer | Action | Chat
_KEPT = 10_000  # an onlooker that never looks must not grow without end


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened. `said` is a person's or Telegram's own message, `sent` one of the bot's.

    `what` is the message as it stood then; an Answer for `answered`, an Action for `acting`, and for `pinned` the
    chat where something was pinned or unpinned.
    """

    kind: Kind
    what: What


class Subscription:
    """All changes since it was made, in order: iterate over it, and close it (or use it in `with`)."""

    def __init__(self, onlookers: set[Subscription]) -> None:
        self._onlookers = onlookers
        self._waiting: deque[Change] = deque(maxlen=_KEPT)
        self._arrived = asyncio.Event()
        onlookers.add(self)

    def tell(self, change: Change) -> None:
        self._waiting.append(change)
        self._arrived.set()

    def close(self) -> None:
        """Hear no more; whoever iterates ends."""
        self._onlookers.discard(self)
        self._arrived.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while not self._waiting:
            if self not in self._onlookers:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


@dataclass(slots=True)
class Happenings:
    """Hands every change to every onlooker."""

    _onlookers: set[Subscription] = field(default_factory=set)

    def subscribe(self) -> Subscription:
        return Subscription(self._onlookers)

    def tell(self, kind: Kind, what: What) -> None:
        for onlooker in list(self._onlookers):
            onlooker.tell(Change(kind, what))
