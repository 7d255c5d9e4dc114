"""The outbox: the only caller of Telegram's send methods, and the one budget of the process.

Senders say what and how urgent, never when. Each chat has a serial queue; of several edits of one message only
the newest is sent; what must survive a restart is a stored row until Telegram has it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Bot

from bot.clock import Clock
from bot.store.database import Database
from bot.telegram import stored
from bot.telegram.chats import Moves
from bot.telegram.delivering import Delivery, Outcome, answer_press
from bot.telegram.hiding import masked, masked_aside
from bot.telegram.messages import ChatTarget, Message, Sent, Urgency
from bot.telegram.pacing import Bucket, Limits
from bot.telegram.queue import ChatQueue, Job
from bot.telegram.sending import Call, calls

log = structlog.get_logger(__name__)

CLOSING = 5.0
"""Seconds that a call under way is given when the outbox closes."""
TOAST = 200
"""Characters of the answer to a press."""

Moved = Callable[[Sent, Sent], Awaitable[None]]


class Outbox:
    """Sends, edits and deletes; `async with` owns the task that does it."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        clock: Clock,
        masker: Callable[[str], str],
        limits: Limits | None = None,
        *,
        moved: Moved | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """`moved` is told when a message that had been deleted was sent anew: (old, new).

        While `may_send` says no, everything waits.
        """
        self._bot = bot
        self._database = database
        self._clock = clock
        self._masker = masker
        self._limits = limits or Limits()
        self._moved = moved
        self._may_send = may_send
        self._moves = Moves(database)
        self._delivery = Delivery(bot, self._moves)
        self._overall = Bucket(self._limits.overall, self._limits.overall)
        self._queues: dict[int, ChatQueue] = {}
        self._waiting: dict[int, ChatQueue] = {}
        """Those of them in which something waits or is under way."""
        self._known: dict[int, Job] = {}
        self._unread = asyncio.Event()
        self._woken = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._moves.load()
        self._unread.set()
        self._task = asyncio.create_task(self._run(), name="outbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._working:
            late = (await asyncio.wait(self._working, timeout=CLOSING))[1]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for queue in self._queues.values():
            for job in queue:
                job.finish(None)

    async def send(
        self,
        to: ChatTarget,
        message: Message,
        *,
        urgency: Urgency,
        reply_to: int | None = None,
        sound: bool = False,
        key: str | None = None,
        durable: bool = False,
    ) -> Sent | None:
        """Send a message and wait until Telegram has it, for `Limits.patience` at most.

        None when the chat refuses it for good, or it was not sent in time; a `durable` one is then sent later
        all the same. A second one of the same `key` is not sent: it returns what became of the first.
        """
        message = await masked_aside(message, self._masker)
        row_id = None
        if durable or key is not None:
            async with self._database.write() as session:
                known = await stored.by_key(session, key) if key is not None else None
                if known is None:
                    row = stored.store(
                        session, to, message, at=self._clock.now(), key=key, urgency=urgency, edits=None,
                        reply_to=reply_to, sound=sound,
                    )  # fmt: skip
                    await session.flush()
                    row_id = row.id
            if known is not None:
                if known.state == "waiting" and known.id in self._known:
                    return await asyncio.shield(self._known[known.id].done)
                return stored.sent_of(known)
        job = self._job(to, calls(message, reply_to=reply_to, silent=not sound), urgency, row_id=row_id)
        self._put(job)
        return await asyncio.shield(job.done)

    def enqueue(
        self,
        session: AsyncSession,
        to: ChatTarget,
        message: Message,
        *,
        key: str | None,
        urgency: Urgency,
        edits: Sent | None = None,
        reply_to: int | None = None,
        sound: bool = False,
    ) -> None:
        """Store a durable message, or the durable edit of `edits`, in the caller's transaction.

        Call `wake` once it is committed. A second row of the same `key` breaks the transaction.
        """
        stored.store(
            session,
            to,
            masked(message, self._masker),
            at=self._clock.now(),
            key=key,
            urgency=urgency,
            edits=edits.message_id if edits is not None else None,
            reply_to=reply_to,
            sound=sound,
        )

    def wake(self) -> None:
        """Rows were committed: send them."""
        self._unread.set()
        self._woken.set()

    async def edit(
        self, sent: Sent, message: Message, *, urgency: Urgency, durable: bool = False
    ) -> Sent | None:
        """Put `message` in place of what is shown, and wait as `send` does.

        Of several edits that wait for the same message the newest is sent, and all who wait get its outcome. A
        message that is gone is sent anew from the urgency RESULT up (then another `Sent` is returned, and
        `moved` told); else None.
        """
        message = await masked_aside(message, self._masker)
        row_id = None
        if durable:
            async with self._database.write() as session:
                row = stored.store(
                    session, sent.target, message, at=self._clock.now(), key=None, urgency=urgency,
                    edits=sent.message_id, reply_to=None, sound=False,
                )  # fmt: skip
                await session.flush()
                row_id = row.id
        found = calls(message, edits=sent.message_id)
        job = self._job(sent.target, found, urgency, row_id=row_id, edits=sent.message_id)
        job = self._put(job)
        return await asyncio.shield(job.done)

    async def delete(self, sent: Sent) -> None:
        """Delete a message of ours, and forget what waits to be written into it."""
        queue = self._queue(self._moves.follow(sent.chat_id))
        waiting = queue.edit_of(sent.message_id)
        if waiting is not None and not waiting.durable:
            queue.remove(waiting)
            waiting.finish(None)
        call = Call("delete", message_id=sent.message_id)
        job = self._job(sent.target, deque([call]), Urgency.COSMETIC)
        self._put(job)
        await asyncio.shield(job.done)

    async def strip(self, sent: Sent) -> None:
        """Take the buttons off a message of ours; its text stays. Does not wait for it."""
        call = Call("strip", message_id=sent.message_id)
        self._put(self._job(sent.target, deque([call]), Urgency.COSMETIC))

    async def answer_press(self, query_id: str, words: str | None = None, alert: bool = False) -> None:
        """Answer a press at once, outside the budget; too late is no error.

        While Telegram does not take it, it is tried for as long as a person looks at the button.
        """
        shown = self._masker(words)[:TOAST] if words else None
        await answer_press(self._bot, query_id, shown, alert, self._limits, self._clock)

    async def chat_moved(self, old: int, new: int) -> None:
        """A group became a supergroup: everything for it goes to the new id from now on."""
        await self._moves.remember(old, new)
        if old not in self._queues:
            return
        queue = self._queues.pop(old)
        for job in queue:
            queue.remove(job)  # what is in the making stays: refused, it is made again and follows the chat
            job.to = replace(job.to, chat_id=new)
            self._put(job)

    def follow(self, chat_id: int) -> int:
        """The id that a chat has now, where it was a group that became a supergroup."""
        return self._moves.follow(chat_id)

    def _job(
        self,
        to: ChatTarget,
        found: deque[Call],
        urgency: Urgency,
        *,
        row_id: int | None = None,
        edits: int | None = None,
    ) -> Job:
        done: asyncio.Future[Sent | None] = asyncio.get_running_loop().create_future()
        job = Job(to, found, urgency, self._clock.monotonic(), done, edits)
        if row_id is not None:
            job.rows.append(row_id)
            self._known[row_id] = job
        return job

    def _queue(self, chat_id: int) -> ChatQueue:
        if chat_id not in self._queues:
            self._queues[chat_id] = ChatQueue(self._limits, is_private=chat_id > 0)
        return self._queues[chat_id]

    def _put(self, job: Job) -> Job:
        """Let a job wait; where an edit of the same message waits, that one takes over the newer content."""
        job.to = replace(job.to, chat_id=self._moves.follow(job.to.chat_id))
        queue = self._waiting[job.to.chat_id] = self._queue(job.to.chat_id)
        older = queue.edit_of(job.edits) if job.edits is not None else None
        if older is not None:
            older.calls = job.calls
            older.urgency = min(older.urgency, job.urgency)
            for row in job.rows:
                older.rows.append(row)
                self._known[row] = older
            job = older
        elif len(queue) >= self._limits.waiting and not job.durable:
            log.error("too much waits for one chat: a message was turned away", chat=job.to.chat_id)
            job.finish(None)
            return job
        else:
            queue.put(job)
        self._woken.set()
        return job

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            if self._unread.is_set():
                await self._read()
            await self._pause(self._start())

    async def _read(self) -> None:
        self._unread.clear()
        try:
            async with self._database.read() as session:
                rows = await stored.waiting(session, set(self._known))
        except Exception:
            log.exception("the outbox's rows can't be read: trying again")
            self._unread.set()
            return
        for row in rows:
            if row.row_id in self._known:
                continue
            found = calls(row.message, edits=row.edits, reply_to=row.reply_to, silent=not row.sound)
            self._put(self._job(row.to, found, row.urgency, row_id=row.row_id, edits=row.edits))

    def _start(self) -> float | None:
        """Begin what may be begun; returns the seconds until there may be more, None when nothing waits."""
        now = self._clock.monotonic()
        if not self._may_send():
            return 1.0
        waits = [1.0] if self._unread.is_set() else []
        ready: list[tuple[float, int, ChatQueue, Job]] = []
        for chat_id, queue in list(self._waiting.items()):
            if queue.is_idle:
                del self._waiting[chat_id]
                continue
            self._lose_patience(queue, now)
            found = queue.next(now)
            if found is None:
                continue
            wait, rank, job = found
            if wait > 0:
                waits.append(wait)
            else:
                ready.append((rank, chat_id, queue, job))
        for _, _, queue, job in sorted(ready, key=lambda each: each[:2]):
            if (wait := self._overall.wait(now)) > 0:
                waits.append(wait)
                break
            self._overall.take(now)
            queue.pace.took(now)
            queue.remove(job)
            queue.busy = job
            task = asyncio.create_task(self._work(queue, job))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return min(waits, default=None)

    def _lose_patience(self, queue: ChatQueue, now: float) -> None:
        for job in queue:
            if now - job.since > self._limits.patience and not job.done.done():
                job.finish(None)
                if not job.durable:
                    queue.remove(job)
                    log.error("a message was given up: Telegram did not take it in time", chat=job.to.chat_id)

    async def _pause(self, wait: float | None) -> None:
        woken = asyncio.ensure_future(self._woken.wait())
        waits: set[asyncio.Future[Any]] = {woken}
        if wait is not None:
            waits.add(asyncio.ensure_future(self._clock.sleep(max(wait, 0.001))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _work(self, queue: ChatQueue, job: Job) -> None:
        """Make the job's next call and see to what comes of it."""
        before = job.to.chat_id
        try:
            outcome = await self._delivery.step(job, queue.pace, self._limits, self._clock)
        except Exception as error:
            log.exception("a message could not be sent", chat=job.to.chat_id)
            job.sent, job.error, outcome = None, type(error).__name__, Outcome.FINISHED
        try:
            if outcome is Outcome.FINISHED:
                await self._settle(job)
            elif job.to.chat_id != before:
                self._put(job)
            else:
                self._again(queue, job)
        finally:
            queue.busy = None
            self._woken.set()

    def _again(self, queue: ChatQueue, job: Job) -> None:
        newer = queue.edit_of(job.edits) if job.edits is not None and job.sent is None else None
        if newer is None:
            queue.put(job, first=True)
            return
        # A newer edit came while this one was refused: it alone is sent, for both.
        newer.urgency = min(newer.urgency, job.urgency)
        for row in job.rows:
            newer.rows.append(row)
            self._known[row] = newer
        newer.done.add_done_callback(
            lambda future: job.finish(None if future.cancelled() else future.result())
        )

    async def _settle(self, job: Job) -> None:
        try:
            await self._close(job)
        except (
            Exception
        ):  # that it was sent stays true: as failed it would be sent again by whoever asks again
            log.exception("what became of a message could not be stored: trying again", chat=job.to.chat_id)
            task = asyncio.create_task(stored.until_stored(lambda: self._close(job), self._clock))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        if job.sent is not None and job.edits not in (None, job.sent.message_id) and self._moved is not None:
            assert job.edits is not None
            await self._moved(replace(job.sent, message_id=job.edits), job.sent)
        job.finish(job.sent)

    async def _close(self, job: Job) -> None:
        if not job.rows:
            return
        async with self._database.write() as session:
            await stored.close(session, job.rows, sent=job.sent, error=job.error)
        for row in job.rows:
            self._known.pop(row, None)
