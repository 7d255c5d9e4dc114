"""Prints what happens in the chats as it happens: who, where, the text as seen, buttons, edits as such.

Rapid edits of one message are shown in their newest state; of an edit, the lines that changed. Everything
is indented below its headline, so that a conversation can be skimmed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

from bot.clock import Clock
from bot.sandbox.cast import Cast
from bot.sandbox.seeing import levelled, marked
from bot.sandbox.telegram import Answer, Change, Message, World

_PACE = 2.0
"""Seconds between two shown edits of one message."""
_INDENT = " " * 8
_ELAPSED = re.compile(r"· (\d+[dhm] ?)*\d+[dhms]\b")
"""A duration as messages of running operations carry it: `· 31s`, `· 1m 12s`."""


class Transcript:
    """Prints while its context is open. What others have to say comes in order through `note`."""

    def __init__(self, world: World, cast: Cast, out: TextIO, clock: Clock) -> None:
        self._world, self._cast, self._out, self._clock = world, cast, out, clock
        self._changes = world.changes()
        self._started = clock.monotonic()
        self._shown: dict[tuple[int, int], list[str]] = {}
        self._edited: dict[tuple[int, int], tuple[float, Message]] = {}
        """Edits that are not shown yet, with the time from which they may be."""
        self._next: dict[tuple[int, int], float] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow(), name="sandbox transcript")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._changes.close()

    async def note(self, line: str) -> None:
        """Print a line of somebody else's, after everything that happened before it."""
        await self.settle()
        self._print(line)

    async def settle(self) -> None:
        """Print whatever waits to be printed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0):  # takes what is there, and stops where it would have to wait
                async for change in self._changes:
                    self._take(change)
        self._show_edits()

    async def _follow(self) -> None:
        while True:
            due = min((at for at, _ in self._edited.values()), default=None)
            wait = None if due is None else max(0.0, due - self._clock.monotonic())
            try:
                async with asyncio.timeout(wait):
                    self._take(await anext(self._changes))
            except TimeoutError:
                self._show_edits(until=self._clock.monotonic())
            except StopAsyncIteration:
                return

    def _take(self, change: Change) -> None:
        if isinstance(change.what, Answer):
            self._show_answer(change.what)
        elif not isinstance(change.what, Message):
            return
        elif change.kind == "edited" and change.what.by_bot:
            key = (change.what.chat_id, change.what.id)
            self._edited[key] = (self._next.get(key, 0.0), change.what)
        else:
            self._show_edits()
            self._show(change.kind, change.what)

    def _show_edits(self, until: float | None = None) -> None:
        """Show the edits that wait (only those due by `until`, where given)."""
        for key, (due, message) in list(self._edited.items()):
            if until is None or due <= until:
                del self._edited[key]
                self._show("edited", message)

    def _show(self, kind: str, message: Message) -> None:
        key = (message.chat_id, message.id)
        where = self._cast.where(message.chat_id, message.thread_id)
        lines, before = marked(message), self._shown.get(key, [])
        if kind == "edited" and _timeless(lines) == _timeless(before):
            return  # a clock that ticks is no news
        self._shown[key] = lines
        self._next[key] = self._clock.monotonic() + _PACE
        if kind == "deleted":
            self._print(f"{self._sender(message)} in {where}, message {message.id} is deleted")
            return
        if kind == "edited":
            self._print(f"{self._sender(message)} in {where}, edited", _changed(before, lines))
            return
        mark = "" if not message.by_bot else " (silent)" if message.silent else " 🔔"
        self._print(f"{self._sender(message)} in {where}{mark}", lines)

    def _show_answer(self, answer: Answer) -> None:
        if answer.text:
            user = self._world.state.users.get(answer.user_id)
            kind = "alert" if answer.show_alert else "toast"
            self._show_edits()
            self._print(f"{kind} for {user.first_name if user else answer.user_id}: {levelled(answer.text)}")

    def _sender(self, message: Message) -> str:
        if message.by_bot:
            return self._world.bot.first_name
        return message.from_user.first_name if message.from_user else "Somebody"

    def _print(self, headline: str, lines: Sequence[str] = ()) -> None:
        seconds = int(self._clock.monotonic() - self._started)
        print(f"{seconds // 60:d}:{seconds % 60:02d}  {headline}", file=self._out)
        for line in lines:
            print(f"{_INDENT}{line}".rstrip(), file=self._out)
        if lines:
            print(file=self._out)
        self._out.flush()


def _timeless(lines: Sequence[str]) -> list[str]:
    return [_ELAPSED.sub("", line) for line in lines]


def _changed(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The headline and the lines that were not there before; all of them where most are new."""
    fresh = [line for line in after if line not in before]
    if not after or 2 * len(fresh) >= len(after):
        return list(after)
    return fresh if after[0] in fresh else [after[0], *fresh]
