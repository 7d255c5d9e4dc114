from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from bot.store import migrating, newcomers
from bot.store.database import Database
from bot.store.newcomers import MOST, MOST_IN_A_CHAT, Newcomer

NOW = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)
EVE = Newcomer(1, "person", "Eve", "eve", 7, "supergroup", "ACME team", 2)


async def write(database: Database, newcomer: Newcomer, minutes: float) -> None:
    async with database.write() as session:
        await newcomers.met(session, newcomer, NOW + timedelta(minutes=minutes))


async def test_who_writes_again_is_counted_under_the_names_of_last_time(database: Database) -> None:
    for minutes in (0, 10):
        await write(database, EVE, minutes)
    await write(database, replace(EVE, name="E\0va\ud800" + "x" * 500, username=None, topic=None), 60)
    await write(database, replace(EVE, chat_id=8), 5)
    async with database.read() as session:
        last, elsewhere = await newcomers.lately(session)
    assert (last.count, last.first_at, last.last_at) == (3, NOW, NOW + timedelta(hours=1))
    assert (last.name[:4], len(last.name), last.username, last.topic) == ("Eva?", 100, None, None)
    assert (elsewhere.chat_id, elsewhere.count) == (8, 1)


async def test_a_crowd_in_one_chat_pushes_out_nobody_elsewhere(database: Database) -> None:
    await write(database, replace(EVE, chat_id=8), 0)
    for number in range(MOST_IN_A_CHAT + 5):
        await write(database, replace(EVE, person_id=100 + number), number)
    async with database.read() as session:
        rows = await newcomers.lately(session)
    assert len(rows) == MOST_IN_A_CHAT + 1
    assert rows[0].person_id == 100 + MOST_IN_A_CHAT + 4
    assert rows[-1].chat_id == 8


async def test_a_flood_of_accounts_stays_within_bounds_and_age_forgets_the_rest(database: Database) -> None:
    async with database.write() as session:
        for number in range(MOST + 5):
            flooding = replace(EVE, person_id=1000 + number, chat_id=1000 + number)
            await newcomers.met(session, flooding, NOW + timedelta(seconds=number))
    async with database.read() as session:
        rows = await newcomers.lately(session)
    assert len(rows) == MOST
    assert rows[-1].person_id == 1005
    async with database.write() as session:
        await newcomers.forget(session, rows[0].last_at + newcomers.KEPT)
        assert [row.person_id for row in await newcomers.lately(session)] == [rows[0].person_id]


async def test_strangers_of_an_earlier_version_are_kept_as_newcomers(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for hour, count in (("2026-11-25 13:00:00.000000", 3), ("2026-11-25 14:00:00.000000", 1)):
            connection.execute(
                text("INSERT INTO stranger VALUES (1, 7, :hour, 'Eve', :count)"),
                {"hour": hour, "count": count},
            )
    engine.dispose()
    async with Database(f"sqlite:///{path}") as database, database.read() as session:
        [eve] = await newcomers.lately(session)
    assert (eve.person_id, eve.chat_id, eve.kind, eve.name, eve.count) == (1, 7, "person", "Eve", 4)
    assert (eve.first_at.hour, eve.last_at.hour) == (13, 14)
