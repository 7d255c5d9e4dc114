"""`pilothouse run` with no pace of its own in chats, for a Telegram without one: `python -m bench.unlimited CONFIG`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot import logs
from bot.app import running
from bot.telegram.pacing import Limits

UNLIMITED = Limits(
    overall=1e6, chat=1e-6, burst=10_000, group_minute=1_000_000, group_edit=0.001, private_edit=0.001
)


async def main(paths: list[Path]) -> int:
    """Run it until SIGTERM."""
    logs.set_up(str)
    stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set_result, 0)
    async with running(paths, os.environ, stopping, limits=UNLIMITED):
        return await stopping


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main([Path(each) for each in sys.argv[1:]])))
