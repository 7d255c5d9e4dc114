"""SQLite's cursors as the bot has them: whatever is found arrives, however much, and an error leaves them usable."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.store.database import Database

MANY = 2500
"""Rows: more than are fetched at once."""


async def test_all_rows_of_a_long_answer_arrive_at_once_or_bit_by_bit(tmp_path: Path) -> None:
    numbers = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT i FROM n"
    )
    async with Database(f"sqlite:///{tmp_path}/store.db") as database, database.read() as session:
        assert list(await session.scalars(numbers, {"many": MANY})) == list(range(1, MANY + 1))
        options = {"yield_per": 700}
        stream = await session.stream_scalars(numbers, {"many": MANY}, execution_options=options)
        assert [number async for number in stream] == list(range(1, MANY + 1))
        stream = await session.stream_scalars(numbers, {"many": MANY}, execution_options=options)
        assert await anext(aiter(stream)) == 1
        await stream.close()
        assert await session.scalar(text("SELECT 1")) == 1


async def test_a_statement_that_fails_is_told_and_others_go_on(tmp_path: Path) -> None:
    lease = text("INSERT INTO lease (name, holder, epoch, expires_at) VALUES ('a', 'b', 1, '2026-01-01')")
    async with Database(f"sqlite:///{tmp_path}/store.db") as database:
        async with database.write() as session:
            assert (await session.execute(lease)).rowcount == 1  # type: ignore[attr-defined]  # of a change
        async with database.write() as session:
            with pytest.raises(IntegrityError):
                await session.execute(lease)
        async with database.read() as session:
            assert await session.scalar(text("SELECT count(*) FROM lease")) == 1
