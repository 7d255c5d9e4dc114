"""The bot works under exactly the rights that `pilothouse rbac` prints, and uses each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.rbac.needs import Need
from tests.modes.opening import bot_in
from tests.rbac.accounts import USER, apply
from tests.rbac.conftest import Held
from tests.worlds import World

STAGING = ("", "shop-staging", "blog-staging")


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


async def everything_is_done(world: World) -> None:
    """Each thing that the bot does to a cluster, once."""
    world.dana.says("/status")
    await world.sees("staging")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    await world.dana.deploys("v2.0-crash")
    await world.sees("v1.2 is back")
    world.dana.says("/pods shop staging")
    await world.sees("shop")
    world.dana.says("/logs shop staging")
    await world.sees("shop")
    await world.dana.deploys("v1.1")
    await world.sees("✅ shop → staging v1.1")
    world.dana.says("/rollback shop staging")
    await world.sees("Plan")
    await world.dana.presses("Roll back")
    await world.sees("✅|v1.2 is back")
    await mends(world)
    world.dana.says("/uninstall blog staging")
    await world.sees("ninstall")
    await world.dana.presses("Uninstall")
    await world.sees("ninstalled|removed")
    await world.dana.deploys("v0.9", "blog")
    await world.sees("✅ blog → staging v0.9")


async def mends(world: World) -> None:
    """A release that somebody's dead run left unfinished."""
    world.leave_unfinished("blog", "blog-staging", 2)
    world.clock.move(minutes=30)
    world.dana.says("/deploy blog v0.9 staging")
    await world.sees("unfinished")
    await world.dana.presses("Roll back to")
    await world.sees("is mended")


async def test_a_bot_with_the_printed_rights_does_everything_and_uses_each_of_them(held: Held) -> None:
    printed = await held.printed()
    await apply(held.sandbox.servers.cluster, printed)
    rights = {need for need in granted(printed) if need.namespace in STAGING}
    async with bot_in(held.sandbox, held.folder, held.reached()) as world:
        await everything_is_done(world)
    found, beyond = used(held, rights)
    assert not beyond
    assert not rights - found
