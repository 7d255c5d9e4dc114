"""What every folder's tests may ask for: an empty database on a PostgreSQL server of our own."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server; its tests are skipped where the package is missing, but never in CI."""
    folder = postgres.binaries()
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL is not installed: {postgres.INSTALL}")
        pytest.skip(f"PostgreSQL is not installed: {postgres.INSTALL}")
    with postgres.server(folder) as url:
        yield url


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of an empty database, which is dropped at the end whoever is still connected."""
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(postgres_server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.removesuffix("postgres") + name
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
