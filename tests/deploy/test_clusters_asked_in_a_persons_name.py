"""Where an environment impersonates, the cluster's own rules have the last word."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.sandbox.kubernetes.storage import Key
from tests.worlds import World, open_bot_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """\
environments: {staging: {impersonate: true}}
people:
  dana: {kubernetes: {user: dana@example.org, groups: [shop-devs, night-shift]}}
  lee: {kubernetes: {user: lee@example.org}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_bot_world(tmp_path_factory.mktemp("world"), EXTRA) as world:
        _grant(world, "shop-devs")
        yield world


def _grant(world: World, group: str) -> None:
    """Let a group do everything in every namespace, as an admin of the cluster would."""
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    subject = {"kind": "Group", "name": group, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": group, "apiGroup": "rbac.authorization.k8s.io"}
    for plural, kind, more in (
        ("clusterroles", "ClusterRole", {"rules": rules}),
        ("clusterrolebindings", "ClusterRoleBinding", {"subjects": [subject], "roleRef": reference}),
    ):
        made: dict[str, Any] = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": group, "uid": f"{kind}-{group}"},
            **more,
        }
        world.cluster.storage.put(Key("rbac.authorization.k8s.io", plural, "", group), made)


async def test_who_has_no_name_there_is_refused(world: World) -> None:
    world.kim.says("/deploy shop v1.2 staging", "private")
    refusal = await world.sees("asks the cluster in your name", chat="private kim")
    assert "kubernetes: {user: ...}" in refusal.text


async def test_whom_the_cluster_lets_do_nothing_is_refused_by_it(world: World) -> None:
    world.lee.says("/deploy shop v1.2 staging", "private")
    refusal = await world.sees("🚫", chat="private lee")
    assert "lee@example.org" in refusal.text
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]


async def test_who_may_by_a_group_deploys_in_their_own_name(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging", "private")
    await world.sees("Plan: shop → staging v1.2", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("✅ shop → staging v1.2", chat="private dana")
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_what_one_person_saw_is_shown_to_no_other_and_a_right_that_is_gone_counts_at_once(
    world: World,
) -> None:
    for _ in range(2):
        world.dana.says("/status shop staging", "private")
        await world.sees("✅ shop in staging", chat="private dana")
    world.lee.says("/status shop staging", "private")
    refusal = await world.sees("shop in staging", chat="private lee")
    assert "lee@example.org" in refusal.text
    binding = Key("rbac.authorization.k8s.io", "clusterrolebindings", "", "shop-devs")
    world.cluster.storage.delete(binding)
    world.dana.says("/status shop staging", "private")
    refusal = await world.sees("dana@example.org", chat="private dana")
    assert "✅" not in refusal.text
