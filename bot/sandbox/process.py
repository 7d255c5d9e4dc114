"""The bot as a process of its own, as it runs for real: `pilothouse run` with its log in a file."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from bot.clock import Clock

_UP_WITHIN: Final = 60.0
"""Seconds that the bot may take until it listens; it takes two on two idle cores."""
_STOP_WITHIN: Final = 15.0
"""Seconds that it may take to stop before it is killed."""
_POLL: Final = 0.05
_TAIL: Final = 15
"""Lines of the log that are shown when something went wrong."""


class BotEnded(Exception):
    """The bot's process ended or never listened; the message has its last words."""


class Process(Protocol):
    """What is used of a process: asyncio's own has it."""

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""

    def kill(self) -> None:
        """End it as by -9."""

    def terminate(self) -> None:
        """Ask it to end."""

    async def wait(self) -> int:
        """How it ended, once it has."""


class BotProcess:
    """Runs the bot while its context is open; always leaves with the process ended and awaited.

    `asked_at` says when (by `clock`) the bot last asked for updates, which is how it is known to be up.
    """

    def __init__(
        self,
        configs: Sequence[Path],
        *,
        log: Path,
        secrets: Mapping[str, str],
        asked_at: Callable[[], float],
        clock: Clock,
    ) -> None:
        self.log = log
        self._options = [part for config in configs for part in ("--config", str(config))]
        self._secrets = secrets
        self._asked_at, self._clock = asked_at, clock
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        """Whether it is meant to run."""
        self.up = False
        """Whether it has asked for updates, and was not killed since."""
        self.on_up: Callable[[bool], None] | None = None
        """Called whenever `up` has changed by order."""

    async def __aenter__(self) -> Self:
        try:
            await self._start()
            await self._until_up()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def kill(self) -> None:
        """Kill it as by -9 and start it again; returns once it is up.

        Raises: BotEnded where it does not come up.
        """
        await self.hold()
        await self.release()

    async def hold(self) -> None:
        """Kill it as by -9 and leave it dead until `release`."""
        assert self._process is not None
        self._wanted.clear()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._is_up(False)

    async def release(self) -> None:
        """Start it again after `hold`; returns once it is up.

        Raises: BotEnded where it does not come up.
        """
        await self._start()
        await self._until_up()

    async def ended(self) -> str:
        """Wait for the process to end by itself; why it did, see `trouble`."""
        while True:
            await self._wanted.wait()
            process = self._process
            assert process is not None
            await process.wait()
            if self._wanted.is_set() and process is self._process:
                return self.trouble

    @property
    def trouble(self) -> str:
        """Why it cannot answer, with the last lines of its log; "" while it runs."""
        if self._process is None or self._process.returncode is None:
            return ""
        return f"The bot has ended with code {self._process.returncode}.\n{self.last_words()}"

    def last_words(self) -> str:
        """Where the log is, and its last lines."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        return "\n".join(
            [f"The bot's log, {self.log}, ends with:", *(f"    {each}" for each in lines[-_TAIL:])]
        )

    async def _start(self) -> None:
        self._started_at = self._clock.monotonic()
        self._process = await self._made()
        self._wanted.set()

    async def _made(self) -> Process:
        """The process, just started; in a session of its own, so that Ctrl-C reaches the sandbox, which stops it."""
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.cli", "run", *self._options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **self._secrets},
                start_new_session=True,
            )

    async def _until_up(self) -> None:
        assert self._process is not None
        deadline = self._clock.monotonic() + _UP_WITHIN
        while self._asked_at() < self._started_at:
            if self._process.returncode is not None:
                raise BotEnded(self.trouble)
            if self._clock.monotonic() > deadline:
                raise BotEnded(
                    f"The bot did not ask for updates within {_UP_WITHIN:g} s.\n{self.last_words()}"
                )
            await self._clock.sleep(_POLL)
        self._is_up(True)

    def _is_up(self, up: bool) -> None:
        self.up = up
        if self.on_up is not None:
            self.on_up(up)

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()
