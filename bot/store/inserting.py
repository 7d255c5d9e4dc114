"""Inserts that a row which is there already does not break: the same words in two dialects.

PostgreSQL's is imported where PostgreSQL is used: it takes a twentieth of the start.
"""

from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession


def insert(session: AsyncSession, table: Any) -> sqlite.Insert:
    """An insert with `on_conflict_do_nothing` and `on_conflict_do_update`, in the session's dialect."""
    if session.get_bind().dialect.name != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    statement: Any = postgresql.insert(table)
    return statement  # type: ignore[no-any-return]  # what is used of it is alike in both
