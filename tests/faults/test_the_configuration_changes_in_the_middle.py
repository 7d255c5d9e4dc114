"""While a deploy runs its author is taken out of the configuration, and its cluster gets another name: it goes on."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.world import SandboxWorld
from tests.installed import open_world
from tests.worlds import QUICK, SETTLING, World, open_bot, spaced

Change = Callable[[dict[str, Any]], None]


async def test_its_author_is_removed_and_its_cluster_renamed(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=replace(QUICK, ready_slow=600)) as opened:
        sandbox = _with_files_of_its_own(opened, tmp_path / "files")
        async with open_bot(sandbox, SETTLING) as world:
            world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
            plan = await world.dana.deploys("v1.0", app="blog")
            await world.sees(r"blog +\d/2")
            _rewrite(sandbox, _without_dana)
            _rewrite(sandbox, _renamed)
            world.kim.says("/reload", "private")
            await world.sees("Configuration reloaded", chat="private kim")
            assert await world.dana.presses("Cancel") == ""
            _starts_well_from_now_on(world)
            end = await world.sees(r"✅ blog → staging v1\.0")
            assert end.id == plan.id
            assert "by Dana" in spaced(end.text)
            await world.lee.presses("Status")
            assert "town" not in spaced((await world.sees("✅ blog in staging")).text)
            world.lee.says("/history blog staging")
            await world.sees(r"✅ 3 v1\.0 · live .* Dana")
            world.lee.says("/rollback blog staging")
            await world.sees(r"Roll back: blog → staging v0\.9")


def _with_files_of_its_own(sandbox: SandboxWorld, folder: Path) -> SandboxWorld:
    sample, *laid_over = sandbox.configs
    shutil.copytree(sample.parent, folder)
    copies = [Path(shutil.copy(path, folder / f"over-{path.name}")) for path in laid_over]
    shutil.copy(sandbox.kubeconfig, folder)
    return replace(sandbox, configs=(folder / sample.name, *copies))


def _rewrite(sandbox: SandboxWorld, change: Change) -> None:
    for path in sandbox.configs:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config), encoding="utf-8")


def _without_dana(config: dict[str, Any]) -> None:
    config.get("people", {}).pop("dana", None)
    config.pop("sandbox", None)
    if "bindings" in config:
        config["bindings"] = [each for each in config["bindings"] if "dana" not in each["people"]]


def _renamed(config: dict[str, Any]) -> None:
    if "main" in config.get("clusters", {}):
        config["clusters"]["town"] = config["clusters"].pop("main")
    for each in config.get("environments", {}).values():
        if "cluster" in each:
            each["cluster"] = "town"


def _starts_well_from_now_on(world: World) -> None:
    """The pods are evicted, and what was slow in them is mended."""
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "ok")
    storage = world.cluster.storage
    for key in storage.keys():
        if (key.resource, key.namespace) == ("pods", "blog-staging"):
            storage.delete(key)
