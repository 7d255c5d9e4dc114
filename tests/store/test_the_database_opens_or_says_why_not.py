import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from bot.store.database import Database
from bot.store.errors import StoreDamaged, StoreTooNew, StoreUnreachable
from bot.store.tables import ChatRow, Table


async def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Table.metadata))

    async with database.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(differences) == []


async def test_what_was_stored_is_there_after_a_restart(url: str) -> None:
    async with Database(url) as first, first.write() as session:
        session.add(ChatRow(name="news", chat_id=-1001000000002))
    async with Database(url) as second, second.read() as session:
        assert (await session.get_one(ChatRow, "news")).chat_id == -1001000000002


async def test_two_processes_may_start_at_once(url: str) -> None:
    async def start() -> None:
        async with Database(url):
            pass

    await asyncio.gather(*(start() for _ in range(4)))


async def test_a_newer_schema_is_refused_and_left_as_it_is(url: str) -> None:
    async with Database(url) as database, database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for _ in range(2):
        with pytest.raises(StoreTooNew, match=r"newer Pilothouse \(schema 9999\)"):
            async with Database(url):
                pass


@pytest.mark.parametrize("journal", ["delete", "wal"])
async def test_the_database_of_another_program_is_refused_and_left_as_it_is(
    tmp_path: Path, journal: str
) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=rf"{path} can't be used: .* tables such as theirs"):
        async with Database(f"sqlite:///{path}"):
            pass
    assert path.read_bytes() == before


async def test_a_store_that_was_restored_in_another_form_is_ours_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with Database(f"sqlite:///{path}") as database, database.write() as session:
        session.add(ChatRow(name="news", chat_id=-1001000000002))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    async with Database(f"sqlite:///{path}") as database, database.read() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert (await session.get_one(ChatRow, "news")).chat_id == -1001000000002


async def test_a_file_that_is_no_database_is_refused_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"This is no database, but somebody may still want it.\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="Nothing was changed; restore it from a backup"):
        async with Database(f"sqlite:///{path}"):
            pass
    assert path.read_bytes() == before


async def test_a_database_with_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with Database(f"sqlite:///{path}") as database, database.write() as session:
        session.add_all(ChatRow(name=f"chat {number}", chat_id=number) for number in range(2000))
    data = bytearray(path.read_bytes())
    middle = len(data) - 8192
    data[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    with pytest.raises(StoreDamaged):
        async with Database(f"sqlite:///{path}"):
            pass
    assert path.read_bytes() == bytes(data)


async def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match=r"can't be opened: Is a directory"):
        async with Database(f"sqlite:///{tmp_path}"):
            pass


async def test_a_server_that_does_not_answer_is_told_without_its_password() -> None:
    with pytest.raises(StoreUnreachable) as caught:
        async with Database("postgresql://bot:hunter2@127.0.0.1:1/store"):
            pass
    assert "hunter2" not in str(caught.value)


async def test_a_database_that_is_not_there_is_told(postgres_server: str) -> None:
    with pytest.raises(StoreUnreachable, match='database "nowhere" does not exist'):
        async with Database(postgres_server.removesuffix("postgres") + "nowhere"):
            pass


async def test_the_database_file_is_for_the_bots_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "store.db"
    async with Database(f"sqlite:///{path}") as database, database.write() as session:
        session.add(ChatRow(name="a", chat_id=1))
        await session.flush()
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_our_tables_may_live_beside_others_on_a_server(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE theirs (id INTEGER)")
    await connection.close()
    async with Database(url) as database, database.read() as session:
        assert (await session.scalars(select(ChatRow))).all() == []
