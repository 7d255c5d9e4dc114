"""What any earlier version of ours has written opens, whole: no row is lost, and a full disk leaves it as it was."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, event, func, insert, select
from sqlalchemy.types import DateTime, Integer, LargeBinary, TypeEngine

import bot.store
from bot.store.database import Database
from bot.store.errors import StoreUnreachable
from bot.store.tables import Table

CONFIG = Config()
CONFIG.set_main_option("script_location", str(Path(bot.store.__path__[0]) / "migrations"))
_, *OLDER = [script.revision for script in ScriptDirectory.from_config(CONFIG).walk_revisions()]

HEADER = 100
"""Bytes at a file's begin that say how it is written."""
BECAME = {"stranger": "newcomer"}
"""Tables that have another name now."""


def _made_by(connection: Connection, revision: str) -> dict[str, int]:
    """Make the tables of a revision with a row in each; how many rows the tables of today should have."""
    CONFIG.attributes["connection"] = connection
    command.upgrade(CONFIG, revision)
    found = MetaData()
    found.reflect(connection)
    tables = [table for table in found.sorted_tables if table.name != "alembic_version"]
    for table in tables:
        connection.execute(insert(table).values({each.name: _some(each.type) for each in table.columns}))
    return {BECAME.get(table.name, table.name): 1 for table in tables}


def _some(kind: TypeEngine[Any]) -> Any:
    match kind:
        case Integer():
            return 7
        case DateTime():
            return datetime(2026, 11, 25, 14, 3)  # noqa: DTZ001 - as a database keeps it
        case LargeBinary():
            return b"7"
    return "7"


def _rows(connection: Connection) -> dict[str, int]:
    tables = Table.metadata.tables.items()
    counts = {name: connection.scalar(select(func.count()).select_from(table)) for name, table in tables}
    return {name: count for name, count in counts.items() if count}


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Table.metadata))


@pytest.mark.parametrize("revision", OLDER)
async def test_every_version_on_record_becomes_the_newest_with_all_its_rows(url: str, revision: str) -> None:
    async with Database(url, as_it_is=True) as older, older.write() as session:
        rows = await (await session.connection()).run_sync(_made_by, revision)
    for _ in range(2):
        async with Database(url) as database, database.read() as session:
            connection = await session.connection()
            assert await connection.run_sync(_rows) == rows
            assert await connection.run_sync(_differences) == []


@pytest.mark.parametrize("revision", OLDER)
async def test_a_disk_that_fills_up_in_the_middle_leaves_it_as_it_was(tmp_path: Path, revision: str) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    async with Database(url, as_it_is=True) as older, older.write() as session:
        rows = await (await session.connection()).run_sync(_made_by, revision)
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(StoreUnreachable, match="can't be opened: database or disk is full"):
        async with _full(Database(url)):
            pass
    after = (tmp_path / "store.db").read_bytes()
    assert after[HEADER:] == before[HEADER:]
    async with Database(url) as database, database.read() as session:
        assert await (await session.connection()).run_sync(_rows) == rows


def _full(database: Database) -> Database:
    """The database on a disk that has no room for another page."""

    def limit(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.cursor().execute("PRAGMA max_page_count=1")  # as small as it can be: what there is

    event.listen(database._engine.sync_engine, "connect", limit)
    return database
