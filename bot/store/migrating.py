"""Bring the database's schema to the version that this program knows, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.errors import StoreTooNew


def migrate(connection: Connection) -> None:
    """Create the tables or upgrade them to the newest schema; safe to call at every start.

    Raises: StoreTooNew when the schema is one that this program does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise StoreTooNew(current)
    if current != scripts.get_current_head():
        command.upgrade(config, "head")
        connection.commit()
