"""What happens once is known again by any of its names, until it is old."""

from datetime import UTC, datetime, timedelta

from bot.store import once
from bot.store.database import Database

NOW = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)


async def first(database: Database, *keys: str, days: float = 0) -> bool:
    async with database.write() as session:
        return await once.first(session, keys, NOW + timedelta(days=days))


async def test_any_name_of_it_tells_that_it_has_happened(database: Database) -> None:
    assert await first(database, "shop id 1", "shop body a")
    assert not await first(database, "shop id 1", "shop body a")
    assert not await first(database, "shop id 2", "shop body a")
    assert not await first(database, "shop id 1", "shop body b")
    assert await first(database, "blog id 1", "blog body a")
    assert await first(database)


async def test_one_may_ask_without_making_it_happen(database: Database) -> None:
    async with database.read() as session:
        assert not await once.has_happened(session, "shop id 1")
    assert await first(database, "shop id 1")
    async with database.read() as session:
        assert await once.has_happened(session, "shop id 1")


async def test_it_is_forgotten_when_it_is_old(database: Database) -> None:
    assert await first(database, "shop id 1")
    assert not await first(database, "shop id 1", days=29)
    assert await first(database, "shop id 1", days=31)


async def test_what_is_taken_back_has_not_happened(database: Database) -> None:
    try:
        async with database.write() as session:
            assert await once.first(session, ["shop id 1"], NOW)
            raise InterruptedError
    except InterruptedError:
        pass
    assert await first(database, "shop id 1")
