import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from bot.store.database import Database
from bot.store.tables import ChatRow, LeaseRow

NOW = datetime(2026, 11, 25, 14, 3, 5, 123456, tzinfo=UTC)


async def count(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(ChatRow)) or 0


async def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    async def fails() -> None:
        async with database.write() as session:
            session.add(ChatRow(name="a", chat_id=1))
            await session.flush()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await fails()
    assert await count(database) == 0


async def test_a_cancelled_block_leaves_nothing_and_no_lock(database: Database) -> None:
    begun = asyncio.Event()

    async def writes() -> None:
        async with database.write() as session:
            session.add(ChatRow(name="a", chat_id=1))
            await session.flush()
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(writes())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(300), database.write() as session:
        session.add(ChatRow(name="b", chat_id=2))
    assert await count(database) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_full_disk_leaves_nothing_and_no_lock(database: Database) -> None:
    async def write(name: str, pages: int, rows: int = 1) -> None:
        async with database.write() as session:
            await session.execute(text(f"PRAGMA max_page_count={pages}"))
            session.add_all(ChatRow(name=f"{name} {number}", chat_id=number) for number in range(rows))

    await write("before", 1 << 30)
    for _ in range(2):
        with pytest.raises(OperationalError, match="database or disk is full"):
            await write("too much", 1, rows=2000)
        assert await count(database) == 1
    await write("after", 1 << 30)
    assert await count(database) == 2


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_write_waits_until_another_program_lets_go_of_the_store(
    database: Database, tmp_path: Path
) -> None:
    async def write() -> None:
        async with database.write() as session:
            session.add(ChatRow(name="a", chat_id=1))

    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        _, waits = await asyncio.wait([writing], timeout=0.2)
        assert waits == {writing}
        other.execute("ROLLBACK")
    await writing
    assert await count(database) == 1


async def test_many_writers_lose_nothing(database: Database) -> None:
    async def one(number: int) -> None:
        async with database.write() as session:
            session.add(ChatRow(name=str(number), chat_id=number))

    await asyncio.gather(*(one(number) for number in range(60)))
    assert await count(database) == 60


async def test_readers_go_on_beside_a_writer(database: Database) -> None:
    async with database.write() as session:
        session.add(ChatRow(name="a", chat_id=1))
        await session.flush()
        assert await count(database) == 0
    assert await count(database) == 1


async def test_two_processes_may_write_in_turn(url: str) -> None:
    async with Database(url) as one, Database(url) as other:

        async def write(database: Database, start: int) -> None:
            for number in range(start, start + 15):
                async with database.write() as session:
                    session.add(ChatRow(name=str(number), chat_id=number))

        await asyncio.gather(write(one, 0), write(other, 100))
        assert await count(one) == 30


async def test_a_write_inside_a_write_is_an_error_and_no_dead_end(tmp_path: object) -> None:
    async with Database(f"sqlite:///{tmp_path}/store.db") as database:
        with pytest.raises(RuntimeError, match="inside a write"):
            async with asyncio.timeout(300), database.write(), database.write():
                pass
        async with asyncio.timeout(300), database.write() as session:
            session.add(ChatRow(name="a", chat_id=1))


async def test_a_time_comes_back_as_it_was_in_utc(database: Database) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    async with database.write() as session:
        session.add(LeaseRow(name="leader", holder="a", epoch=1, expires_at=local))
    async with database.read() as session:
        found = (await session.get_one(LeaseRow, "leader")).expires_at
    assert (found, found.tzinfo) == (NOW, UTC)


async def test_a_time_without_a_zone_is_an_error(database: Database) -> None:
    with pytest.raises(Exception, match="without a zone"):
        async with database.write() as session:
            session.add(LeaseRow(name="leader", holder="a", epoch=1, expires_at=NOW.replace(tzinfo=None)))


async def test_a_power_cut_loses_no_committed_decision(tmp_path: object) -> None:
    async with Database(f"sqlite:///{tmp_path}/store.db") as database, database.read() as session:
        settings = [await session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
        assert settings == ["wal", 2]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_write_that_is_cancelled_while_it_begins_keeps_nobody_from_writing(
    url: str, tmp_path: Path
) -> None:
    async def write(database: Database) -> None:
        async with database.write() as session:
            await session.execute(text("DELETE FROM lease"))

    cancelled = []  # kept, as logs and gathered tasks keep them: what they refer to is not collected
    for attempt in range(40):  # at every moment of a write, which takes some milliseconds
        async with Database(f"sqlite:///{tmp_path}/store.db") as opened:
            task = asyncio.create_task(write(opened))
            await asyncio.wait([task], timeout=attempt % 40 * 0.0003)
            task.cancel()
            cancelled.append(task)
            await asyncio.wait([task])
        with closing(sqlite3.connect(tmp_path / "store.db", timeout=1)) as other:
            other.execute("BEGIN IMMEDIATE")
