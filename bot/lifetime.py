"""The bot as a process: it lives until a signal ends it, loads its configuration again on SIGHUP, and has an exit code.

What it consists of is `bot.app`'s.
"""

import asyncio
import gc
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from bot import logs
from bot.app import running
from bot.masking import Masker
from bot.outside import OUTSIDE, Outside

log = structlog.get_logger(__name__)


async def run(paths: Sequence[Path], environ: Mapping[str, str], outside: Outside = OUTSIDE) -> int:
    """Run the bot until SIGTERM or SIGINT (exit code 0), or until another process takes over (exit code 3).

    Raises: ConfigInvalid, StoreError, TokenRefused, WebhookRefused, WebhookUnsafe, OSError.
    """
    logs.set_up(Masker().mask_text)  # until the configuration says what else is secret
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[int] = loop.create_future()
    hangups = asyncio.Event()
    # Before anything is opened: a signal that comes early must neither be lost nor end the process half-way.
    loop.add_signal_handler(signal.SIGHUP, hangups.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stopping)
    bot = asyncio.create_task(_live(paths, environ, stopping, hangups, outside), name="bot")
    await asyncio.wait((bot, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        await bot  # it could not start, and says why
    code = stopping.result()
    log.info("stopping", code=code)
    bot.cancel()
    [ended] = await asyncio.gather(bot, return_exceptions=True)
    if isinstance(ended, Exception):
        log.error("the bot did not stop cleanly", exc_info=ended)
    return code


async def _live(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    stopping: asyncio.Future[int],
    hangups: asyncio.Event,
    outside: Outside,
) -> None:
    async with running(paths, environ, stopping, outside=outside) as bot:
        logs.set_up(lambda text: bot.parts.current.masker.mask_text(text))
        bot.parts.current.log_texts()
        gc.freeze()  # what lives as long as the bot need not be looked at by each collection
        log.info("listening")
        while True:
            await hangups.wait()
            hangups.clear()
            try:
                await bot.reload()
            except Exception:
                log.exception("the configuration could not be put into force")


def _stop(stopping: asyncio.Future[int]) -> None:
    if not stopping.done():
        stopping.set_result(0)
