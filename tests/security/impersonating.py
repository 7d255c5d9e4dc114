"""Staging is impersonated, and all that its API server is asked is written down."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox.kubernetes.serving import Api
from bot.sandbox.kubernetes.storage import Key
from tests.worlds import World, open_bot_world

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


def heard(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """All that the API server is asked from now on, as it comes."""
    seen: list[Call] = []
    handle = Api.handle

    async def recording(api: Api, request: web.Request) -> web.StreamResponse:
        groups = tuple(request.headers.getall("Impersonate-Group", []))
        seen.append(Call(request.method, request.path, request.headers.get("Impersonate-User"), groups))
        return await handle(api, request)

    monkeypatch.setattr(Api, "handle", recording)
    return seen


@asynccontextmanager
async def impersonated(folder: Path, calls: list[Call]) -> AsyncIterator[World]:
    """A world whose cluster lets one of Dana's groups do everything, and the bot nothing."""
    async with open_bot_world(folder, EXTRA) as world:
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
