import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, select, update

from bot.store import audit
from bot.store.audit import Entry, Filter
from bot.store.database import Database
from bot.store.tables import AuditRow

NOW = datetime(2026, 11, 25, 14, 3, 5, 123456, tzinfo=UTC)
ENTRY = Entry(NOW, 1002, "Dana", "deploy.run", "asked", "shop", "staging", -1001000000001, "v1.2")


async def record(database: Database, *entries: Entry) -> None:
    for entry in entries:
        async with database.write() as session:
            await audit.record(session, entry)


async def verdict(database: Database) -> int | None:
    async with database.read() as session:
        return await audit.verify(session)


async def ids(database: Database) -> list[int]:
    async with database.read() as session:
        return list(await session.scalars(select(AuditRow.id).order_by(AuditRow.id)))


async def test_an_untouched_trail_verifies(database: Database) -> None:
    assert await verdict(database) is None
    await record(database, ENTRY, replace(ENTRY, app=None, environment=None, chat_id=None), ENTRY)
    assert await verdict(database) is None


@pytest.mark.parametrize(
    "change", [{"actor": "Lee"}, {"outcome": "refused"}, {"detail": ""}, {"app": None}, {"actor_id": 1}]
)
async def test_a_changed_row_is_found(database: Database, change: dict[str, object]) -> None:
    await record(database, ENTRY, ENTRY, ENTRY)
    second = (await ids(database))[1]
    async with database.write() as session:
        await session.execute(update(AuditRow).where(AuditRow.id == second).values(change))
    assert await verdict(database) == second


@pytest.mark.parametrize("which", [0, 1])
async def test_a_removed_row_is_found_at_the_next_one(database: Database, which: int) -> None:
    await record(database, ENTRY, ENTRY, ENTRY)
    found = await ids(database)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.id == found[which]))
    assert await verdict(database) == found[which + 1]


async def test_a_trail_written_by_many_at_once_is_one_chain(database: Database) -> None:
    await asyncio.gather(*(record(database, replace(ENTRY, detail=str(number))) for number in range(30)))
    assert len(await ids(database)) == 30
    assert await verdict(database) is None


async def test_a_decision_that_is_not_made_leaves_no_record(database: Database) -> None:
    async def decide() -> None:
        async with database.write() as session:
            await audit.record(session, ENTRY)
            raise RuntimeError("the decision failed")

    with pytest.raises(RuntimeError):
        await decide()
    assert await ids(database) == []


async def test_whatever_the_zone_of_its_clock_a_row_verifies(database: Database) -> None:
    await record(database, replace(ENTRY, at=NOW.astimezone(timezone(timedelta(hours=-7)))))
    assert await verdict(database) is None


async def test_hostile_text_is_recorded_and_verifies(database: Database) -> None:
    await record(database, replace(ENTRY, actor="a\0b\ud800", detail="<b>\u202e\x1b" + "x" * 5000))
    assert await verdict(database) is None
    async with database.read() as session:
        assert (await session.scalars(select(AuditRow.actor))).one() == "ab?"


async def test_entries_are_found_by_place_and_time_and_exported_with_their_hashes(database: Database) -> None:
    later, elsewhere = NOW + timedelta(hours=1), "production"
    await record(
        database, ENTRY, replace(ENTRY, environment=elsewhere), replace(ENTRY, at=later, detail="v1.3")
    )
    async with database.read() as session:
        everything = await audit.page(session, Filter(), skip=0, most=2)
        assert [(row.environment, row.detail) for row in everything] == [
            ("staging", "v1.3"),
            (elsewhere, "v1.2"),
        ]
        assert len(await audit.page(session, Filter(), skip=2, most=2)) == 1
        for wanted, count in (
            (Filter("shop"), 3),
            (Filter("shop", "staging"), 2),
            (Filter("shop", "staging", later), 1),
            (Filter(environment=elsewhere, since=later), 0),
            (Filter("blog"), 0),
        ):
            assert await audit.count(session, wanted) == count
        lines = [json.loads(line) async for line in audit.exported(session, Filter("shop"), most=2)]
        chain = await audit.chain(session)
    assert [line["detail"] for line in lines] == ["v1.2", "v1.3"]
    assert (chain.entries, chain.broken_at, chain.newest) == (3, None, lines[-1]["hash"])
