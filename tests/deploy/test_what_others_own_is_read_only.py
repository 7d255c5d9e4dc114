"""What Argo CD or Flux manages is looked at here and changed there; and another cluster is left alone."""

from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.clock import SystemClock
from bot.operations.errors import StepFailed
from bot.operations.operation import Record
from bot.operations.policy import Policy
from bot.operations.release import ReleaseArguments
from bot.operations.tools import Tools
from bot.operations.uninstall import Uninstall
from bot.sandbox.objects import mark_objects, swap_cluster
from bot.store.tables import AuditRow, OperationRow
from tests.worlds import World, spaced

ARGO = {"argocd.argoproj.io/tracking-id": "web_shop:apps/Deployment:shop-staging/shop"}


def marked(world: World) -> None:
    """Argo CD takes the Deployment over."""
    assert mark_objects(world.cluster, "deployment/shop", "shop-staging", annotations=ARGO)


async def test_an_application_of_argo_cd_is_changed_there_alone(world: World) -> None:
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    world.dana.says("/deploy shop v1.1 staging")
    await world.sees("Plan: shop → staging")  # shown before the mark came
    marked(world)
    before = world.history("shop", "shop-staging")
    refused = "🚫 Argo CD's application shop in web manages it\nDeployment shop\nChange it there"
    await world.dana.presses("Deploy to staging")
    await world.sees(refused)
    for command in ("/deploy shop v1.1 staging", "/rollback shop staging", "/uninstall shop staging"):
        world.dana.says(command)
        await world.sees(refused)
    world.dana.says("/status shop staging")
    await world.sees("✅ shop")
    assert world.history("shop", "shop-staging") == before
    # Nor is anything taken over by a first deploy.
    cluster = await world.parts.clusters.at(world.parts.current.config.clusters["main"].access)
    await cluster.create("v1", "Namespace", None, {"metadata": {"name": "blog"}})
    account = {"metadata": {"name": "blog", "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}}
    await cluster.create("v1", "ServiceAccount", "blog", account)
    world.dana.says("/deploy blog v1.0 production")
    await world.sees("🚫 Flux's Kustomization apps manages it\nServiceAccount blog")


async def test_a_mark_that_comes_after_the_press_is_seen_before_anything_is_changed(world: World) -> None:
    plan = await world.parts.planner.uninstall(world.parts.current.config.target("shop", "staging"), None)
    marked(world)
    arguments = ReleaseArguments(
        site=plan.site, policy=Policy(), base=plan.base, before=plan.now, objects=plan.objects
    )
    operation = Uninstall(record(arguments), tools(world), lambda event: None)
    with pytest.raises(StepFailed, match="Argo CD's application shop in web manages it"):
        await operation.check_unmoved()


BLOGS = {"meta.helm.sh/release-name": "blog", "meta.helm.sh/release-namespace": "blog-staging"}


async def test_what_another_release_owns_is_neither_removed_nor_taken(world: World) -> None:
    plan = await world.parts.planner.uninstall(world.parts.current.config.target("shop", "staging"), None)
    assert mark_objects(world.cluster, "configmap/shop-env", "shop-staging", annotations=BLOGS)
    world.dana.says("/uninstall shop staging")
    refused = spaced((await world.sees("🚫 Uninstall: shop → staging", buttons=["Plan again"])).text)
    assert (
        "🚫 ConfigMap shop-env: It belongs to another release by now: blog in blog-staging. Helm would remove it"
    ) in refused
    assert "kubectl annotate configmap shop-env -n shop-staging helm.sh/resource-policy=keep" in refused
    world.dana.says("/deploy shop v1.2 staging")
    deploy = spaced((await world.sees("📋 Plan: shop → staging v1.2", buttons=["Deploy to staging"])).text)
    assert (
        "⚠️ ConfigMap shop-env: It belongs to another release by now: blog in blog-staging. This takes it back"
    ) in deploy
    # What comes between the press and the start is seen as well.
    arguments = ReleaseArguments(
        site=plan.site, policy=Policy(), base=plan.base, before=plan.now, objects=(), removes=plan.removes
    )
    operation = Uninstall(record(arguments), tools(world), lambda event: None)
    with pytest.raises(StepFailed, match="ConfigMap shop-env belongs to another release by now: blog"):
        await operation.check_unmoved()
    # Nor does a first deploy take anything over.
    cluster = await world.parts.clusters.at(world.parts.current.config.clusters["main"].access)
    await cluster.create("v1", "Namespace", None, {"metadata": {"name": "blog"}})
    await cluster.create("v1", "ServiceAccount", "blog", {"metadata": {"name": "blog", "annotations": BLOGS}})
    world.dana.says("/deploy blog v1.0 production")
    plan_text = spaced((await world.sees("🚫 Plan: blog → PRODUCTION", buttons=["Plan again"])).text)
    assert "🚫 ServiceAccount blog: It belongs to another release: blog in blog-staging" in plan_text


async def test_an_unfinished_release_of_others_is_not_mended(world: World) -> None:
    world.leave_unfinished("shop", "shop-staging", 2)
    world.clock.move(minutes=10)
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("If that run is dead", buttons=["Roll back to 1"])
    marked(world)
    await world.dana.presses("Roll back to 1")
    await world.sees("🚫 Argo CD's application shop in web manages it")
    assert world.history("shop", "shop-staging") == ["superseded", "pending-upgrade"]


async def test_a_deploy_stops_where_it_is_once_another_cluster_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operations.release.LOOK_EVERY", 0.2)
    world.sandbox.servers.behaviours.order("registry/shop:v1.2", "slow")
    await world.dana.deploys("v1.2")
    await world.sees("Rollout\n")
    swap_cluster(world.cluster, "99999999-0000-4000-8000-000000000000")
    ended = await world.sees("❌ shop → staging v1.2 failed")
    assert "Another cluster answers now: 99999999, it was" in spaced(ended.text)
    assert world.history("shop", "shop-staging")[-1] != "superseded"  # nothing came back on the other one

    world.dana.says("/deploy blog v1.0 staging")
    await world.sees("🚫 Cluster main is another one now: 99999999, it was .*/reload accept main")
    world.kim.says("/reload")
    await world.sees("⚠️ main is another cluster now:", buttons=["Accept main's new cluster"])
    assert await world.dana.presses("Accept main") == "This button is for the person who asked"
    await world.kim.presses("Accept main's new cluster")
    await world.sees("✅ main is 99999999\nIt was ")
    world.dana.says("/deploy blog v1.0 staging")
    await world.sees("Plan: blog → staging v1.0")
    async with world.parts.database.read() as session:
        rows = (await session.scalars(select(AuditRow).where(AuditRow.action == "cluster.accept"))).all()
    assert [(row.actor, row.outcome) for row in rows] == [("Kim", "done")]
    assert "main: 99999999, it was" in rows[0].detail
    world.kim.says("/reload accept nowhere")
    await world.sees("🚫 /reload takes nothing, or `accept` and a cluster")
    world.kim.says("/reload accept main")
    await world.sees("✅ main is 99999999, as before")


def tools(world: World) -> Tools:
    """What an operation works with, as far as a preflight does."""
    parts, unused = world.parts, cast(Any, None)
    return Tools(
        helm=parts.helm,
        clusters=parts.clusters,
        releases=parts.releases,
        database=parts.database,
        clock=world.clock,
        mask=str,
        frozen=unused,
        notices=unused,
        builds=parts.builds,
        replan=unused,
        plan_image=unused,
        call=unused,
        start=unused,
    )


def record(arguments: ReleaseArguments) -> Record:
    """An operation of Dana's that has just begun."""
    row = OperationRow(
        id="7c2e91",
        kind="uninstall",
        subject=arguments.site.id.subject,
        app="shop",
        environment="staging",
        version="v1.1",
        author_id=1002,
        author_name="Dana",
        created_at=SystemClock().now(),
        started_at=SystemClock().now(),
        state="running",
        view={},
        arguments=arguments.model_dump(mode="json"),
    )
    return Record.of(row)
