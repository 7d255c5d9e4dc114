"""A lock keeps all but its holder from changing an app, wherever on its way the change is."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.commands import confirming
from bot.commands.ask import Ask
from bot.commands.requests import Request
from bot.planning.going_back import Stopping
from bot.planning.plan import Plan
from bot.store.tables import AuditRow
from tests.worlds import QUICK, World, open_bot_world


async def audited(world: World, *actions: str) -> list[tuple[str, str, str]]:
    """Who did what with locks, in order."""
    async with world.parts.database.read() as session:
        rows = await session.scalars(
            select(AuditRow).where(AuditRow.action.in_(actions)).order_by(AuditRow.id)
        )
        return [(row.action, row.actor, row.detail) for row in rows]


async def test_a_lock_from_its_beginning_to_its_end(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    world.kim.says("/lock shop staging database migration", "private")
    await world.sees("🔒 shop in staging locked\nBy Kim", chat="private kim", buttons=["Unlock", "Locks"])

    await world.dana.presses("Deploy to staging")  # planned before, confirmed after
    await world.sees(
        "🔒 shop in staging locked\nBy Kim since .*:\n“database migration”",
        buttons=["Tell me when free", "Queue this deploy", "Take Kim's lock"],
    )
    await world.dana.presses("Queue this deploy")
    await world.sees("shop → staging v1.2 waits")
    for command in ("/rollback shop staging 1", "/uninstall shop staging", "/deploy shop v1.3 staging"):
        world.dana.says(command)
        await world.sees("🔒 shop in staging locked")

    world.dana.says("/deploy shop", "private")  # pickers and the status tell it
    await world.sees("staging v1.1\n🔒 locked by Kim", chat="private dana")
    world.vic.says("/status", "private")
    await world.sees("🔒 shop in staging: Kim, “database migration”", chat="private vic")
    world.vic.says("/locks", "private")
    await world.sees("Locks\n🔒 shop in staging\nKim since", chat="private vic")

    world.lee.says("/deploy shop v1.2 staging", "private")  # a developer may not take it
    shown = await world.sees("🔒 shop in staging locked", chat="private lee", buttons=["Tell me when free"])
    assert not any("Take" in button.label for row in shown.buttons for button in row)
    assert "told here" in await world.lee.presses("Tell me when free", chat="private")

    world.kim.says("/deploy shop v1.0 staging", "private")  # the holder goes past whoever waits
    await world.sees("Plan: shop → staging v1.0", chat="private kim", buttons=["Deploy to staging"])

    world.kim.says("/unlock shop staging", "private")
    await world.sees("🔓 shop in staging unlocked", chat="private kim")
    await world.sees("It is free now.*\n📋 Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    called = await world.sees("🔓 Lee: shop in staging is free", chat="private lee", buttons=["Plan again"])
    assert not called.silent
    assert await audited(world, "lock.set", "lock.end") == [
        ("lock.set", "Kim", "database migration"),
        ("lock.end", "Kim", "database migration"),
    ]


async def test_a_lock_ends_by_its_time(world: World) -> None:
    world.kim.says("/lock staging we test for 2h", "private")
    await world.sees(r"🔒 staging locked until .*\d\d:\d\d", chat="private kim")
    world.dana.says("/deploy blog v1.0 staging")
    await world.sees("🔒 staging locked until")
    await world.dana.presses("Queue this deploy")
    await world.sees("blog → staging v1.0 waits")
    world.clock.move(hours=2, seconds=1)
    await world.sees("It is free now.*\n📋 Plan: blog → staging v1.0")


async def test_taking_a_lock_takes_two_taps_and_tells_its_holder(world: World) -> None:
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    world.kim.says("/lock staging database migration for 2h", topic="alerts")
    locked = await world.sees("🔒 staging locked until")
    world.lee.says("/rollback shop staging", "private")  # the right to roll back is enough for the way back
    await world.sees("🔒 staging locked until", chat="private lee", buttons=["Take Kim's lock"])
    await world.lee.presses("Take Kim's lock", chat="private")
    await world.sees(
        "Take Kim's lock\\?\nstaging until .*\n.*\nOnly shop", chat="private lee", buttons=["‹ Back"]
    )
    assert "Read it first" in await world.lee.presses("Take Kim's lock", chat="private")  # a double tap
    world.clock.move(seconds=3)
    await world.lee.presses("Take Kim's lock", chat="private")
    told = await world.sees("🔒 Kim: Lee took your lock\nOf shop in staging, not the rest")
    assert not told.silent
    assert told.thread_id == locked.thread_id
    await world.sees("Roll back: shop → staging v1.1", chat="private lee", buttons=["Roll back to v1.1"])

    world.dana.says("/deploy blog v1.0 staging")
    await world.sees("🔒 staging locked until")
    world.dana.says("/deploy shop v1.3 staging")
    await world.sees(
        "🔒 shop in staging locked until .*\nBy Lee since .*\n“taken from Kim: database migration”"
    )
    await world.lee.presses("Roll back to v1.1", chat="private")
    await world.sees(r"↩️ shop → staging v1\.1 is back", chat="private lee")
    assert await audited(world, "lock.take") == [("lock.take", "Lee", await _taken_until(world))]


async def test_a_lock_may_be_taken_while_a_deploy_of_before_runs(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, pace=replace(QUICK, ready_slow=600)) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
        await world.dana.deploys("v1.0", app="blog")
        await world.sees(r"🔄 blog → staging v1\.0")
        world.kim.says("/lock staging database migration for 2h", "private")
        await world.sees("🔒 staging locked until", chat="private kim")
        world.dana.says("/deploy blog v0.9 staging", "private")
        await world.sees("🔒 staging locked until", chat="private dana", buttons=["Take Kim's lock"])
        await world.dana.presses("Take Kim's lock", chat="private")
        await world.sees("Take Kim's lock\\?", chat="private dana", buttons=["‹ Back"])
        world.clock.move(seconds=3)
        await world.dana.presses("Take Kim's lock", chat="private")
        await world.sees("Dana", chat="private dana", buttons=["Deploy when free"])


async def test_a_lock_that_comes_while_what_was_confirmed_is_planned_again_holds_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    plan = confirming.planned

    async def planned_for_long(ask: Ask, request: Request, stopping: Stopping | None = None) -> Plan:
        found = await plan(ask, request, stopping)
        world.kim.says("/lock staging database migration", "private")
        await world.sees("🔒 staging locked", chat="private kim")
        return found

    monkeypatch.setattr(confirming, "planned", planned_for_long)
    place = world.place("team", world.dana.person)
    message, row, column = await world.button(place, "Deploy to staging")
    world.telegram.presses(world.dana.person.id, place.id, message.id, row, column)
    await world.sees("🔒 staging locked\nBy Kim")
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]


async def _taken_until(world: World) -> str:
    ((_, _, detail),) = await audited(world, "lock.set")
    return f"taken from Kim: {detail}"


async def test_a_lock_needs_its_rights_and_a_reason(world: World) -> None:
    world.lee.says("/lock shop production migration", "private")
    await world.sees("Refused: shop → production\nNeeds: lock in production", chat="private lee")
    world.lee.says("/lock", "private")
    await world.sees("Which app\\?", chat="private lee", buttons=["shop", "blog"])
    world.lee.says("/lock staging", "private")
    await world.sees("/lock needs a reason\nExample: /lock staging", chat="private lee")
    world.lee.says("/lock staging for 2h", "private")
    await world.sees("A lock needs a reason", chat="private lee")
    world.lee.says("/lock staging a test", "private")
    await world.sees("🔒 staging locked", chat="private lee")
    world.dana.says("/lock shop staging mine", "private")
    await world.sees("🔒 staging locked\nBy Lee", chat="private dana", buttons=["Take Lee's lock"])
    world.dana.says("/unlock staging", "private")
    await world.sees("🔒 staging locked\nBy Lee", chat="private dana", buttons=["Take Lee's lock"])
