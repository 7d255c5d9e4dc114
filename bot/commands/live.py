"""The message that shows an operation: one, edited in place until the end, drawn from the newest view.

It is the engine's audience. Progress may be skipped when it comes too fast; the end is stored in the transaction that
ends the operation, and so is never lost.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.commands.choices import Choice
from bot.commands.faces import face_of
from bot.commands.showing import Page, Screen
from bot.config import Config
from bot.operations.build import Ship
from bot.operations.holds import WAITING
from bot.operations.view import View
from bot.permissions import Policy
from bot.store.database import Database
from bot.store.tables import OperationRow
from bot.telegram.messages import Button, ChatTarget, Message, Sent, Urgency
from bot.telegram.outbox import Outbox
from bot.telegram.text import bar

TICK = 5.0
"""Seconds between drawings of a running operation whose view did not change: its elapsed time did."""

BAR = 9
"""Cells of a workload's bar, so that a line has 27 at most."""

ENDS_AS_PLAN = ("turn", Ship.kind)
"""Kinds whose good end is a plan in their message."""

CALLS_A_PERSON = ("failed", "restored", "removed", "broken", "held")
"""Results that are told again by a short message with a sound."""

log = structlog.get_logger(__name__)


@dataclass
class _Drawn:
    """What is known of one running operation's message."""

    view: View
    sent: Sent | None
    buttons: tuple[tuple[Button, ...], ...] = ()
    keyboard: str = ""
    rung: str = ""
    """The last hold that its author was called to."""
    dirty: bool = True
    urgent: bool = False
    """Whether a pod is in trouble that nobody was told of: that does not wait behind other progress."""
    at: float = 0.0
    edit: asyncio.Task[None] | None = None


class LiveMessages:
    """Draws running operations; an async context manager that owns its task."""

    def __init__(
        self,
        *,
        screen: Screen,
        outbox: Outbox,
        database: Database,
        clock: Clock,
        config: Callable[[], Config],
        policy: Callable[[], Policy],
    ) -> None:
        self._screen = screen
        self._outbox = outbox
        self._database = database
        self._clock = clock
        self._config = config
        self._policy = policy
        self._running: dict[str, _Drawn] = {}
        self._handed_over: set[str] = set()
        self._changed = asyncio.Event()
        self._drawing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._drawing = asyncio.create_task(self._draw_forever(), name="live messages")
        return self

    async def __aexit__(self, *_: object) -> None:
        edits = [drawn.edit for drawn in self._running.values()]
        tasks = [task for task in (self._drawing, *edits) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def changed(self, operation_id: str, view: View) -> None:
        """Draw the newest view soon."""
        if view.kind in WAITING or operation_id in self._handed_over:
            return
        known = self._running.setdefault(operation_id, _Drawn(view, None))
        known.urgent |= {each.words for each in view.troubles} > {each.words for each in known.view.troubles}
        known.view, known.dirty = view, True
        self._changed.set()

    async def hand_over(self, operation_id: str) -> None:
        """Leave an operation's message to who shows something else in it, from now on."""
        self._handed_over.add(operation_id)
        drawn = self._running.pop(operation_id, None)
        if drawn is not None and drawn.edit is not None:
            await asyncio.wait([drawn.edit])

    async def ended(self, session: AsyncSession, row: OperationRow, view: View) -> None:
        """Store the final state of the message, and the short one that rings."""
        drawn = self._running.pop(row.id, None)
        self._handed_over.discard(row.id)
        if row.chat_id is None or view.kind == "call" or (view.kind in ENDS_AS_PLAN and _came(view)):
            return
        to = ChatTarget(row.chat_id, row.topic)
        message_id = drawn.sent.message_id if drawn and drawn.sent else row.message_id
        shown = Sent(row.chat_id, message_id, row.topic) if message_id is not None else None
        if shown is not None:
            await self._screen.void(session, shown)
        page = _wait_ended(row, view) if view.kind == "turn" else self._end(view, row.chat_id)
        message = await self._screen.message(page, row.chat_id, None, session=session)
        self._outbox.enqueue(
            session,
            to,
            message,
            key=f"end {row.id}",
            urgency=Urgency.RESULT,
            edits=shown,
            reply_to=row.reply_to,
        )
        if self._rings(row.chat_id, view):
            ring = Page(face_of(view).ring, self._values(view, row.chat_id))
            self._outbox.enqueue(
                session,
                to,
                await self._screen.message(ring, row.chat_id, None, session=session),
                key=f"ring {row.id}",
                urgency=Urgency.RESULT,
                reply_to=message_id,
                sound=True,
            )

    def _end(self, view: View, chat_id: int) -> Page:
        face = face_of(view)
        return Page(face.ended, self._values(view, chat_id), face.next_steps(view, self._config()))

    def told(self) -> None:
        """The end is stored: send it."""
        self._outbox.wake()

    def _rings(self, chat_id: int, view: View) -> bool:
        outcome = view.outcome
        if outcome is None:
            return False
        if outcome.result in CALLS_A_PERSON or (outcome.result == "done" and view.kind == "rollback"):
            return True
        if outcome.result == "cancelled":  # whose deploy it was must hear that somebody else stopped it
            return view.stopped_by not in ("", view.author)
        if outcome.result not in ("done", "applied"):
            return False
        if view.kind in ENDS_AS_PLAN:  # its author waited for a plan that there is not
            return True
        return any(chat.id == chat_id and chat.ring == "all" for chat in self._config().chats.values())

    async def _draw_forever(self) -> None:
        """Draw what changed at once and the rest now and then, one edit a message under way at a time."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._changed.wait()
            self._changed.clear()
            now = self._clock.monotonic()
            for operation_id, drawn in list(self._running.items()):
                if drawn.edit is None and (drawn.dirty or now - drawn.at >= TICK):
                    urgency = Urgency.PROGRESS if drawn.dirty else Urgency.COSMETIC
                    urgency = Urgency.RESULT if drawn.urgent else urgency
                    drawn.dirty, drawn.urgent, drawn.at = False, False, now
                    drawn.edit = asyncio.create_task(self._draw(operation_id, drawn, urgency))
                    drawn.edit.add_done_callback(functools.partial(self._drawn, drawn))

    def _drawn(self, drawn: _Drawn, task: asyncio.Task[None]) -> None:
        drawn.edit = None
        if not task.cancelled() and task.exception() is not None:
            log.error("an operation's message could not be drawn", exc_info=task.exception())
        if drawn.dirty:
            self._changed.set()

    async def _draw(self, operation_id: str, drawn: _Drawn, urgency: Urgency) -> None:
        if drawn.sent is None:
            drawn.sent = await self._place(operation_id)
            if drawn.sent is None:
                return
        await self._keyboard(drawn)
        await self._call(operation_id, drawn)
        page = Page(face_of(drawn.view).running, self._values(drawn.view, drawn.sent.chat_id))
        message = await self._screen.message(page, drawn.sent.chat_id, None)
        if operation_id in self._running:  # it may have ended meanwhile, and the end has the last word
            message = replace(message, buttons=drawn.buttons)
            sent = await self._outbox.edit(drawn.sent, message, urgency=urgency)
            if sent is not None and sent.message_id != drawn.sent.message_id:
                await self._moved(operation_id, drawn, message, sent)

    async def _moved(self, operation_id: str, drawn: _Drawn, message: Message, sent: Sent) -> None:
        """Somebody deleted the operation's message: the one sent in its place is its message from now on."""
        if operation_id not in self._running:  # the end, sent anew as well, is its one message
            await self._outbox.delete(sent)
            return
        drawn.sent = sent
        await self._screen.rebind(message, sent)
        async with self._database.write() as session:
            (await session.get_one(OperationRow, operation_id)).message_id = sent.message_id

    async def _keyboard(self, drawn: _Drawn) -> None:
        """Make the buttons anew only when they differ: each has a token in the database."""
        assert drawn.sent is not None
        face = face_of(drawn.view)
        choices = face.while_running(drawn.view)
        wanted = " ".join(f"{each.button} {each.label}" for each in choices)
        if drawn.keyboard == wanted:
            return
        page = Page(face.running, self._values(drawn.view, drawn.sent.chat_id), choices)
        message = await self._screen.message(page, drawn.sent.chat_id, None)
        await self._screen.rebind(message, drawn.sent)
        drawn.buttons, drawn.keyboard = message.buttons, wanted

    async def _call(self, operation_id: str, drawn: _Drawn) -> None:
        """Call the author to a rollout that is held, once for each time that it is asked about."""
        held = drawn.view.held
        if held is None or drawn.sent is None:
            return
        key = f"held {operation_id} {held.since:%Y%m%dT%H%M%S} {held.times}"
        if key == drawn.rung:
            return
        drawn.rung = key
        await self._screen.send(
            drawn.sent.target,
            Page("held_rollout", self._values(drawn.view, drawn.sent.chat_id)),
            None,
            reply_to=drawn.sent.message_id,
            sound=True,
            urgency=Urgency.RESULT,
            key=key,
        )

    async def _place(self, operation_id: str) -> Sent | None:
        """The operation's message: the plan's, or a new one where it was not started from a plan."""
        async with self._database.read() as session:
            row = await session.get_one(OperationRow, operation_id)
        if row.chat_id is None:
            return None
        to = ChatTarget(row.chat_id, row.topic)
        if row.message_id is not None:
            return Sent(row.chat_id, row.message_id, row.topic)
        view = View.of(row)
        page = Page(face_of(view).running, self._values(view, row.chat_id))
        sent = await self._screen.send(to, page, None, reply_to=row.reply_to, key=f"start {row.id}")
        if sent is None:
            return None
        async with self._database.write() as session:  # as the end is: it comes before this or after
            if operation_id in self._running:
                (await session.get_one(OperationRow, operation_id)).message_id = sent.message_id
                return sent
        await self._outbox.delete(sent)  # it ended meanwhile, and its end was sent as its one message
        return None

    def _values(self, view: View, chat_id: int) -> dict[str, Any]:
        if view.quotes and not face_of(view).may_quote(view, self._config(), self._policy(), chat_id):
            view = view.model_copy(update={"quotes": False})
        end = view.ended_at or self._clock.now()
        return {"view": _Shown(view), "elapsed": (end - view.started_at).total_seconds()}


class _Shown:
    """A view with what only its layout needs."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.workloads = [
            {
                "name": each.name.removeprefix(f"{view.app}-"),
                "ready": each.ready,
                "desired": each.desired,
                "bar": bar(each.ready, each.desired, BAR),
            }
            for each in view.workloads
        ]
        self.troubles = [
            {
                "who": each.pod[-5:] or each.workload.rpartition("/")[2],
                "words": each.words,
                "quote": each.quote if view.quotes else "",
            }
            for each in view.troubles
        ]
        self.outcome = view.outcome
        if view.outcome is not None and not view.quotes:
            self.outcome = view.outcome.model_copy(update={"quote": "", "last_words": ""})
        now = view.ended_at or view.started_at
        self.steps = [
            {
                "name": step.name,
                "title": step.title,
                "state": step.state,
                "seconds": ((step.ended_at or now) - step.started_at).total_seconds(),
            }
            for step in view.steps
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)


def _came(view: View) -> bool:
    """Whether the plan of that moment is in its message already: where it is not, a note says why."""
    return view.outcome is not None and view.outcome.result == "done" and not view.outcome.notes


def _wait_ended(row: OperationRow, view: View) -> Page:
    """Nobody waits any more, and no turn came."""
    assert view.outcome is not None
    place = f"{view.app} → {view.environment}"
    if view.outcome.result == "cancelled":
        heading, why = f"⏹ {place} does not wait", f"Stopped by {view.stopped_by or view.author}"
    else:
        heading, why = f"❌ {place}: not planned", view.outcome.words
    request = {"request": row.arguments["request"]}
    again = Choice("Plan again", "plan.again", request, None, view.app, view.environment, anyone=True)
    return Page("said", {"heading": heading, "lines": [why, "Nothing was changed"]}, [again])
