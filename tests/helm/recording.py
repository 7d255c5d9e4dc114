"""An API server that holds two revisions of one release and remembers what it was asked.

Enough for the SDK's reads, and for its writes up to their first refusal.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer


class Recorder:
    """What was asked, newest last; `status` is that of revision 2."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.status = "deployed"
        self.refusal: tuple[int, str] | None = None
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if request.path == "/version":
            return web.json_response({"major": "1", "minor": "31", "gitVersion": "v1.31.2"})
        if self.refusal:
            code, message = self.refusal
            return _status(code, message)
        selector = request.query.get("labelSelector", "")
        if request.path.endswith("/secrets") and request.method == "GET":
            items = [self._secret(1), self._secret(2)] if "name=other" not in selector else []
            return web.json_response(
                {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": items}
            )
        if request.path.endswith((".v1", ".v2")) and request.method == "GET":
            return web.json_response(self._secret(int(request.path[-1])))
        return _status(404, "not found")

    def kubeconfig(self, path: Path, **user: Any) -> Path:
        content = {
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": user}],
        }
        path.write_text(yaml.safe_dump(content))
        return path

    def _secret(self, number: int) -> dict[str, Any]:
        status = self.status if number == 2 else "superseded"
        release = {
            "name": "shop",
            "namespace": "shop-staging",
            "version": number,
            "info": {
                "first_deployed": "2026-11-25T10:00:00.123456789Z",
                "last_deployed": f"2026-11-25T11:0{number}:00Z",
                "description": f"number {number}",
                "status": status,
                "notes": "Read me",
            },
            "chart": {
                "metadata": {"name": "micro", "version": "0.1.0", "appVersion": "v9", "apiVersion": "v2"}
            },
            "config": {"image": {"tag": f"v1.{number}"}},
            "manifest": "kind: ConfigMap\n",
            "hooks": [
                {
                    "name": "shop-migrate",
                    "kind": "Job",
                    "path": "micro/templates/job.yaml",
                    "manifest": "kind: Job\n",
                    "events": ["pre-upgrade"],
                    "weight": -5,
                    "delete_policies": ["before-hook-creation"],
                    "last_run": {"phase": "Succeeded"},
                }
            ],
        }
        stored = base64.b64encode(gzip.compress(json.dumps(release).encode()))
        own = {"name": "shop", "owner": "helm", "status": status, "version": str(number)}
        return {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": f"sh.helm.release.v1.shop.v{number}", "labels": own | {"team": "blue"}},
            "type": "helm.sh/release.v1",
            "data": {"release": base64.b64encode(stored).decode()},
        }


def _status(code: int, message: str) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
    return web.json_response(
        body | {"reason": {403: "Forbidden", 404: "NotFound"}.get(code, "")}, status=code
    )


@asynccontextmanager
async def recorder() -> AsyncIterator[Recorder]:
    """The server, listening on this machine."""
    recording = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recording.answer)
    server = TestServer(app)
    await server.start_server()
    recording.url = str(server.make_url(""))
    try:
        yield recording
    finally:
        await server.close()
