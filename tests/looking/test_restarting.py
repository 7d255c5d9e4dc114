"""/restart: new pods of the same version, asked for, followed, and never twice."""

from aiohttp import web
from sqlalchemy import select

from bot.operations.restart import RESTARTED_AT, is_later, restarted_at
from bot.sandbox.kubernetes.errors import internal
from bot.sandbox.kubernetes.storage import Key
from bot.store.tables import AuditRow
from tests.faults.clusters import refused
from tests.looking.pods import pods, short
from tests.worlds import World, spaced

WAS, IS = "2026-11-25T14:02:00.000001+00:00", "2026-11-25T14:02:00.000002+00:00"


def test_what_was_restarted_since_is_left_alone() -> None:
    assert is_later(IS, "")
    assert is_later(IS, WAS)
    assert not is_later(IS, IS)
    assert not is_later(WAS, IS)
    assert is_later(IS, "2026-11-25T14:01:59Z")
    assert is_later(IS, "yesterday")


async def test_a_restart_is_planned_confirmed_and_followed(world: World) -> None:
    before = {pod["metadata"]["name"] for pod in pods(world, "shop-staging", "shop")}
    history = world.history("shop", "shop-staging")

    world.lee.says("/restart shop staging")
    plan = await world.sees("Restart: shop → staging v1.1", buttons=["Restart in staging", "Close"])
    assert "• shop: 3 pods\n• shop-worker: 2 pods" in spaced(plan.text)
    assert "not made by" not in spaced(plan.text)
    await world.lee.presses("Restart in staging")
    running = await world.sees("🔄 shop → staging: restart", buttons=["Pods", "Cancel"])
    assert running.id == plan.id
    end = await world.sees("✅ shop → staging restarted", buttons=["Logs", "Pods", "Status"])
    assert end.id == plan.id
    assert "5 of 5 ready" in spaced(end.text)
    assert not before & {pod["metadata"]["name"] for pod in pods(world, "shop-staging", "shop")}
    assert world.history("shop", "shop-staging") == history

    world.vic.says("/restart shop staging")
    await world.sees("Needs: restart pods in staging")

    world.dana.says("/restart shop production")
    shouting = await world.sees("Restart: shop → PRODUCTION", buttons=["Restart in PRODUCTION"])
    assert [b.style for row in shouting.buttons for b in row if "PRODUCTION" in b.label] == ["danger"]


async def test_helm_leaves_a_restart_as_it_is_and_a_failed_one_names_its_cause(world: World) -> None:
    world.dana.says("/restart blog staging")
    await world.sees("Restart: blog → staging")
    await world.dana.presses("Restart in staging")
    await world.sees("✅ blog → staging restarted")
    key = Key("apps", "deployments", "blog-staging", "blog")
    item = world.cluster.storage.get(key)
    assert item is not None
    at = restarted_at(item)
    owners = {entry["manager"] for entry in item["metadata"]["managedFields"] if RESTARTED_AT in str(entry)}
    assert owners == {"pilothouse"}

    await world.dana.deploys("v1.0", app="blog")
    await world.sees("✅ blog → staging v1.0")
    item = world.cluster.storage.get(key)
    assert item is not None
    assert restarted_at(item) == at

    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
    world.dana.says("/restart blog staging")
    await world.sees("Restart: blog → staging v1.0")
    await world.dana.presses("Restart in staging")
    failed = await world.sees("❌ blog → staging: restart failed", buttons=["Logs", "Pods", "Try again"])
    assert "crashed at start, exit 1" in spaced(failed.text)
    ring = await world.sees("Dana: blog → staging: restart failed")
    assert not ring.silent


async def test_a_pod_is_deleted_by_who_may_and_comes_back(world: World) -> None:
    doomed = pods(world, "blog-staging", "blog")[0]
    world.vic.says(f"/pods {short(doomed)}")
    seen = await world.sees(f"✅ blog · pod {short(doomed)}", buttons=["Logs", "Events", "‹ Pods"])
    assert "Delete pod" not in [button.label for row in seen.buttons for button in row]

    world.dana.says("/lock blog staging tests run")
    await world.sees("staging", buttons=["Unlock"])
    world.lee.says(f"/pods blog staging {short(doomed)}")
    await world.sees("blog · pod", buttons=["Delete pod"])
    await world.lee.presses("Delete pod")
    await world.sees("(?s)Delete pod.*blog in staging", buttons=[f"Delete pod {short(doomed)}", "‹ Pod"])
    await world.lee.presses("Delete pod")
    await world.sees("(?s)locked.*tests run")
    assert doomed["metadata"]["name"] in [
        each["metadata"]["name"] for each in pods(world, "blog-staging", "blog")
    ]

    world.dana.says(f"/pods {short(doomed)}")
    await world.sees("blog · pod", buttons=["Delete pod"])
    await world.dana.presses("Delete pod")
    await world.sees("makes a new one")
    await world.dana.presses("Delete pod")
    await world.sees(f"Pod {short(doomed)} is deleted", buttons=["Pods"])
    assert doomed["metadata"]["name"] not in [
        each["metadata"]["name"] for each in pods(world, "blog-staging", "blog")
    ]
    async with world.parts.database.read() as session:
        rows = (await session.scalars(select(AuditRow).where(AuditRow.action == "pod.delete"))).all()
    assert [(row.actor, row.outcome, row.app, row.environment, row.detail) for row in rows] == [
        ("Dana", outcome, "blog", "staging", doomed["metadata"]["name"]) for outcome in ("started", "done")
    ]


async def test_a_pod_whose_end_nobody_can_see_is_told_so(world: World) -> None:
    doomed = pods(world, "blog-staging", "blog")[0]
    asked: list[str] = []

    async def meets(request: web.Request) -> web.StreamResponse | None:
        if request.path.endswith(f"/pods/{doomed['metadata']['name']}"):
            asked.append(request.method)
        return refused(internal("etcdserver: request timed out")) if "DELETE" in asked else None

    world.dana.says(f"/pods {short(doomed)}")
    await world.sees("blog · pod", buttons=["Delete pod"])
    await world.dana.presses("Delete pod")
    await world.sees("makes a new one")
    world.cluster.meets = meets
    await world.dana.presses("Delete pod")
    told = await world.sees(f"It is not known whether pod {short(doomed)} is deleted: ")
    assert "Nothing has changed" not in told.text
    assert asked == ["DELETE", "GET"]
    async with world.parts.database.read() as session:
        outcomes = await session.scalars(select(AuditRow.outcome).where(AuditRow.action == "pod.delete"))
        assert list(outcomes) == ["started", "unknown"]
