"""From an incoming message or press to its handler, and from whatever goes wrong to an answer.

Rights are checked here at the command and again at every press, for the person who presses.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import permissions
from bot.commands import pickers
from bot.commands.arguments import Wrong, bind
from bot.commands.ask import Ask, Refused
from bot.commands.confirming import show_expired
from bot.commands.declaring import BUTTONS, COMMANDS, KNOWN, Declared
from bot.commands.guessing import (
    explain,
    explain_edited,
    explain_nowhere,
    explain_slash,
    explain_unknown,
    without_slash,
)
from bot.commands.heard import Heard
from bot.commands.problems import GIVEN_UP, answer, tell_given_up
from bot.commands.services import Services
from bot.commands.words import Words, read
from bot.config import App, Environment
from bot.permissions import known
from bot.planning.errors import NothingThere
from bot.store import newcomers
from bot.telegram.buttons import Action, Actions, Refusal
from bot.telegram.incoming import ChatMoved, Incoming, Press, TextMessage
from bot.telegram.outbox import Outbox

TOAST_AFTER = 1.5
"""Seconds after which a press is answered without words: Telegram shows a spinner until then."""

REFUSALS = {
    "unknown": "This button does nothing any more",
    "expired": "This button has expired: ask again",
    "not yours": "This button is for the person who asked",
    "used": "That was pressed already",
    "other chat": "This button does nothing here",
}

log = structlog.get_logger(__name__)


class Dispatcher:
    """Handles what the inbox delivers, one call at a time for each person and chat."""

    def __init__(
        self,
        services: Services,
        actions: Actions,
        outbox: Outbox,
        username: str,
        moved: Callable[[], Awaitable[None]],
    ) -> None:
        """`username` is the bot's own, without @: in groups, commands addressed to others are not ours.

        `moved` is called when a group became a supergroup, so that its name leads to the new id.
        """
        self._moved = moved
        self._services = services
        self._actions = actions
        self._outbox = outbox
        self._username = username.lower()
        self._heard = Heard()

    async def handle(self, incoming: Incoming) -> None:
        """Act on one update. What goes wrong is answered in the chat and never raised."""
        match incoming:
            case TextMessage():
                await self._message(incoming)
            case Press():
                await self._press(incoming)
            case ChatMoved():
                await self._outbox.chat_moved(incoming.old, incoming.new)
                await self._moved()

    async def give_up(self, incoming: Incoming) -> None:
        """Tell that an update was begun several times and never done, e.g. since the bot died each time."""
        if isinstance(incoming, Press):
            ask = await self._known(incoming)
            await self._outbox.answer_press(incoming.query_id, GIVEN_UP if ask is not None else None)
        elif isinstance(incoming, TextMessage) and self._is_command(incoming):
            ask = await self._known(incoming, incoming.text)
            if ask is not None:
                await self._guarded(ask, tell_given_up(ask))

    def _is_command(self, message: TextMessage) -> bool:
        """Whether it is one that the bot was addressed with."""
        words = read(message.text)
        if words is None or (words.addressee or self._username).lower() != self._username:
            return False
        return words.command in COMMANDS or bool(words.addressee) or message.chat.kind == "private"

    async def _message(self, message: TextMessage) -> None:
        words = read(message.text)
        before = self._heard.replaced(message)
        if words is None:
            if message.chat.kind == "private":  # whatever a stranger writes there is meant for the bot
                await self._no_command(message)
            return
        if words.addressee is not None and words.addressee.lower() != self._username:
            return
        # Telegram changes messages too, such as by a preview.
        if message.edited and before is not None and before.text == message.text:
            return
        ask = await self._known(message, message.text)
        if ask is None:
            return
        declared = COMMANDS.get(words.command)
        if declared is None and words.addressee is None and message.chat.kind != "private":
            return
        if not ask.admission:
            await answer(ask, Refused(ask.admission))
        elif message.edited and (before is None or before.acted):
            await self._guarded(ask, explain_edited(ask, words))
        elif declared is None:
            await self._guarded(ask, explain_unknown(ask, words, _usable(ask)))
        elif await self._guarded(ask, self.run(ask, declared, words)):
            self._heard.acted(message)

    async def _no_command(self, message: TextMessage) -> None:
        """Answer a known person's text that only lacks its slash; other talk is left alone."""
        ask = await self._known(message, message.text)
        meant = without_slash(message.text)
        if ask is not None and ask.admission and meant is not None and meant.command in _usable(ask):
            await self._guarded(ask, explain_slash(ask, meant))

    async def run(self, ask: Ask, declared: Declared, words: Words) -> bool:
        """Run a command with its words, or show the picker for what is missing; whether it was run.

        Raises: Refused, and whatever the handler raises.
        """
        visible = {target.app.name for target in ask.targets("app.view")}
        bound = bind(words, declared, ask.config, visible)
        if isinstance(bound, Wrong):
            await explain(ask, bound)
            return False
        app = next((value.name for value in bound.values.values() if isinstance(value, App)), None)
        environment = next((v.name for v in bound.values.values() if isinstance(v, Environment)), None)
        if app and environment and environment not in ask.config.apps[app].environments:
            await explain_nowhere(ask, words, app, environment)
            return False
        if declared.permission != KNOWN and not _somewhere(ask, declared, app, environment):
            raise Refused(
                ask.may(declared.permission, app, environment), " → ".join(filter(None, (app, environment)))
            )
        missing = bound.missing(declared)
        if missing:
            await pickers.pick(ask, declared, bound, missing[0].name)
            return False
        await declared.handler(ask, **bound.values)
        return True

    async def _press(self, press: Press) -> None:
        ask = await self._known(press)
        if ask is None:
            await self._outbox.answer_press(press.query_id)
            return
        if not ask.admission:
            await answer(ask, Refused(ask.admission))
            await self._outbox.answer_press(press.query_id, ask.toasts[-1])
            return
        action = await self._actions.take(press)
        if isinstance(action, Refusal):
            await self._outbox.answer_press(press.query_id, REFUSALS[action.reason], alert=False)
            if action.expired is not None and "request" in action.expired.arguments:
                await self._guarded(ask, show_expired(ask, action.expired.arguments["request"]))
            return
        answering = asyncio.create_task(self._answer_late(press))
        try:
            await self._guarded(ask, self._act(ask, action))
        finally:
            answering.cancel()
            await asyncio.wait((answering,))
            if not answering.cancelled():
                answering.result()
            await self._toast(ask, press, answering)
            await self._retire(ask)

    async def _act(self, ask: Ask, action: Action) -> None:
        ask.token = action.token
        declared = BUTTONS.get(action.name)
        if declared is None:  # a button of an older version of the bot
            ask.toast(REFUSALS["unknown"])
            return
        if declared.name == "run":
            ask.fresh = action.arguments.get("fresh", False)
            ask.skip = action.arguments.get("skip", 0)
            words = read(action.arguments["command"])
            if words is not None and words.command in COMMANDS:
                ask.text = action.arguments["command"]
                await self.run(ask, COMMANDS[words.command], words)
            else:
                ask.toast(REFUSALS["unknown"])
            return
        app, environment = _place(action)
        if declared.permission != KNOWN:
            ask.need(declared.permission, app, environment)
        if app and environment and environment not in _environments(ask, app):
            raise NothingThere(f"{app} is not in {environment} any more", advice="See /apps")
        await declared.handler(ask, **action.arguments)

    async def _toast(self, ask: Ask, press: Press, answering: asyncio.Task[None]) -> None:
        """Answer the press with what there is to say; a press that was answered meanwhile, with a message."""
        words = ask.toasts[-1] if ask.toasts else None
        if answering.cancelled():
            await self._outbox.answer_press(press.query_id, words)
        elif words is not None:
            await ask.say("said", heading=words, lines=[])

    async def _retire(self, ask: Ask) -> None:
        """What was pressed is handled: it does nothing any more where something else is shown in its place."""
        if not ask.shown:
            return
        try:
            await self._actions.retire(ask.token, ask.shown)
        except SQLAlchemyError:  # the answer is there all the same
            log.exception("the buttons of a screen that is not shown any more were not dropped")

    async def _answer_late(self, press: Press) -> None:
        await asyncio.sleep(TOAST_AFTER)
        await self._outbox.answer_press(press.query_id)

    async def _guarded(self, ask: Ask, handling: Awaitable[object]) -> bool:
        """Turn what is raised into an answer; a bug is answered too, with the log knowing the rest.

        Returns what `handling` says of whether anything was done; what raised did nothing.
        """
        try:
            return bool(await handling)
        except Exception as error:
            await answer(ask, error)
            return False

    async def _known(self, incoming: TextMessage | Press, text: str = "") -> Ask | None:
        """Who asks; None for whoever the bot does not answer, who is remembered for a while."""
        told = incoming.sender
        sender = permissions.Sender(
            id=told.id,
            name=told.name,
            chat_id=incoming.chat.id,
            is_bot=told.is_bot,
            anonymous=told.anonymous,
            as_chat=told.as_chat,
        )
        policy = self._services.policy()
        person = policy.person(sender)
        if person is None or not known(sender, policy):
            await self._stranger(incoming)
            return None
        return Ask(
            services=self._services,
            who=person,
            chat_id=incoming.chat.id,
            topic=incoming.topic,
            message_id=incoming.message_id,
            text=text,
            replied=incoming.replied if isinstance(incoming, TextMessage) else None,
            pressed=isinstance(incoming, Press),
            cause=f"update {incoming.update_id}",
        )

    async def _stranger(self, incoming: TextMessage | Press) -> None:
        """Nothing but silence; an admin can ask who it was."""
        sender, chat = incoming.sender, incoming.chat
        newcomer = newcomers.Newcomer(
            person_id=sender.id,
            kind=sender.kind,
            name=sender.name,
            username=sender.username,
            chat_id=chat.id,
            chat_kind=chat.kind,
            chat_title=chat.title,
            topic=incoming.topic,
        )
        async with self._services.database.write() as session:
            await newcomers.met(session, newcomer, self._services.clock.now())


def _place(action: Action) -> tuple[str | None, str | None]:
    """Where a press acts: what its arguments name, since that is what its handler goes by."""
    named = action.arguments.get("request") or action.arguments
    return named.get("app", action.app), named.get("environment", action.environment)


def _environments(ask: Ask, app: str) -> Collection[str]:
    return ask.config.apps[app].environments if app in ask.config.apps else ()


def _usable(ask: Ask) -> list[str]:
    """The names of the commands that the person may use somewhere."""
    return [name for name, each in COMMANDS.items() if _somewhere(ask, each, None, None)]


def _somewhere(ask: Ask, declared: Declared, app: str | None, environment: str | None) -> bool:
    """Whether the person may use a command there; where it names no place, whether they may anywhere."""
    permission = declared.permission
    if permission == KNOWN:
        return True
    if app and environment:
        return ask.may(permission, app, environment).allowed
    if not ask.config.targets() or not (declared.takes(App) or declared.takes(Environment)):
        return ask.may(permission).allowed
    return any(
        (app is None or target.app.name == app)
        and (environment is None or target.environment.name == environment)
        for target in ask.targets(permission)
    )
