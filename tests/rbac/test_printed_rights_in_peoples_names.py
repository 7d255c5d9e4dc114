"""Where the cluster is asked in people's names: the bot acts as exactly them, and they need Roles of their own."""

from __future__ import annotations

import pytest

from tests.modes.opening import bot_in
from tests.rbac.accounts import USER, apply
from tests.rbac.conftest import Held

IMPERSONATING = {
    "environments": {"staging": {"impersonate": True}},
    "people": {
        "dana": {"kubernetes": {"user": "dana@example.org", "groups": ["shop-devs"]}},
        "vic": {"kubernetes": {"user": "vic@example.org"}},
    },
}


@pytest.mark.long(10)
async def test_people_deploy_by_their_own_roles_and_the_bot_by_none(held: Held) -> None:
    cluster = held.sandbox.servers.cluster
    await apply(cluster, await held.printed(IMPERSONATING))
    async with bot_in(held.sandbox, held.folder, held.reached() | IMPERSONATING) as world:
        world.dana.says("/deploy shop v1.2 staging")
        await world.sees('(?s)dana@example.org.*cannot list resource "secrets"')
        await apply(cluster, await held.printed(IMPERSONATING, "people"))
        await world.dana.deploys("v1.2")
        await world.sees("✅ shop → staging v1.2")
        world.vic.says("/status shop staging")
        await world.sees("v1.2")
        world.vic.says("/drift shop staging")
        assert "may not be read" not in (await world.sees("shop is as deployed")).text
    mine = {(what.verb, what.resource) for user, what in held.account.asked if user == USER and not what.path}
    assert {verb for verb, resource in mine if resource != "selfsubjectaccessreviews"} <= {
        "get",
        "impersonate",
    }
    asked_as_vic = {
        what.verb for user, what in held.account.asked if user == "vic@example.org" and not what.path
    }
    assert asked_as_vic <= {"get", "list"}
