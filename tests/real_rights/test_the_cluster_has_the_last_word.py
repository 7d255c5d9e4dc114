"""What a real cluster's own rules say goes: for the bot's account with the rights that are printed, and for people."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.cluster.discovery import Ref
from bot.rbac.printing import Account
from bot.sandbox.world import CHART, SAMPLE
from tests.control_plane.running import ControlPlane
from tests.real_rights.accounts import RBAC, account, granted, printed
from tests.real_worlds import RealWorld, apply, kubectl, open_real_world

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long(5)]

CONFIG = {
    "people": {
        "dana": {
            "kubernetes": {"user": "dana@example.org", "groups": ["shop-devs", "night-shift", "on-call"]}
        },
        "vic": {"kubernetes": {"user": "vic@example.org"}},
    },
    "apps": {
        "shop": {
            "chart": str(CHART),
            "image": "registry.example.org/shop",
            "tags": {"match": r"^v\d+\.\d+.*"},
            "values": ["shop.yaml"],
            "environments": ["trial", "named"],
        }
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, control_plane: ControlPlane
) -> AsyncIterator[RealWorld]:
    """A bot that comes as an account with exactly the rights that are printed for it."""
    folder, admin = tmp_path_factory.mktemp("world"), control_plane.kubeconfig
    shutil.copy(SAMPLE.parent / "values" / "shop.yaml", folder)
    name = f"pilothouse-{uuid.uuid4().hex[:8]}"
    mine = Account(name, name)
    kubeconfig = await account(admin, mine, folder)
    try:
        async with open_real_world(folder, admin, CONFIG, as_=kubeconfig) as world:
            await apply(admin, *await printed(world.configs, mine))
            await apply(admin, *granted(world.namespace("shop", "named"), "night", group="night-shift"))
            yield world
    finally:
        await remove(admin, mine)


async def remove(admin: Path, account: Account) -> None:
    """The account, and what of its rights is not gone with a namespace."""
    await kubectl(admin, "delete", "namespace", account.namespace, "--wait=false")
    await kubectl(admin, "delete", "clusterrole,clusterrolebinding", account.name, "--ignore-not-found")


async def test_the_printed_rights_are_enough_for_a_deploy_and_what_follows(world: RealWorld) -> None:
    for version in ("v1.0", "v1.1"):
        world.dana.says(f"/deploy shop {version} trial", "private")
        await world.sees(f"Plan: shop → trial {version}", chat="private dana")
        await world.dana.presses("Deploy to trial", "private")
        await world.sees(f"✅ shop → trial {version}", chat="private dana")
    world.dana.says("/rollback shop trial 1", "private")
    await world.sees("Roll back: shop → trial v1.0", chat="private dana")
    await world.dana.presses("Roll back to v1.0", "private")
    await world.sees("v1.0 is back", chat="private dana")
    assert await world.revisions("shop") == ["superseded", "superseded", "deployed"]
    world.dana.says("/uninstall shop trial", "private")
    await world.sees("Uninstall: shop → trial", chat="private dana")
    await world.dana.presses("Uninstall", "private")
    await world.sees("ninstalled|removed", chat="private dana")
    assert await world.revisions("shop") == []


async def test_without_one_of_them_there_is_nothing_to_confirm(world: RealWorld) -> None:
    await without_patching_deployments(world)
    world.dana.says("/deploy shop v1.2 trial", "private")
    plan = await world.sees("Plan: shop → trial v1.2", chat="private dana")
    assert "It would fail: nothing to confirm" in plan.text
    assert "may not patch deployments" in plan.text
    assert await world.revisions("shop") == []


async def without_patching_deployments(world: RealWorld) -> None:
    """Take one right away again, as an administrator would who thinks it is not needed."""
    (role,) = await world.api.list(f"{RBAC}/v1", "Role", world.namespace("shop"))
    for rule in role["rules"]:
        if "deployments" in rule["resources"]:
            rule["verbs"].remove("patch")
    ref = Ref(f"{RBAC}/v1", "Role", role["metadata"]["name"], world.namespace("shop"))
    await world.api.patch(ref, {"rules": role["rules"]})


async def test_who_may_do_nothing_there_is_refused_in_the_clusters_words(world: RealWorld) -> None:
    world.vic.says("/history shop named", "private")
    refusal = await world.sees("^🚫", chat="private vic")
    assert 'User "vic@example.org" cannot list resource "secrets"' in refusal.text
    assert world.namespace("shop", "named") in refusal.text


async def test_who_may_by_one_of_several_groups_deploys(world: RealWorld) -> None:
    world.dana.says("/deploy shop v1.2 named", "private")
    await world.sees("Plan: shop → named v1.2", chat="private dana")
    await world.dana.presses("Deploy to named", "private")
    await world.sees("✅ shop → named v1.2", chat="private dana")
    assert await world.revisions("shop", "named") == ["deployed"]


async def test_the_bot_may_act_as_those_people_and_groups_alone(world: RealWorld) -> None:
    namespace = world.namespace("shop", "named")
    secrets = ("get", "secrets", "--namespace", namespace)
    dana = ("--as", "dana@example.org", "--as-group", "night-shift")
    assert "sh.helm.release" in await kubectl(world.own_kubeconfig, *secrets, *dana)
    for other, kind in (
        (("--as", "kim@example.org"), "users"),
        ((*dana, "--as-group", "system:masters"), "groups"),
        (("--as", "system:admin"), "users"),
    ):
        words = await kubectl(world.own_kubeconfig, *secrets, *other, refused=True)
        assert f'cannot impersonate resource "{kind}"' in words
