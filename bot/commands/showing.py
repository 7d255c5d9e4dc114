"""Showing screens: a template and its choices become a message, whose buttons get their tokens as it is sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.choices import Choice, laid_out
from bot.commands.declaring import BUTTONS
from bot.store.database import Database
from bot.telegram.buttons import Actions
from bot.telegram.messages import Button, ChatTarget, Document, Message, Sent, Urgency
from bot.telegram.outbox import Outbox
from bot.texts.rendering import Texts

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    """What is shown: a template's name and values, the choices below it, and a document with it."""

    template: str
    values: Mapping[str, Any]
    choices: Sequence[Choice] = ()
    document: Document | None = None


class Screen:
    """Renders pages and sends them, for the person with id `person_id` where buttons are bound to one."""

    def __init__(
        self, *, texts: Callable[[], Texts], actions: Actions, outbox: Outbox, database: Database
    ) -> None:
        self._texts = texts
        self._actions = actions
        self._outbox = outbox
        self._database = database

    async def send(
        self,
        to: ChatTarget,
        page: Page,
        person_id: int | None,
        *,
        reply_to: int | None = None,
        sound: bool = False,
        urgency: Urgency = Urgency.ANSWER,
        key: str | None = None,
    ) -> Sent | None:
        """Send a page; None when the chat refuses it for good. With a `key` it is sent once and never lost."""
        message = await self.message(page, to.chat_id, person_id)
        sent = await self._outbox.send(
            to, message, urgency=urgency, reply_to=reply_to, sound=sound, key=key, durable=key is not None
        )
        if sent is not None:
            try:
                await self._actions.bind(message, sent)
            except SQLAlchemyError:  # they work in the chat all the same, and the answer is there
                log.exception("the buttons of a message were not bound to it")
        return sent

    async def edit(
        self, sent: Sent, page: Page, person_id: int | None, *, urgency: Urgency = Urgency.ANSWER
    ) -> None:
        """Put a page in place of what a message shows; then the buttons it had before do nothing any more."""
        before = await self._actions.of(sent)
        await self.replace(sent, page, person_id, urgency=urgency)
        await self._actions.drop(before)

    async def replace(
        self, sent: Sent, page: Page, person_id: int | None, *, urgency: Urgency = Urgency.ANSWER
    ) -> Sequence[str]:
        """As `edit`, but the buttons it had before do the same as ever; the tokens of those that it has now."""
        message = await self.message(page, sent.chat_id, person_id, message_id=sent.message_id)
        await self._outbox.edit(sent, message, urgency=urgency)
        return message.tokens()

    async def enqueue(
        self, session: AsyncSession, to: ChatTarget, page: Page, *, key: str, reply_to: int | None = None
    ) -> None:
        """Send a page with a sound once the caller's transaction is committed; call `wake` then."""
        message = await self.message(page, to.chat_id, None, session=session)
        self._outbox.enqueue(
            session, to, message, key=key, urgency=Urgency.RESULT, reply_to=reply_to, sound=True
        )

    async def enqueue_edit(self, session: AsyncSession, sent: Sent, page: Page) -> None:
        """As `edit`, once the caller's transaction is committed; call `wake` then. The page has no buttons."""
        await self.void(session, sent)
        message = await self.message(page, sent.chat_id, None, session=session)
        self._outbox.enqueue(session, sent.target, message, key=None, urgency=Urgency.RESULT, edits=sent)

    def wake(self) -> None:
        """What was enqueued is committed."""
        self._outbox.wake()

    async def supersede(
        self, names: Sequence[str], person_id: int, app: str, environment: str, asked: Sent
    ) -> None:
        """Messages before `asked` that offered that person these buttons for the same place do so no more.

        What they say stays to be read. Only what came before the question goes: one that is answered again after a
        crash must not take away the button that its first answer has, which may be pressed by now.
        """
        for message_id in await self._actions.earlier(
            names, person_id=person_id, app=app, environment=environment, than=asked
        ):
            old = Sent(asked.chat_id, message_id, asked.topic)
            await self._actions.drop(await self._actions.of(old))
            await self._outbox.strip(old)

    async def void(self, session: AsyncSession, sent: Sent) -> None:
        """The buttons that a message had do nothing any more, from the caller's transaction on."""
        await self._actions.void(session, sent.chat_id, sent.message_id)

    async def spend(self, session: AsyncSession, token: str) -> bool:
        """Use a button up in the caller's transaction; False when it was used before."""
        return await self._actions.spend(session, token)

    async def rebind(self, message: Message, sent: Sent) -> None:
        """The message now carries these buttons and no others."""
        await self._actions.rebind(message, sent)

    async def message(
        self,
        page: Page,
        chat_id: int,
        person_id: int | None,
        *,
        session: AsyncSession | None = None,
        message_id: int | None = None,
    ) -> Message:
        """A page as a message whose buttons work in that chat, or in that message of it; their tokens join the
        caller's transaction.
        """
        message = _message(self._texts().render(page.template, page.values), page.document)
        if not page.choices:
            return message
        if session is None:
            async with self._database.write() as own:
                return await self._with_buttons(own, message, page, chat_id, person_id, message_id)
        return await self._with_buttons(session, message, page, chat_id, person_id, message_id)

    async def _with_buttons(
        self,
        session: AsyncSession,
        message: Message,
        page: Page,
        chat_id: int,
        person_id: int | None,
        message_id: int | None,
    ) -> Message:
        where = {"chat_id": chat_id, "message_id": message_id, "at": self._actions.clock.now()}
        rows = [
            tuple([await self._button(session, choice, person_id, where) for choice in row])
            for row in laid_out(page.choices)
        ]
        return replace(message, buttons=tuple(rows))

    async def _button(
        self, session: AsyncSession, choice: Choice, person_id: int | None, where: Mapping[str, Any]
    ) -> Button:
        if choice.copy:
            return Button(choice.label, copy=choice.copy)
        declared = BUTTONS[choice.button]
        token = await self._actions.offer(
            session,
            name=choice.button,
            arguments=dict(choice.arguments),
            permission=declared.permission,
            app=choice.app,
            environment=choice.environment,
            person_id=None if choice.anyone else person_id,
            lifetime=choice.lifetime,
            **where,
        )
        return Button(choice.label, data=token, style=choice.style)


def _message(html: str, document: Document | None) -> Message:
    """A text of its own, or the caption of its document: one message either way."""
    if document is None:
        return Message(html)
    return Message("", document=replace(document, caption_html=html))
