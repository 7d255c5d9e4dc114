"""What there is in the sample world before anybody says a word."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.config import load
from bot.helm.client import Helm
from bot.helm.releases import Location
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.objects import delete_objects
from bot.sandbox.servers import Servers, open_servers
from bot.sandbox.world import SAMPLE, open_world


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with open_servers() as opened:
        opened.registry.add("shop", "v1.2")
        yield opened


async def test_releases_run_with_two_revisions_each_made_by_helm(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=Pace.instant()) as world, Helm(renderers=1) as helm:
        access = ClusterAccess(kubeconfig=world.kubeconfig)
        found = {}
        for namespace, release in (("shop-staging", "shop"), ("shop", "shop"), ("blog-staging", "blog")):
            history = await helm.history(Location(access, namespace, release))
            record = await helm.get(Location(access, namespace, release))
            found[namespace] = ([each.status for each in history], record.values["image"]["tag"])
        twice = ["superseded", "deployed"]
        assert found == {
            "shop-staging": (twice, "v1.1"),
            "shop": (twice, "v1.1"),
            "blog-staging": (twice, "v0.9"),
        }
        deployments = world.servers.cluster.storage.scan("apps", "deployments")
        assert {
            f"{each['metadata']['namespace']}/{each['metadata']['name']}": each["status"]["readyReplicas"]
            for each in deployments
        } == {
            "shop-staging/shop": 3,
            "shop-staging/shop-worker": 2,
            "shop/shop": 3,
            "shop/shop-worker": 2,
            "blog-staging/blog": 2,
        }


async def test_all_but_eve_are_in_the_team_and_eve_is_in_no_list(tmp_path: Path) -> None:
    config = load([SAMPLE], dict(os.environ))
    assert "eve" not in config.people
    assert config.sandbox is not None
    assert set(config.sandbox.members["team"]) == set(config.people) == {"kim", "dana", "lee", "vic"}


@pytest.mark.parametrize(
    ("tag", "behaves"),
    [
        ("v1.2", "ok"),
        ("v2.0-crash", "crash"),
        ("v2-oom", "oom"),
        ("v2-slow", "slow"),
        ("v2-broken", "broken"),
    ],
)
async def test_a_tag_decides_what_its_image_does_also_where_a_digest_pins_it(
    servers: Servers, tag: str, behaves: str
) -> None:
    digest = servers.registry.add("shop", tag)
    image = f"{servers.registry.host}/shop"
    for reference in (f"{image}:{tag}", f"{image}:{tag}@{digest}", f"{image}@{digest}"):
        assert servers.behaviours.of(reference) == behaves


async def test_an_order_adds_the_tag_and_has_the_last_word(servers: Servers) -> None:
    servers.behaviours.order("registry/shop:v9", "crash")
    servers.behaviours.order("registry/shop:v1.2", "broken")
    host = servers.registry.host
    assert servers.registry.has(f"{host}/shop:v9")
    assert servers.behaviours.of(f"{host}/shop:v9") == "crash"
    assert servers.behaviours.of(f"{host}/shop:v1.2") == "broken"
    servers.behaviours.order("registry/shop:v9", "ok")
    assert servers.behaviours.of(f"{host}/shop:v9") == "ok"


@pytest.mark.parametrize("kind", ["node", "nodes", "no", "Node"])
async def test_objects_are_deleted_by_kind_and_glob(servers: Servers, kind: str) -> None:
    names = [each["metadata"]["name"] for each in servers.cluster.storage.scan("", "nodes")]
    assert await delete_objects(servers.cluster, f"{kind}/nothing-*", None) == []
    assert await delete_objects(servers.cluster, f"{kind}/{names[0][:-1]}?", None) == [
        f"{kind}/{name}" for name in names
    ]
    assert servers.cluster.storage.scan("", "nodes") == []
