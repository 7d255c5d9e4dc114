"""At 3 a.m. the registry is down, git is gone and so is the chart: the way back needs none of them."""

import shutil
from pathlib import Path

from bot.helm.charts import FolderChart, fetch
from bot.helm.releases import Location
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.world import CHART
from bot.store import verdicts
from bot.store.verdicts import Judgement, ReleaseId
from tests.worlds import World, open_bot_world, spaced


async def test_registry_git_and_chart_are_gone_and_it_goes_back(tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    extra = f"apps: {{shop: {{chart: {chart}}}}}\n"
    async with open_bot_world(tmp_path, extra) as world:
        await world.dana.deploys("v1.2")
        await world.sees(r"✅ shop → staging v1\.2")
        world.registry.down(9999)
        shutil.rmtree(chart)
        shutil.rmtree(tmp_path / "git")
        world.dana.says("/deploy shop v1.3 staging")
        await world.sees("Nothing has changed")
        world.dana.says("/rollback shop staging")
        plan = await world.sees("Roll back: shop → staging v1.1", buttons=["Roll back to v1.1"])
        assert "Job shop-migrate ran for v1.2: not undone" in spaced(plan.text)
        await world.dana.presses("Roll back to v1.1")
        end = await world.sees(r"↩️ shop → staging v1\.1 is back")
        assert "5 of 5 ready" in spaced(end.text)
        assert "Job shop-migrate ran for v1.2: not undone" in spaced(end.text)


async def test_ten_failed_revisions_do_not_prune_the_healthy_one(tmp_path: Path) -> None:
    extra = "environments: {staging: {history_max: 3}}"
    async with open_bot_world(tmp_path, extra) as world:
        await world.dana.deploys("v1.0", app="blog")
        await world.sees(r"✅ blog → staging v1\.0")
        await _fail(world, 4)
        assert _kept(world) == [1, 2, 3, 4, 5, 6, 7]
        await world.dana.deploys("v0.8", app="blog")
        await world.sees(r"✅ blog → staging v0\.8")
        assert _kept(world) == [3, 7, 8]
        await _judge(world, 8, "failed")
        world.dana.says("/rollback blog staging")
        plan = await world.sees("Roll back: blog → staging v1.0")
        assert "Skips revision 7 (v0.7, failed)" in spaced(plan.text)
        await world.dana.presses("Roll back to v1.0")
        await world.sees(r"↩️ blog → staging v1\.0 is back")
        assert _kept(world) == [3, 8, 9]


async def _fail(world: World, times: int) -> None:
    """Revisions of the same objects that were deployed by hand and that we know to have failed."""
    target = world.parts.current.config.target("blog", "staging")
    at = Location(target.access, target.namespace, target.release)
    archive = await fetch(FolderChart(CHART))
    values = (await world.parts.helm.get(at)).values
    for _ in range(times):
        made = await world.parts.helm.upgrade(at, archive, values, timeout=30, history_max=0)
        await _judge(world, made.number, "failed", "v0.7")


async def _judge(world: World, revision: int, health: verdicts.Health, version: str = "v0.8") -> None:
    namespace = world.cluster.storage.get(Key("", "namespaces", "", "kube-system"))
    assert namespace is not None
    release = ReleaseId(namespace["metadata"]["uid"], "blog-staging", "blog")
    judgement = Judgement(revision, health, world.clock.now(), version=version)
    async with world.parts.database.write() as session:
        await verdicts.keep(session, release, judgement)


def _kept(world: World) -> list[int]:
    secrets = world.cluster.storage.list("", "secrets", "blog-staging")
    labels = [each["metadata"].get("labels") or {} for each in secrets]
    return sorted(int(each["version"]) for each in labels if each.get("owner") == "helm")
