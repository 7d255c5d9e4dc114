"""What takes long to import and few need, or not at once, is imported where it is used."""

import subprocess
import sys

LATER = ("alembic", "aiohttp_socks", "asyncpg", "kubernetes", "matplotlib", "sqlalchemy.dialects.postgresql")


def test_the_bot_s_start_imports_nothing_that_it_does_not_need() -> None:
    code = f"import sys, bot.lifetime; print(*[name for name in {LATER} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
