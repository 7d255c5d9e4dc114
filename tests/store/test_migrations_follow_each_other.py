"""The names of the migrations' files are what the program goes by before it imports Alembic."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.store.migrating import MIGRATIONS, versions


def test_each_migration_is_called_by_its_version_and_follows_the_one_before() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [script.revision for script in reversed(scripts)] == versions()
    assert [script.down_revision for script in reversed(scripts)] == [None, *versions()[:-1]]
