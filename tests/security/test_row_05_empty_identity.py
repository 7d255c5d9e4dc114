"""Where an environment impersonates, every call to its cluster carries the person (security.md, row 5)."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

import handlers
from bot.commands.declaring import COMMANDS
from bot.config import Environment
from tests.security.acting import handled, operations, until
from tests.security.impersonating import Call, carry_the_person, heard, impersonated
from tests.worlds import World

handlers.load()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    return heard(monkeypatch)


@pytest.fixture
async def world(tmp_path: Path, calls: list[Call]) -> AsyncIterator[World]:
    async with impersonated(tmp_path, calls) as world:
        yield world


async def test_from_the_plan_to_the_verdict(world: World, calls: list[Call]) -> None:
    world.dana.says("/status shop staging")
    await world.sees("shop")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    taken = list(calls)
    world.kim.says("/deploy shop v1.3 staging", "private")
    await world.sees("in your name", chat="private kim")
    assert len(await operations(world.parts.database)) == 1
    assert len(taken) > 50
    assert any(each.method in ("PATCH", "POST") for each in taken)
    carry_the_person(taken)


async def test_who_presses_a_button_of_somebody_else_borrows_no_name(world: World, calls: list[Call]) -> None:
    for label in ("Logs", "Pods", "History", "Restart"):
        world.dana.says("/status shop staging")
        await world.sees("shop", buttons=[label])
        await handled(world)
        calls.clear()
        await world.kim.presses(label)
        await world.sees("in your name")
        assert [each for each in calls if each.user is not None or not each.is_of_nobody] == []


OF_NO_CLUSTER = {"audit", "lock", "ship", "unlock"}
"""Commands that take an environment and ask its cluster nothing, or not before something else is done."""


@pytest.mark.long(12)
async def test_in_every_command_and_to_the_end_of_what_it_starts(world: World, calls: list[Call]) -> None:
    silent = set()
    for name in (each.name for each in COMMANDS.values() if each.takes(Environment)):
        calls.clear()
        world.dana.says(f"/{name} shop staging", "private")
        await handled(world)
        carry_the_person(calls)
        silent |= set() if any(each.user for each in calls) else {name}
    assert silent == OF_NO_CLUSTER
    calls.clear()
    for kind, revision, label in (
        ("restart", "", "Restart"),
        ("rollback", "1", "Roll back to"),
        ("uninstall", "", "Uninstall"),
    ):
        world.dana.says(f"/{kind} shop staging {revision}", "private")
        await world.sees("shop → staging", chat="private dana", buttons=[label])
        await world.dana.presses(label, "private")
        await until(partial(ended, world, kind))
    assert {each.method for each in calls if each.user} >= {"PATCH", "PUT", "DELETE"}
    carry_the_person(calls)


async def ended(world: World, kind: str) -> bool:
    return [each.state for each in await operations(world.parts.database) if each.kind == kind] == ["ended"]
