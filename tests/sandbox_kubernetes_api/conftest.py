"""An embedded cluster per test, over HTTP, and the clients that talk to it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer

Object = dict[str, Any]


class Http:
    """Plain HTTP, so that tests see what goes over the wire."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def ask(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of the answer; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = kind
        options: Object = {"data": body} if isinstance(body, bytes) else {"json": body}
        if body is None:
            options = {}
        async with self.session.request(method, self.url + path, headers=sent, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str, **headers: str) -> Any:
        """The JSON of a GET that must succeed."""
        status, body = await self.ask("GET", path, **headers)
        assert status == 200, body
        return body

    async def create(self, path: str, body: Object) -> Object:
        """The object of a POST that must succeed."""
        status, created = await self.ask("POST", path, body)
        assert status == 201, created
        found: Object = created
        return found

    async def apply(self, path: str, body: Object, manager: str = "me", more: str = "") -> tuple[int, Any]:
        """Server-side apply."""
        path = f"{path}?fieldManager={manager}&fieldValidation=Strict{more}"
        return await self.ask("PATCH", path, body, kind="application/apply-patch+yaml")


@pytest.fixture
async def cluster() -> AsyncIterator[KubernetesServer]:
    async with KubernetesServer(pace=Pace.instant()) as server:
        yield server


@pytest.fixture
async def http(cluster: KubernetesServer) -> AsyncIterator[Http]:
    async with aiohttp.ClientSession() as session:
        yield Http(session, cluster.url)


@pytest.fixture
def kubeconfig(cluster: KubernetesServer, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(cluster.kubeconfig())
    return path


@pytest.fixture
def chart() -> Path:
    return Path(__file__).parent / "charts" / "demo"
