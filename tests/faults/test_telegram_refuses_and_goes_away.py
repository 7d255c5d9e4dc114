"""Telegram refuses every call, is away for an hour, says things twice; the end is told once all the same."""

import asyncio
from pathlib import Path

from sqlalchemy import func, select

from bot.sandbox.telegram import Message
from bot.store.tables import OperationRow, OutgoingRow
from tests.faults.telegrams import (
    AgainAndBackwards,
    EachCallAtFirst,
    NothingNew,
    bad_gateway,
    reset,
    too_many,
)
from tests.installed import open_world
from tests.worlds import LONGEST, QUICK, SETTLING, MovableClock, World, open_bot, open_bot_world, spaced


class PassingClock(MovableClock):
    """A clock on which durations pass as well when it is moved."""

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()


def _by_bot(world: World) -> list[Message]:
    place = world.place("team", world.dana.person)
    return [each for each in world.telegram.messages(place.id) if each.by_bot]


async def test_a_deploy_ends_as_usual_where_each_of_its_calls_is_refused_at_first(world: World) -> None:
    state = world.sandbox.servers.telegram.state
    for refuse, version in ((too_many, "v1.2"), (bad_gateway, "v1.3"), (reset, "v1.2")):
        before = len(_by_bot(world))
        faults = EachCallAtFirst(state, refuse)
        plan = await world.dana.deploys(version)
        end = await world.sees(f"✅ shop → staging {version}")
        assert end.id == plan.id
        assert len(_by_bot(world)) == before + 1
        assert {"getUpdates", "sendMessage", "answerCallbackQuery", "editMessageText"} <= {*faults.refused}


async def test_after_an_hour_without_telegram_the_end_is_the_first_that_is_told(tmp_path: Path) -> None:
    async with (
        open_world(tmp_path, pace=QUICK) as sandbox,
        open_bot(sandbox, SETTLING, clock=PassingClock()) as world,
    ):
        shop = await world.dana.deploys("v1.2")
        blog = await world.dana.deploys("v1.0", app="blog")
        world.telegram.down(3600)
        with world.telegram.changes() as changes:
            await _ended(world, 2)
            world.clock.move(hours=1)
            world.dana.says("/whoami")
            world.telegram.down(0)
            told: dict[int, list[str]] = {}
            async with asyncio.timeout(LONGEST):
                async for change in changes:
                    if isinstance(change.what, Message) and change.what.by_bot:
                        told.setdefault(change.what.id, []).append(
                            spaced(change.what.text).partition("\n")[0]
                        )
                    if len(told) == 3:
                        break
        assert [text[:1] for text in told.pop(shop.id)] == ["✅"]
        assert [text[:1] for text in told.pop(blog.id)] == ["✅"]


async def test_what_ended_before_its_beginning_was_told_has_one_message(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, "apps: {shop: {source: {git: 'file:///nowhere'}}}") as world:
        faults = NothingNew(world.sandbox.servers.telegram.state)
        world.lee.says("/build shop main")
        await _ended(world, 1)
        with world.telegram.changes() as changes:
            faults.over = True
            await world.sees("❌ build shop main", buttons=["Build again"])
            await world.sees("❌ Lee: build shop main failed")
            async with asyncio.timeout(LONGEST):
                while any(each.text.startswith("🔄") for each in _by_bot(world)):
                    await anext(aiter(changes))


async def test_a_chat_that_put_the_bot_out_holds_nothing_up(world: World) -> None:
    team = world.place("team", world.dana.person)
    await world.dana.deploys("v1.2")
    world.telegram.remove_bot(team.id, by=world.kim.person.id)
    await _ended(world, 1)
    world.dana.says("/operations", "private")
    await world.sees("✅ deploy shop → staging v1.2", chat="private dana")
    async with asyncio.timeout(LONGEST):
        while await _waiting(world):
            await asyncio.sleep(0.05)
    world.telegram.set_bot(team.id, "member", by=world.kim.person.id)
    world.dana.says("/status shop staging")
    await world.sees("✅ shop in staging")


async def test_updates_that_come_again_and_backwards_act_once_and_in_order(world: World) -> None:
    updates = AgainAndBackwards(world.sandbox.servers.telegram.state)
    before = len(_by_bot(world))
    world.dana.says("/deploy shop v1.2 staging")
    world.dana.says("/deploy shop v1.3 staging")
    updates.held = False
    updates.arrived.set()
    await world.sees("Plan: shop → staging v1.3")
    await world.dana.presses("Deploy to staging")
    await world.sees("✅ shop → staging v1.3")
    world.dana.says("/whoami")
    await world.sees("Your id")
    told = [spaced(each.text).partition(" ·")[0].partition("\n")[0] for each in _by_bot(world)[before:]]
    assert told == ["📋 Plan: shop → staging v1.2", "✅ shop → staging v1.3", "Dana"]
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def _ended(world: World, count: int) -> None:
    """Wait until so many operations have ended, whatever is told of it."""
    async with asyncio.timeout(LONGEST):
        while True:
            async with world.parts.database.read() as session:
                ended = select(func.count()).select_from(OperationRow).where(OperationRow.state == "ended")
                if await session.scalar(ended) == count:
                    return
            await asyncio.sleep(0.05)


async def _waiting(world: World) -> int:
    """How many messages still wait to be sent."""
    async with world.parts.database.read() as session:
        waits = select(func.count()).select_from(OutgoingRow).where(OutgoingRow.state == "waiting")
        return await session.scalar(waits) or 0
