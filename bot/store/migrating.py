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

    Raises: StoreTooNew when the schema is one that this program does not know, StoreDamaged when the database
    belongs to something else.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        _refuse_others(connection)
    elif current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreTooNew(current)
    if current != scripts.get_current_head():
        command.upgrade(config, "head")


def _refuse_others(connection: Connection) -> None:
    """A database without our schema's mark, and with tables that ours would meet, is somebody else's."""
    found = set(inspect(connection).get_table_names()) - {"alembic_version"}
    meets = found if connection.dialect.name == "sqlite" else found & Table.metadata.tables.keys()
    if meets:
        tables = ", ".join(sorted(meets)[:3])
        raise StoreDamaged("the configured place", f"it is not Pilothouse's, it has tables such as {tables}")
