"""SQLite's connections: a statement takes one trip to the thread that has the connection, where aiosqlite takes four.

It makes a cursor, executes, fetches and closes the cursor by a trip each. A trip is two changes of thread, which on a
busy machine is what a transaction of a few small statements waits for.
"""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite

_AT_ONCE = 1000
"""Rows that are fetched by the trip that executes: more than nearly all statements find."""


class _Cursor:
    """What SQLAlchemy's adaptors use of a cursor; the first rows are there as soon as a statement was executed."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: deque[Any] = deque()
        self._more: sqlite3.Cursor | None = None
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        await self._connection.trip(self._run, sqlite3.Connection.execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        await self._connection.trip(self._run, sqlite3.Connection.executemany, statement, parameters)

    async def fetchone(self) -> Any:
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        size = size or self.arraysize
        if len(self._rows) < size and self._more is not None:
            await self._connection.trip(self._fetch, max(size, _AT_ONCE))
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        if self._more is not None:
            await self._connection.trip(self._fetch, None)
        rows = list(self._rows)
        self._rows.clear()
        return rows

    async def close(self) -> None:
        self._rows.clear()
        if self._more is not None:
            more, self._more = self._more, None
            await self._connection.trip(more.close)

    # In the connection's thread

    def _run(self, execute: Callable[..., sqlite3.Cursor], statement: str, parameters: Any) -> None:
        self._connection.begin()
        self._more = execute(self._connection._conn, statement, parameters)
        self.description = self._more.description
        self.lastrowid = self._more.lastrowid
        self._fetch(_AT_ONCE)

    def _fetch(self, size: int | None) -> None:
        assert self._more is not None
        try:
            found = self._more.fetchall() if size is None else self._more.fetchmany(size)
        except BaseException:
            self._more.close()
            raise
        self._rows.extend(found)
        self.rowcount = self._more.rowcount
        if size is None or len(found) < size:
            self._more.close()
            self._more = None


class Connection(aiosqlite.Connection):
    """aiosqlite's, but for its cursors, and for transactions: one begins on the way of its first statement."""

    _beginning = ""

    def begin_by(self, statement: str) -> None:
        """Begin a transaction so before the next statement."""
        self._beginning = statement

    def begin(self) -> None:
        """In the connection's thread: begin what is to begin."""
        if self._beginning:
            statement, self._beginning = self._beginning, ""
            self._conn.execute(statement).close()

    async def commit(self) -> None:
        if self._beginning:
            self._beginning = ""  # there was no statement
            return
        await super().commit()

    async def rollback(self) -> None:
        self._beginning = ""
        await super().rollback()

    def cursor(self) -> Any:
        return _Cursor(self)

    async def trip(self, act: Callable[..., Any], *args: Any) -> None:
        """Do something in the connection's thread."""
        await self._execute(act, *args)  # type: ignore[no-untyped-call]  # aiosqlite leaves it without types


def opener(path: str | None) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """What opens a connection to this file, None for one that is only in memory."""

    async def opened() -> aiosqlite.Connection:
        connection = Connection(lambda: sqlite3.connect(path or ":memory:", check_same_thread=False), 64)
        connection._thread.daemon = True  # as SQLAlchemy has it: a process need not wait for it
        return await connection

    return opened
