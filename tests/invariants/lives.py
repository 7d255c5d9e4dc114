"""The bot's lives, one after the other on one store: it may die at any moment, and comes back at once.

A death in this process is all but one by -9: no task goes on, what it leaves undone stays undone, its workers are
gone. What its tasks do when they are cancelled is not seen outside (`Troubles`). The real thing is tests/crash's.
"""

import asyncio
import contextlib
import io
import logging
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import structlog

from bot import logs
from bot.app import Parts, Running, running
from bot.clock import Clock
from bot.masking import Masker
from bot.sandbox.world import SandboxWorld
from tests.crash.bot import outside
from tests.invariants.troubles import Troubles
from tests.worlds import LONGEST, UNHURRIED

STARTS = 30
"""How often it is started until it must listen: what goes wrong now and then ends by itself."""
CLEARED = 1.0
"""Seconds that cancelled tasks are given before they are cancelled again."""

Tasks = WeakSet[asyncio.Task[Any]]
_MINE: ContextVar[Tasks | None] = ContextVar("tasks of the bot's life", default=None)


def _task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
    **how: Any,
) -> asyncio.Task[Any]:
    """Make a task, and remember whose it is: the servers beside the bot are on the same loop and must live on."""
    task = asyncio.Task(coroutine, loop=loop, **how)
    if (mine := _MINE.get()) is not None:
        mine.add(task)
    return task


class Lives:
    """An async context manager: the bot lives until the end of the block, and ends in peace there."""

    def __init__(self, sandbox: SandboxWorld, files: tuple[Path, ...], clock: Clock) -> None:
        self._sandbox = sandbox
        self._files = files
        self._clock = clock
        self._ending = False
        self._running: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._keeping: asyncio.Task[None] | None = None
        self._mine: Tasks = WeakSet()
        self.troubles = Troubles(sandbox.kubeconfig.parent)
        self.deaths = 0
        self.log = io.StringIO()
        """What it wrote into its log, in all lives."""

    async def __aenter__(self) -> Self:
        self._before = structlog.get_config(), logging.root.handlers[:], logging.root.level
        asyncio.get_running_loop().set_task_factory(_task)
        self._keeping = asyncio.create_task(self._keep())
        await self.parts()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.end()
        finally:
            config, handlers, level = self._before
            structlog.configure(**config)
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)

    async def end(self) -> list[str]:
        """Let the last life end as a signal lets it; what of its tasks goes on after that, as nothing should."""
        assert self._keeping is not None
        self._ending = True
        if not self._stopping.done():
            self._stopping.set_result(0)
        await self._keeping
        await asyncio.sleep(0)  # what was cancelled last has its turn
        left = [repr(each.get_coro()) for each in self._mine if not each.done()]
        await _cleared(self._mine)
        return left

    @property
    def unsure(self) -> int:
        """How often nobody could know whether something was done."""
        return self.deaths + self.troubles.unsure

    async def parts(self) -> Parts:
        """Those of the life that it has now, once it listens."""
        return (await self._now()).parts

    async def reload(self) -> list[str]:
        """Put the configuration's files into force."""
        return await (await self._now()).reload()

    async def _now(self) -> Running:
        async with asyncio.timeout(LONGEST):
            while True:
                assert self._keeping is not None
                await asyncio.wait((self._running, self._keeping), return_when=asyncio.FIRST_COMPLETED)
                if self._keeping.done():
                    self._keeping.result()
                    raise AssertionError("the bot is no more")
                if not self.troubles.dying.is_set():
                    return self._running.result()
                await asyncio.sleep(0.01)

    async def _keep(self) -> None:
        """One life after the other; what keeps it from starting passes, as whoever starts it again knows."""
        failed = 0
        while not self._ending:
            self._mine = WeakSet()
            _MINE.set(self._mine)
            life = asyncio.create_task(self._live())
            _MINE.set(None)
            dying = asyncio.create_task(self.troubles.dying.wait())
            await asyncio.wait((life, dying), return_when=asyncio.FIRST_COMPLETED)
            if not life.done():
                await _cleared(self._mine)
            dying.cancel()
            if self._running.done():
                failed, self._running = 0, asyncio.get_running_loop().create_future()
            if self.troubles.dying.is_set():
                self.deaths += 1
            elif error := life.exception():
                failed += 1
                self.log.write(f"the bot ended: {error!r}\n")
                if failed >= STARTS:
                    raise error
                await asyncio.sleep(0.05)
            self._fresh()

    def _fresh(self) -> None:
        """Another process: nothing is left of what was ordered for the one before."""
        self.troubles.dying.clear()
        self.troubles.lift()
        if not self._ending:
            self._stopping = asyncio.get_running_loop().create_future()

    async def _live(self) -> None:
        self._logged(Masker().mask_text)
        async with running(
            (*self._sandbox.configs, *self._files),
            self._sandbox.secrets,
            self._stopping,
            self._clock,
            UNHURRIED,
            outside(self.troubles),
        ) as bot:
            self._logged(lambda text: bot.parts.current.masker.mask_text(text))
            self._running.set_result(bot)
            await asyncio.shield(self._stopping)

    def _logged(self, mask: Any) -> None:
        with contextlib.redirect_stderr(self.log):
            logs.set_up(mask)


async def _cleared(tasks: Tasks) -> None:
    """Cancel every task of a life until none is left."""
    while left := [each for each in tasks if not each.done()]:
        for each in left:
            each.cancel()
        await asyncio.wait(left, timeout=CLEARED)
