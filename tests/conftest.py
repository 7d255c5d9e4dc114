"""For every folder: a skip is a failure in CI, and who asks gets an empty PostgreSQL database."""

import gc
import os
import uuid
from collections.abc import AsyncIterator, Generator, Iterator

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import postgres

pytest_plugins = ("tests.control_plane.fixtures", "tests.dealing")

settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing where all the cores are at work; what must be quick is tried as such."""
settings.load_profile("shared")

_PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])
"""A traceback drawn with all its variables takes a second, in which a test's whole world stands still."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was not tried is not known to work: on a developer's machine that is a skip, in CI it is a failure."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which in CI is a failure: {report.longrepr}"
    return report


def pytest_collection_finish() -> None:
    """What is there by now stays for good: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


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
