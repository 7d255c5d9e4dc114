"""The same update or push again, whenever it comes, has one effect (security.md, row 13)."""

import asyncio
import dataclasses
from pathlib import Path

from sqlalchemy import select, update

from bot.sandbox.telegram.updates import Update
from bot.store.tables import AuditRow, UpdateRow
from tests.installed import open_world
from tests.security.acting import handled, operations
from tests.webhooks.calling import NO_SOURCE, Called, write_secret
from tests.webhooks.payloads import github
from tests.worlds import QUICK, SETTLING, World, open_bot


async def test_updates_that_come_again_after_a_restart_do_nothing_again(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        async with open_bot(sandbox, SETTLING) as world:
            await world.dana.deploys("v1.2")
            await world.sees("✅ shop → staging v1.2")
            await handled(world)
            payloads = await stored(world)
            before = shown(world)
            replay(world, payloads)
            await handled(world)
            assert shown(world) == before
            await forget_that_they_are_done(world)
        async with open_bot(sandbox, SETTLING) as world:
            replay(world, payloads)
            await handled(world)
            world.kim.says("/whoami", "private")
            await world.sees("Your id", chat="private kim")
            assert len(await operations(world.parts.database)) == 1
            assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_a_command_that_is_handled_again_takes_no_button_of_its_own_plan_away(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        async with open_bot(sandbox, SETTLING) as world:
            world.dana.says("/deploy shop v1.2 staging", "private")
            plan = await world.sees("Plan: shop → staging v1.2", chat="private dana")
            await handled(world)
            await forget_that_they_are_done(world)
        async with open_bot(sandbox, SETTLING) as world:
            await handled(world)  # it was killed between the plan and the note that the command is done
            world.telegram.presses(world.dana.person.id, plan.chat_id, plan.id, 0, 0)
            end = await world.sees("✅ shop → staging v1.2", chat="private dana")
            assert end.id == plan.id


async def test_a_decision_that_is_handled_again_is_written_into_the_trail_once(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        async with open_bot(sandbox, SETTLING) as world:
            world.dana.says("/lock blog staging tests run")
            await world.sees("🔒 blog in staging locked", buttons=["Unlock"])
            world.vic.says("/deploy blog v1.0 production")
            await world.sees("🚫")
            await handled(world)
            await forget_that_they_are_done(world)
        async with open_bot(sandbox, SETTLING) as world:
            await handled(world)  # it was killed between what it did and the note that it did it
            async with world.parts.database.read() as session:
                rows = await session.execute(select(AuditRow.actor, AuditRow.action))
                assert sorted(map(tuple, rows)) == [("Dana", "lock.set"), ("Vic", "refused")]


async def test_a_push_that_comes_again_under_another_id_or_after_a_restart_does_nothing_again(
    tmp_path: Path,
) -> None:
    called, laid_over = Called(), tmp_path / "extra.yaml"
    write_secret(tmp_path)
    laid_over.write_text(called.config() + NO_SOURCE.format(folder=tmp_path), encoding="utf-8")
    push = github().signed()
    renamed = push.but(X_GitHub_Delivery="another").signed()
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        async with open_bot(sandbox, SETTLING, laid_over) as world:
            answers = await asyncio.gather(*(called.post(push) for _ in range(4)))
            assert sorted(status for status, _ in answers) == [200, 200, 200, 202]
            assert await called.post(renamed) == (200, "shop main: this was told before")
            await world.sees("❌ build shop main · ")
        async with open_bot(sandbox, SETTLING, laid_over) as world:
            for call in (push, renamed):
                assert await called.post(call) == (200, "shop main: this was told before")
            same_id = dataclasses.replace(github(), headers=push.headers).signed()
            assert await called.post(same_id) == (200, "shop main: this was told before")
            assert len(await operations(world.parts.database)) == 1


async def stored(world: World) -> list[dict[str, object]]:
    async with world.parts.database.read() as session:
        return [row.payload for row in await session.scalars(select(UpdateRow).order_by(UpdateRow.update_id))]


def replay(world: World, payloads: list[dict[str, object]]) -> None:
    """Let Telegram offer updates that were confirmed already."""
    updates = world.telegram.state.updates
    for payload in payloads:
        (kind,) = payload.keys() - {"update_id"}
        number = payload["update_id"]
        assert isinstance(number, int)
        content = payload[kind]
        assert isinstance(content, dict)
        updates._waiting.append(Update(number, kind, content, 0, updates.clock.monotonic() + 60))
    updates.arrived.set()


async def forget_that_they_are_done(world: World) -> None:
    """As after a crash between an update's effect and the note that it is done."""
    async with world.parts.database.write() as session:
        await session.execute(update(UpdateRow).values(done_at=None))


def shown(world: World) -> dict[tuple[int, int], str]:
    return {(each.chat_id, each.id): each.text for each in world._all() if each.by_bot}
