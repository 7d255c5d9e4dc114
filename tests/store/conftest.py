"""The store's tests run on both databases."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from bot.store.database import Database
from tests.store import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server; its tests are skipped where the package is missing, but never in CI."""
    folder = postgres.binaries()
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL is not installed: {postgres.INSTALL}")
        pytest.skip(f"PostgreSQL is not installed: {postgres.INSTALL}")
    with postgres.server(folder) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database, on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield server.removesuffix("postgres") + name
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open database with our tables, on each kind."""
    async with Database(url) as opened:
        yield opened
