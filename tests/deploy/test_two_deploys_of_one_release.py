"""One release has one writer; who comes second is told, and may wait."""

from pathlib import Path

import pytest

from bot.cluster import ClusterUnreachable
from bot.commands import turns
from tests.worlds import World


async def test_the_second_waits_and_is_planned_again(world: World) -> None:
    world.lee.says("/deploy shop v1.3 staging", "private")
    await world.sees("Plan: shop → staging v1.3", chat="private lee")
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    await world.dana.presses("Deploy to staging")
    await world.lee.presses("Deploy to staging", chat="private")
    busy = await world.sees("shop in staging is taken", chat="private lee", buttons=["Deploy when free"])
    assert "Dana's deploy of v1.2" in busy.text
    await world.lee.presses("Deploy when free", chat="private")
    plan = await world.sees("It is free now", chat="private lee", buttons=["Deploy to staging"])
    assert plan.id == busy.id
    call = await world.sees("Lee: your turn", chat="private lee")
    assert not call.silent
    await world.lee.presses("Deploy to staging", chat="private")
    await world.sees(r"✅ shop → staging v1\.3", chat="private lee")
    assert world.history("shop", "shop-staging") == ["superseded"] * 3 + ["deployed"]


async def test_both_pressed_at_once_run_one_after_the_other_or_not_at_all(world: World) -> None:
    plans = []
    for actor, version in ((world.dana, "v1.2"), (world.lee, "v1.3")):
        actor.says(f"/deploy shop {version} staging", "private")
        plans.append(await world.sees(f"Plan: shop → staging {version}", chat=f"private {actor.person.key}"))
    world.mark()
    for actor, plan in zip((world.dana, world.lee), plans, strict=True):
        world.telegram.presses(actor.person.id, actor.person.id, plan.id, 0, 0)
    chats = ("private dana", "private lee")
    await world.sees_anywhere("✅ shop → staging", chats)
    await world.sees_anywhere("is taken", chats)
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_who_waits_may_stop_waiting(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    world.lee.says("/deploy blog v0.8 staging", "private")
    await world.sees("blog in staging is taken", chat="private lee")
    await world.lee.presses("Deploy when free", chat="private")
    await world.sees("blog → staging v0.8 waits", chat="private lee", buttons=["Stop waiting"])
    await world.lee.presses("Stop waiting", chat="private")
    await world.sees("blog → staging does not wait", chat="private lee")
    world.dana.says("/cancel")
    await world.sees("⏹ blog → staging cancelled")
    assert not world.news("private lee")


async def test_a_wait_that_is_stopped_elsewhere_ends_in_its_own_message(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    world.lee.says("/deploy blog v0.8 staging", "private")
    await world.sees("blog in staging is taken", chat="private lee")
    await world.lee.presses("Deploy when free", chat="private")
    waiting = await world.sees("blog → staging v0.8 waits", chat="private lee", buttons=["Stop waiting"])
    world.lee.says("/cancel")
    ended = await world.sees("does not wait\nStopped by Lee", chat="private lee", buttons=["Plan again"])
    assert ended.id == waiting.id


async def test_a_turn_that_comes_while_the_cluster_is_away_ends_the_wait_in_its_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    world.lee.says("/deploy blog v0.8 staging", "private")
    await world.sees("blog in staging is taken", chat="private lee")
    await world.lee.presses("Deploy when free", chat="private")
    waiting = await world.sees("blog → staging v0.8 waits", chat="private lee")

    async def away(*_: object, **__: object) -> None:
        raise ClusterUnreachable("Cluster main cannot be reached: connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(turns, "propose", away)
        world.dana.says("/cancel")
        told = await world.sees("Cluster main cannot be reached", chat="private lee", buttons=["Plan again"])
        assert told.id == waiting.id
        await world.sees("Lee: your turn", chat="private lee")
    await world.lee.presses("Plan again", chat="private")
    await world.sees("Plan: blog → staging v0.8", chat="private lee", buttons=["Deploy to staging"])


async def test_who_waits_and_lost_the_right_is_told(world: World, tmp_path: Path) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    world.lee.says("/deploy blog v0.8 staging", "private")
    await world.sees("blog in staging is taken", chat="private lee")
    await world.lee.presses("Deploy when free", chat="private")
    waiting = await world.sees("blog → staging v0.8 waits", chat="private lee")
    (tmp_path / "extra.yaml").write_text(
        "bindings:\n"
        "  - {role: admin, people: [kim]}\n"
        "  - {role: deployer, people: [dana]}\n"
        "  - {role: viewer, people: [lee]}\n"
    )
    world.kim.says("/reload", "private")
    await world.sees("Configuration reloaded", chat="private kim")
    world.dana.says("/cancel")
    refused = await world.sees("Refused: blog → staging\nNeeds: deploy", chat="private lee")
    assert refused.id == waiting.id
    call = await world.sees("Lee: blog was refused", chat="private lee")
    assert not call.silent
