"""Bring the database's schema to the version that this program knows, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bot.store.errors import StoreDamaged, StoreTooNew
from bot.store.tables import Table

LOCK = 0x70696C6F74
"""PostgreSQL's advisory lock under which one process at a time migrates: two may start at once."""


def migrate(connection: Connection) -> None:
    """Create the tables or upgrade them to the newest schema, in the connection's transaction; safe at every start.

    Raises: what `check` raises.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    current, config = check(connection), _config()
    if current != ScriptDirectory.from_config(config).get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(connection: Connection) -> str | None:
    """The schema's version, None where there is nothing yet; changes nothing.

    Raises: StoreTooNew when the schema is one that this program does not know, StoreDamaged when the database
    belongs to something else.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        _refuse_others(connection)
        return None
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current not in known:
        raise StoreTooNew(current)
    return current


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


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
