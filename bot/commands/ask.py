"""Who asks, where, and what they may reach: the only thing that a handler talks to."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.choices import Choice
from bot.commands.services import Services
from bot.commands.showing import Page
from bot.config import App, Config, Environment, Permission, Target
from bot.operations.desk import Order
from bot.operations.operation import Author
from bot.permissions import Decision, Person, Place, admitted, may
from bot.store import audit, once
from bot.telegram.incoming import Replied
from bot.telegram.messages import ChatTarget, Document, Sent


class Refused(Exception):
    """The person lacks a right; the decision says which, and whom to ask."""

    def __init__(self, decision: Decision, what: str = "") -> None:
        super().__init__(decision.reason)
        self.decision = decision
        self.what = what
        app, separator, environment = what.partition(" → ")
        self.app = app if separator else None
        self.environment = environment if separator else None


@dataclass
class Ask:
    """One command or press being handled."""

    services: Services
    who: Person
    chat_id: int
    topic: int | None
    message_id: int
    """The command's message, or the one that was pressed."""
    text: str = ""
    replied: Replied | None = None
    """The message that the command answers."""
    pressed: bool = False
    fresh: bool = False
    """Whether a press is answered by a message of its own: what was pressed tells something that must stay."""
    skip: int = 0
    """How many entries of a long list were shown before: [More] was pressed."""
    token: str = ""
    """Of the button that was pressed."""
    shown: list[Sequence[str]] = field(default_factory=list)
    """The tokens of each screen that was shown in place of the one whose button was pressed."""
    cause: str = ""
    """What brought it, where that may be handled again after a death of the bot: `update 17`."""
    toasts: list[str] = field(default_factory=list)
    """What the answer to the press will say; the last one counts."""

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.services.config()

    @property
    def to(self) -> ChatTarget:
        """The chat and topic that the answer goes to."""
        return ChatTarget(self.chat_id, self.topic)

    @property
    def here(self) -> Sent:
        """The command's message, or the one that was pressed."""
        return Sent(self.chat_id, self.message_id, self.topic)

    @property
    def author(self) -> Author:
        """The person as an operation's author."""
        return Author(self.who.id, self.who.name)

    @property
    def admission(self) -> Decision:
        """Whether the person may do anything at all: nobody who is suspended may."""
        return admitted(self.who, self.services.policy())

    def may(self, permission: Permission, app: str | None = None, environment: str | None = None) -> Decision:
        """Whether the person may, here and now, and why or why not."""
        return may(self.who, permission, Place(app, environment, self.chat_id), self.services.policy())

    def need(self, permission: Permission, app: str | None = None, environment: str | None = None) -> None:
        """Go on only if the person may.

        Raises: Refused.
        """
        decision = self.may(permission, app, environment)
        if not decision.allowed:
            raise Refused(decision, " → ".join(name for name in (app, environment) if name))

    def targets(self, permission: Permission) -> list[Target]:
        """Every app and environment where the person may."""
        return [
            target
            for target in self.config.targets()
            if self.may(permission, target.app.name, target.environment.name).allowed
        ]

    def targets_of(
        self, permission: Permission, app: App | None, environment: Environment | None
    ) -> list[Target]:
        """Those of `targets` in this app and this environment, None for any. Raises: Refused where there are none."""
        found = [
            target
            for target in self.targets(permission)
            if (app is None or target.app.name == app.name)
            and (environment is None or target.environment.name == environment.name)
        ]
        if not found:
            raise Refused(
                self.may(permission, app.name if app else None, environment.name if environment else None)
            )
        return found

    async def show(
        self,
        template: str,
        choices: Sequence[Choice] = (),
        *,
        document: Document | None = None,
        **values: Any,
    ) -> Sent | None:
        """Answer: in place of the screen whose button was pressed, unless that stays; else as a reply."""
        page = Page(template, values, choices, document)
        if self.pressed and not self.fresh and document is None:
            await self._replace(page)
            return self.here
        return await self.reply(page)

    async def _replace(self, page: Page) -> None:
        """What was pressed works until it is handled: where the bot dies meanwhile it is handled again."""
        screen = self.services.screen
        if self.token:
            self.shown.append(await screen.replace(self.here, page, self.who.id))
        else:
            await screen.edit(self.here, page, self.who.id)

    async def say(self, template: str, choices: Sequence[Choice] = (), **values: Any) -> Sent | None:
        """Answer with a message of its own, also to a press."""
        return await self.reply(Page(template, values, choices))

    async def reply(self, page: Page) -> Sent | None:
        """Send a page as a reply."""
        return await self.services.screen.send(self.to, page, self.who.id, reply_to=self.message_id)

    async def document(self, name: str, content: str, caption: str, values: Mapping[str, Any]) -> None:
        """Send a text as a file with a name that says what it is; `caption` names a template."""
        masked = self.services.masker().mask_text(content)
        document = Document(name, masked.encode())
        await self.reply(Page(caption, values, document=document))

    async def submit(self, order: Order, *, wait: bool = False, stops: str | None = None) -> str:
        """Hand in an operation; the button that was pressed for it is used up with that. `stops` as `Desk.submit`.

        Raises: Busy, Spent.
        """

        async def spend(session: AsyncSession) -> bool:
            return await self.services.screen.spend(session, self.token)

        return await self.services.desk.submit(
            order, wait=wait, stops=stops, spend=spend if self.token else None
        )

    def toast(self, text: str) -> None:
        """What the answer to the press says, on top of the chat."""
        self.toasts.append(text)

    async def record(
        self,
        action: str,
        outcome: str,
        *,
        app: str | None = None,
        environment: str | None = None,
        detail: str = "",
        session: AsyncSession | None = None,
    ) -> None:
        """Write a decision into the audit trail, with a `session` in the caller's transaction.

        What is decided again for the same `cause` is written once.
        """
        if session is None:
            async with self.services.database.write() as own:
                await self.record(
                    action, outcome, app=app, environment=environment, detail=detail, session=own
                )
            return
        entry = audit.Entry(
            at=self.services.clock.now(),
            actor_id=self.who.id,
            actor=self.who.name,
            action=action,
            outcome=outcome,
            app=app,
            environment=environment,
            chat_id=self.chat_id,
            detail=self.services.masker().mask_text(detail)[:1000],
        )
        what = f"{self.cause} {action} {outcome} {app} {environment}"  # names may be of any length
        key = f"audit {hashlib.sha256(what.encode()).hexdigest()}"
        if not self.cause or await once.first(session, [key], entry.at):
            await audit.record(session, entry)
