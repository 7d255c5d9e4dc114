"""Where an environment impersonates, every call to its cluster carries the person (threats.md, row 5)."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.kubernetes.serving import Api
from bot.sandbox.kubernetes.storage import Key
from tests.threats.acting import operations
from tests.worlds import open_bot_world

EXTRA = """\
environments: {staging: {impersonate: true}}
people: {dana: {kubernetes: {user: dana@example.org, groups: [shop-devs, night-shift]}}}
"""
RBAC = "rbac.authorization.k8s.io"

OF_NOBODY = ("/version", "/api", "/apis", "/openapi/", "/api/v1/namespaces/kube-system")
"""What the bot may ask in its own name: what the cluster is and can, which is nobody's to hide."""


def is_of_nobody(method: str, path: str) -> bool:
    parts = path.strip("/").split("/")
    discovers = (
        parts[0] in ("api", "apis", "openapi", "version") and len(parts) <= 3 and "namespaces" not in parts
    )
    return method == "GET" and (
        path in OF_NOBODY or (discovers and parts[0] != "api") or parts == ["api", "v1"]
    )


async def test_from_the_plan_to_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, Any, list[str]]] = []
    handle = Api.handle

    async def recording(api: Api, request: web.Request) -> web.StreamResponse:
        groups = request.headers.getall("Impersonate-Group", [])
        seen.append((request.method, request.path, request.headers.get("Impersonate-User"), groups))
        return await handle(api, request)

    monkeypatch.setattr(Api, "handle", recording)
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
        seen.clear()
        world.dana.says("/status shop staging")
        await world.sees("shop")
        await world.dana.deploys("v1.2")
        await world.sees("✅ shop → staging v1.2")
        calls = list(seen)
        world.kim.says("/deploy shop v1.3 staging", "private")
        await world.sees("in your name", chat="private kim")
        assert len(await operations(world.parts.database)) == 1
    assert len(calls) > 50
    assert any(method in ("PATCH", "POST") for method, *_ in calls)
    bare = {
        (method, path) for method, path, user, _ in calls if user is None and not is_of_nobody(method, path)
    }
    assert bare == set()
    for _, _, user, groups in calls:
        if user is not None:
            assert (user, groups) == ("dana@example.org", ["shop-devs", "night-shift"])
