"""The bot works under exactly the rights that `pilothouse rbac` prints, and uses each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from bot.rbac.needs import RBAC, Need
from bot.sandbox.kubernetes.storage import Key
from tests.modes.opening import bot_in
from tests.rbac.accounts import USER, apply
from tests.rbac.conftest import Held
from tests.worlds import World

STAGING = ("shop-staging", "blog-staging")
"""Where everything is done; production is only looked at."""

BY_CHANCE = {("", "pods", "get")}
"""Used only where a container may have begun another run while the words of its last one were read."""


def granted(documents: Iterable[Mapping[str, Any]]) -> set[Need]:
    """Each right by itself, of Roles and ClusterRoles."""
    return {
        Need(each["metadata"].get("namespace", ""), group, resource, verb, name)
        for each in documents
        if each["kind"].endswith("Role")
        for rule in each["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }


def used(held: Held, rights: set[Need]) -> tuple[set[Need], set[Need]]:
    """Which of these rights were used, and what was asked for without one."""
    found, beyond = set(), set()
    for user, what in held.account.asked:
        if user != USER or what.path or what.group == "authorization.k8s.io":
            continue  # discovery and reviews are everybody's
        place = "" if what.resource == "namespaces" else what.namespace
        bare = Need(place, what.group, what.full_resource, what.verb)
        matching = rights & {bare, bare._replace(name=what.name)}
        found |= matching
        beyond |= set() if matching else {bare._replace(name=what.name)}
    return found, beyond


def kinds(needs: Iterable[Need]) -> set[tuple[str, str, str]]:
    """What they are about, wherever it is: what one app does in its namespace another one does in its own."""
    return {(each.group, each.resource, each.verb) for each in needs}


async def everything_is_done(world: World) -> None:
    """Each thing that the bot does to a cluster, once."""
    world.dana.says("/status")
    await world.sees("staging")
    await world.dana.deploys("v2.0-crash")
    await world.sees("v1.1 is back")
    world.dana.says("/pods shop staging")
    await world.sees("shop")
    world.dana.says("/logs shop staging")
    await world.sees("shop")
    world.dana.says("/rollback shop staging 1")
    await world.sees("Plan")
    await world.dana.presses("Roll back")
    await world.sees("v1.0 is back")
    world.dana.says("/restart shop staging")
    await world.sees("Restart: shop → staging")
    await world.dana.presses("Restart in staging")
    await world.sees("✅ shop → staging restarted")
    for app in ("shop", "blog"):
        await replaces_a_pod(world, app)
    await mends(world)
    world.dana.says("/uninstall shop staging")
    await world.sees("ninstall")
    await world.dana.presses("Uninstall")
    await world.sees("ninstalled|removed")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")


def without_patching_deployments(world: World) -> None:
    """Take one right away again, as an administrator would who thinks it is not needed."""
    key = Key(RBAC, "roles", "shop-staging", "pilothouse")
    role = world.cluster.storage.get(key)
    assert role is not None
    for rule in role["rules"]:
        if rule["resources"] == ["deployments"]:
            rule["verbs"].remove("patch")
    world.cluster.storage.put(key, role)


async def replaces_a_pod(world: World, app: str) -> None:
    """One of an app's pods is deleted, by its button."""
    pods = world.cluster.storage.list("", "pods", f"{app}-staging")
    name = next(
        each["metadata"]["name"] for each in pods if "pod-template-hash" in each["metadata"]["labels"]
    )
    world.dana.says(f"/pods {app} staging {name}")
    await world.sees(f"{app} · pod")
    await world.dana.presses("Delete pod")
    await world.sees("Delete pod", buttons=[f"Delete pod {name[-5:]}"])
    await world.dana.presses("Delete pod")
    await world.sees("is deleted")


async def mends(world: World) -> None:
    """A release that somebody's dead run left unfinished."""
    world.leave_unfinished("blog", "blog-staging", 2)
    world.clock.move(minutes=30)
    world.dana.says("/deploy blog v0.9 staging")
    await world.sees("unfinished")
    await world.dana.presses("Roll back to")
    await world.sees("is mended")


@pytest.mark.long(50)
async def test_a_bot_with_the_printed_rights_does_everything_and_uses_each_of_them(held: Held) -> None:
    printed = await held.printed()
    await apply(held.sandbox.servers.cluster, printed)
    rights = granted(printed)
    async with bot_in(held.sandbox, held.folder, held.reached()) as world:
        await everything_is_done(world)
        without_patching_deployments(world)
        world.dana.says("/deploy shop v1.3 staging")
        await world.sees("may not patch deployments in shop-staging", buttons=["Plan again"])
    found, beyond = used(held, rights)
    assert sorted(beyond) == []
    mine = {each for each in rights if each.namespace in STAGING or each.name in (*STAGING, "kube-system")}
    assert sorted(kinds(mine) - kinds(found) - BY_CHANCE) == []
