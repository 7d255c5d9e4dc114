"""However often a branch is pushed to while its build waits, one build takes the newest commit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.commands.pushes import waits
from bot.images.builds import Recipe
from bot.operations.desk import Order
from bot.operations.operation import Author
from bot.operations.push import PushArguments
from bot.store.database import Database
from bot.store.tables import OperationRow

RECIPE = Recipe(
    app="shop", image="registry.example.org/shop", git="https://git.example.org/shop.git", tag="x"
)
ARGUMENTS = PushArguments(recipe=RECIPE, ref="main", webhook="shop", environment="staging", starts=True)
ORDER = Order("push", "build/shop/main", "shop", "", "main", ARGUMENTS, Author(0, "GitHub push by lee"))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as database:
        yield database


def row(**changes: Any) -> OperationRow:
    fields: dict[str, Any] = {
        "id": "abc234",
        "kind": ORDER.kind,
        "subject": ORDER.subject,
        "arguments": ARGUMENTS.model_dump(mode="json"),
        "state": "queued",
        "author_id": 0,
        "author_name": ORDER.author.name,
        "created_at": datetime(2026, 11, 25, 14, 2, tzinfo=UTC),
        "view": {},
    }
    return OperationRow(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"state": "running"}, False),
        ({"state": "cancelling"}, False),
        ({"state": "ended"}, False),
        ({"kind": "build"}, False),
        ({"subject": "build/shop/release"}, False),
        ({"arguments": {**ARGUMENTS.model_dump(mode="json"), "starts": False}}, False),
    ],
)
async def test_it_is_the_same_until_it_begins(
    database: Database, changes: dict[str, Any], expected: bool
) -> None:
    async with database.write() as session:
        assert not await waits(session, ORDER)
        session.add(row(**changes))
        await session.flush()
        assert await waits(session, ORDER) is expected
        assert not await waits(session, replace(ORDER, subject="build/blog/main"))
