"""Bring the database's schema to the version that this program knows, with Alembic.

Alembic is imported where there is something to migrate: it takes a tenth of the start. A migration's file is named
after its version, and each follows the one before it.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.store.errors import StoreDamaged, StoreTooNew
from bot.store.tables import Table

MIGRATIONS = Path(__file__).parent / "migrations"

LOCK = 0x70696C6F74
"""PostgreSQL's advisory lock under which one process at a time migrates: two may start at once."""


def migrate(connection: Connection) -> None:
    """Create the tables or upgrade them to the newest schema, in the connection's transaction; safe at every start.

    Raises: what `check` raises.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    if check(connection) != versions()[-1]:
        _upgrade(connection)


def check(connection: Connection) -> str | None:
    """The schema's version, None where there is nothing yet; changes nothing.

    Raises: StoreTooNew when the schema is one that this program does not know, StoreDamaged when the database
    belongs to something else.
    """
    current = _current(connection)
    if current is None:
        _refuse_others(connection)
    elif current not in versions():
        raise StoreTooNew(current)
    return current


def versions() -> list[str]:
    """The versions of the schema that this program knows, the oldest first."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_others(connection: Connection) -> None:
    """A database without our schema's mark, and with tables that ours would meet, is somebody else's."""
    found = set(inspect(connection).get_table_names()) - {"alembic_version"}
    meets = found if connection.dialect.name == "sqlite" else found & Table.metadata.tables.keys()
    if meets:
        tables = ", ".join(sorted(meets)[:3])
        where = connection.engine.url.database if connection.dialect.name == "sqlite" else None
        raise StoreDamaged(
            where or "the configured place", f"it is not Pilothouse's, it has tables such as {tables}"
        )
