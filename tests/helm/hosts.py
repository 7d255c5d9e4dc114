"""Servers of chart repositories and registries, honest and not."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.helm.downloading import Credentials
from bot.helm.registries import LAYER, MANIFEST, OciChart
from tests.helm.writing import ABOUT, tgz

CHART = tgz([("demo/Chart.yaml", ABOUT.encode())])


DIGEST = hashlib.sha256(CHART).hexdigest()


CI = Credentials("ci", "canary")


BASIC = "Basic " + base64.b64encode(b"ci:canary").decode()


class Host:
    """A server of fixed answers that remembers the credentials it was shown, by path."""

    def __init__(self) -> None:
        self.answers: dict[str, web.Response] = {}
        self.shown: dict[str, str | None] = {}
        self.wants: str | None = None
        self.challenge = 'Basic realm="here"'
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization")
        self.shown[request.path] = given
        if self.wants and given != self.wants and request.path != "/token":
            return web.Response(status=401, headers={"WWW-Authenticate": self.challenge})
        found = self.answers.get(request.path)
        if found is None:
            return web.Response(status=404)
        return web.Response(body=found.body, status=found.status, headers=found.headers)


@asynccontextmanager
async def hosting() -> AsyncIterator[Host]:
    host = Host()
    app = web.Application()
    app.router.add_get("/{path:.*}", host.answer)
    server = TestServer(app)
    await server.start_server()
    host.url = str(server.make_url("")).rstrip("/")
    try:
        yield host
    finally:
        await server.close()


def index(url: str, digest: str = DIGEST) -> web.Response:
    entries = [
        {"version": "1.3.0-rc.1", "urls": ["charts/none.tgz"]},
        {"version": "1.2.3", "urls": [url], "digest": digest},
        {"version": "1.2.2", "urls": ["charts/old.tgz"]},
    ]
    return web.Response(text=json.dumps({"apiVersion": "v1", "entries": {"demo": entries}}))


def redirect(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})


def manifest(digest: str = f"sha256:{DIGEST}", media_type: str = LAYER) -> web.Response:
    content = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "layers": [{"mediaType": media_type, "digest": digest}],
    }
    return web.Response(text=json.dumps(content), headers={"Content-Type": MANIFEST})


def pulls(host: Host) -> OciChart:
    host.answers |= {
        "/v2/charts/demo/manifests/1.2.3": manifest(),
        f"/v2/charts/demo/blobs/sha256:{DIGEST}": web.Response(body=CHART),
    }
    return OciChart(host.url.replace("http", "oci") + "/charts/demo", "1.2.3", CI, plain_http=True)
