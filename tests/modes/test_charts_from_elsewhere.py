"""A deploy whose chart comes from an HTTP repository or an OCI registry."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.helm.packing import pack
from bot.helm.registries import LAYER, MANIFEST
from bot.sandbox.world import CHART, SandboxWorld
from tests.modes.opening import bot_in, talks


@pytest.fixture
async def host() -> AsyncIterator[str]:
    """A server with the sample apps' chart in a repository at /charts, and as oci://…/charts/microservice:0.1.0."""
    archive = await asyncio.to_thread(pack, CHART)
    digest = hashlib.sha256(archive).hexdigest()
    entry = {"version": "0.1.0", "urls": ["microservice-0.1.0.tgz"], "digest": digest}
    layer = {"mediaType": LAYER, "digest": f"sha256:{digest}", "size": len(archive)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer]}
    answers = {
        "/charts/index.yaml": json.dumps({"apiVersion": "v1", "entries": {"microservice": [entry]}}).encode(),
        "/charts/microservice-0.1.0.tgz": archive,
        "/v2/charts/microservice/manifests/0.1.0": json.dumps(manifest).encode(),
        f"/v2/charts/microservice/blobs/sha256:{digest}": archive,
    }

    async def answer(request: web.Request) -> web.Response:
        found = answers.get(request.path)
        return web.Response(status=404) if found is None else web.Response(body=found)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield f"{server.host}:{server.port}"


@pytest.mark.parametrize("kind", ["repository", "registry"])
async def test_a_deploy_with_a_chart_from_elsewhere(
    sandbox: SandboxWorld, tmp_path: Path, host: str, kind: str
) -> None:
    chart: dict[str, str] = (
        {"repo": f"http://{host}/charts", "name": "microservice", "version": "0.1.0"}
        if kind == "repository"
        else {"oci": f"oci://{host}/charts/microservice", "version": "0.1.0"}
    )
    config = {"apps": {"shop": {"chart": chart}}, "registries": {host: {"plain_http": True}}}
    async with bot_in(sandbox, tmp_path, config) as world:
        await talks(world)
