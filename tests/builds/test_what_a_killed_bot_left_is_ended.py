"""A bot that was killed leaves builders running and files behind: the next one ends and removes them."""

import asyncio
import os
from asyncio.subprocess import PIPE
from pathlib import Path
from select import select

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


async def test_what_they_started_goes_with_them_wherever_it_lives(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "builds")
    environment = {"PATH": os.environ["PATH"], "HOME": str(rooms.fresh("one"))}
    started = "env -i setsid sleep 600 & echo $!; wait"
    builder = await asyncio.create_subprocess_exec("sh", "-c", started, env=environment, stdout=PIPE)
    assert builder.stdout is not None
    instruction = int(await builder.stdout.readline())
    ended = os.pidfd_open(instruction)
    try:
        await asyncio.to_thread(rooms.sweep)
        assert await builder.wait() != 0
        assert await asyncio.to_thread(select, [ended], [], [], 60.0) != ([], [], [])
    finally:
        os.close(ended)


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
