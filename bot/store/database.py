"""The database: one engine, transactions that say whether they write, and the schema's version.

SQLite (in WAL mode) by default, PostgreSQL when configured. Nobody else makes an engine.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.store import sqlite
from bot.store.errors import StoreDamaged, StoreUnreachable
from bot.store.migrating import check, migrate

BUSY_TIMEOUT = 20_000
"""Milliseconds that SQLite waits for another process's lock, e.g. the one that this start takes over from."""

_WRITE_AHEAD = 2


class Database:
    """The bot's database; open it with `async with Database(url)`."""

    def __init__(self, url: str, *, as_it_is: bool = False) -> None:
        """`url` is `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`.

        `as_it_is` is for a look beside a bot that may run: nothing is created, checked or migrated.
        """
        self._as_it_is = as_it_is
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        driver = "sqlite+aiosqlite" if self.is_sqlite else "postgresql+asyncpg"
        self._path = Path(parsed.database) if self.is_sqlite and parsed.database else None
        # Each block here ends its transaction itself: rolling back once more would be one more trip to the thread.
        own = {"async_creator": sqlite.opener(parsed.database), "pool_reset_on_return": None}
        how: dict[str, Any] = own if self.is_sqlite else {"pool_pre_ping": True}
        self._engine: AsyncEngine = create_async_engine(parsed.set(drivername=driver), **how)
        # SQLite knows one writer at a time; queueing here is fair and cheap, its own lock is neither.
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)
            event.listen(self._engine.sync_engine, "invalidate", _let_go)

    async def __aenter__(self) -> Self:
        """Create or migrate the schema, unless it is taken as it is.

        Raises: StoreTooNew, StoreDamaged, StoreUnreachable.
        """
        where = str(self._path or "the configured database")
        if self._as_it_is:
            return self
        try:
            if self._path is not None:
                await asyncio.to_thread(_make_private, self._path)
                if await asyncio.to_thread(_has_rollback_journal, self._path):
                    await self._look()
                event.listen(self._engine.sync_engine, "connect", _write_ahead)
            async with self._engine.connect() as plain:
                connection = await plain.execution_options(writes=True)
                await connection.run_sync(_refuse_damaged)
                await connection.run_sync(migrate)
                await connection.commit()
        except BaseException as error:
            await self._engine.dispose()
            if isinstance(error, DBAPIError):
                raise _explained(where, error) from error
            if isinstance(error, OSError):
                raise StoreUnreachable(where, error.strerror or str(error)) from error
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.dispose()

    async def _look(self) -> None:
        """Refuse a file that is not ours while it is as it was: a connection of ours changes how it is written."""
        async with self._engine.connect() as connection:
            await connection.run_sync(_refuse_damaged)
            await connection.run_sync(check)
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads."""
        async with (
            self._engine.connect() as connection,
            AsyncSession(connection, expire_on_commit=False) as session,
        ):
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that is committed when the block ends and rolled back when it raises."""
        async with self._turn(), self._engine.connect() as plain:
            connection = await plain.execution_options(writes=True)
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        if self._writer is asyncio.current_task():
            raise RuntimeError("a write inside a write would wait for itself: pass the session on")
        async with self._writing:
            self._writer = asyncio.current_task()
            try:
                yield
            finally:
                self._writer = None


def _make_private(path: Path) -> None:
    """The database's file is for the bot's user alone: it holds what was said in chats."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _has_rollback_journal(path: Path) -> bool:
    """Whether a file has something in it, written otherwise than ours are (SQLite's file format, 1.3.3)."""
    with path.open("rb") as file:
        header = file.read(19)
    return len(header) == 19 and header[18] != _WRITE_AHEAD


def _refuse_damaged(connection: Connection) -> None:
    """SQLite reads a damaged file until it meets the damage: look at all of it before anything is written."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            raise StoreDamaged(str(connection.engine.url.database), str(found))


def _explained(where: str, error: DBAPIError) -> StoreDamaged | StoreUnreachable:
    """SQLite's `file is not a database` and `malformed` are plain DatabaseErrors; everything else may pass."""
    kind = StoreDamaged if type(error) is DatabaseError else StoreUnreachable
    return kind(where, str(error.orig))


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # we begin transactions ourselves, below
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
    cursor.execute("PRAGMA synchronous=FULL")  # a committed decision survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(dbapi_connection: Any, _record: object) -> None:
    """Let readers go on beside the writer. It is the file that remembers this."""
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _let_go(dbapi_connection: Any, _record: object, _error: object) -> None:
    """Roll back what a cancelled task began, before its connection is closed.

    SQLAlchemy closes such a connection while the cancelled statement is still referred to; SQLite then keeps it
    open, and with it the lock of its transaction, until the garbage collector has come by: 9 of 500 cancelled
    writes left a database that nobody could write to. Queued here, the rollback comes after the statement and
    before the closing, in the thread that alone may use the connection.
    """
    connection = dbapi_connection.driver_connection
    if connection._connection is not None:
        connection._tx.put_nowait((None, connection._connection.rollback))


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins by reading and then writes can fail at once in WAL mode: say it beforehand.
    writes = connection.get_execution_options().get("writes")
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite.Connection)
    driver.begin_by("BEGIN IMMEDIATE" if writes else "BEGIN")
