"""A bot that was killed leaves builders running and files behind: the next one ends and removes them."""

import asyncio
import os
from pathlib import Path

from bot.images.rooms import KEPT, Rooms


async def test_its_builders_are_ended_and_nobody_elses(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "builds")
    room = rooms.fresh("one")
    left = await _sleeping(room)
    other = await _sleeping(tmp_path)
    try:
        await asyncio.to_thread(rooms.sweep)
        assert await left.wait() != 0
        assert other.returncode is None
        assert not room.exists()
    finally:
        other.kill()
        await other.wait()


def test_the_newest_logs_stay(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "builds")
    for number in range(KEPT + 3):
        folder = rooms.log(f"build-{number}")
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
    rooms.sweep()
    left = {each.name for each in (tmp_path / "builds" / "logs").iterdir()}
    assert left == {f"build-{number}" for number in range(3, KEPT + 3)}


async def _sleeping(home: Path) -> asyncio.subprocess.Process:
    """A process as builders are started."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return await asyncio.create_subprocess_exec("sleep", "600", env=environment)
