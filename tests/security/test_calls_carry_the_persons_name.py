"""Where an environment impersonates, every call to its cluster carries the person (security.md, row 5)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

import handlers
from bot.commands.declaring import COMMANDS
from bot.config import Environment
from bot.sandbox.kubernetes.serving import Api
from bot.sandbox.kubernetes.storage import Key
from tests.security.acting import handled, operations, until
from tests.worlds import World, open_bot_world

handlers.load()

EXTRA = """\
environments: {staging: {impersonate: true}}
people: {dana: {kubernetes: {user: dana@example.org, groups: [shop-devs, night-shift]}}}
bindings: [{role: admin, people: [kim, dana]}]
"""
RBAC = "rbac.authorization.k8s.io"

OF_NOBODY = ("/version", "/api", "/apis", "/openapi/", "/api/v1/namespaces/kube-system")
"""What the bot may ask in its own name: what the cluster is and can, which is nobody's to hide."""


@dataclass(frozen=True)
class Call:
    """One request to the API server, and in whose name it came."""

    method: str
    path: str
    user: str | None
    groups: tuple[str, ...]

    @property
    def is_of_nobody(self) -> bool:
        parts = self.path.strip("/").split("/")
        discovers = (
            parts[0] in ("api", "apis", "openapi", "version")
            and len(parts) <= 3
            and "namespaces" not in parts
        )
        return self.method == "GET" and (
            self.path in OF_NOBODY or (discovers and parts[0] != "api") or parts == ["api", "v1"]
        )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """All that the API server is asked, as it comes."""
    seen: list[Call] = []
    handle = Api.handle

    async def recording(api: Api, request: web.Request) -> web.StreamResponse:
        groups = tuple(request.headers.getall("Impersonate-Group", []))
        seen.append(Call(request.method, request.path, request.headers.get("Impersonate-User"), groups))
        return await handle(api, request)

    monkeypatch.setattr(Api, "handle", recording)
    return seen


@pytest.fixture
async def world(tmp_path: Path, calls: list[Call]) -> AsyncIterator[World]:
    """Staging is impersonated, and the cluster lets one of Dana's groups do everything."""
    async with open_bot_world(tmp_path, EXTRA) as world:
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
        subject = {"kind": "Group", "name": "night-shift", "apiGroup": RBAC}
        role = {"kind": "ClusterRole", "name": "all", "apiGroup": RBAC}
        for plural, kind, more in (
            ("clusterroles", "ClusterRole", {"rules": rules}),
            ("clusterrolebindings", "ClusterRoleBinding", {"subjects": [subject], "roleRef": role}),
        ):
            made = {
                "apiVersion": f"{RBAC}/v1",
                "kind": kind,
                "metadata": {"name": "all", "uid": kind},
                **more,
            }
            world.cluster.storage.put(Key(RBAC, plural, "", "all"), made)
        calls.clear()
        yield world


def carry_the_person(calls: list[Call]) -> None:
    assert [each for each in calls if each.user is None and not each.is_of_nobody] == []
    named = {(each.user, each.groups) for each in calls if each.user is not None}
    assert named <= {("dana@example.org", ("shop-devs", "night-shift"))}


async def test_from_the_plan_to_the_verdict(world: World, calls: list[Call]) -> None:
    world.dana.says("/status shop staging")
    await world.sees("shop")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    taken = list(calls)
    world.kim.says("/deploy shop v1.3 staging", "private")
    await world.sees("in your name", chat="private kim")
    assert len(await operations(world.parts.database)) == 1
    assert len(taken) > 50
    assert any(each.method in ("PATCH", "POST") for each in taken)
    carry_the_person(taken)


async def test_who_presses_a_button_of_somebody_else_borrows_no_name(world: World, calls: list[Call]) -> None:
    for label in ("Logs", "Pods", "History", "Restart"):
        world.dana.says("/status shop staging")
        await world.sees("shop", buttons=[label])
        await handled(world)
        calls.clear()
        await world.kim.presses(label)
        await world.sees("in your name")
        assert [each for each in calls if each.user is not None or not each.is_of_nobody] == []


OF_NO_CLUSTER = {"audit", "lock", "unlock"}
"""Commands that take an environment and ask its cluster nothing."""


@pytest.mark.long(12)
async def test_in_every_command_and_to_the_end_of_what_it_starts(world: World, calls: list[Call]) -> None:
    silent = set()
    for name in (each.name for each in COMMANDS.values() if each.takes(Environment)):
        calls.clear()
        world.dana.says(f"/{name} shop staging", "private")
        await handled(world)
        carry_the_person(calls)
        silent |= set() if any(each.user for each in calls) else {name}
    assert silent == OF_NO_CLUSTER
    calls.clear()
    for kind, revision, label in (
        ("restart", "", "Restart"),
        ("rollback", "1", "Roll back to"),
        ("uninstall", "", "Uninstall"),
    ):
        world.dana.says(f"/{kind} shop staging {revision}", "private")
        await world.sees("shop → staging", chat="private dana", buttons=[label])
        await world.dana.presses(label, "private")
        await until(partial(ended, world, kind))
    assert {each.method for each in calls if each.user} >= {"PATCH", "PUT", "DELETE"}
    carry_the_person(calls)


async def ended(world: World, kind: str) -> bool:
    return [each.state for each in await operations(world.parts.database) if each.kind == kind] == ["ended"]
