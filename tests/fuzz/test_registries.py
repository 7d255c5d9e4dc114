"""Answers of registries, whatever their shape."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.clock import SystemClock
from bot.helm.charts import fetch
from bot.helm.downloading import Credentials
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.registries import OciChart
from bot.images.access import Credentials as Login
from bot.images.access import ServerAccess
from bot.images.answers import codes, document, judge
from bot.images.errors import ImagesError
from bot.images.references import parse_repository
from bot.images.registry import Registries, _facts, _first_image
from bot.images.transport import Answer
from tests.fuzz.making import fuzzed, fuzzed_less, near, nested

KEYS = st.sampled_from(
    ["errors", "code", "message", "manifests", "platform", "os", "digest", "config", "Labels", "created"]
)
DATA = nested(KEYS)
BODIES = DATA.map(lambda data: json.dumps(data).encode()) | st.binary(max_size=60) | near("registries")
CHALLENGES = st.sampled_from(
    [
        "",
        "Basic",
        "Bearer",
        'Bearer realm="http://HOST/token",service="r"',
        'Bearer realm="http://HOST/token" scope=x,realm=""',
        'Bearer realm="https://[bad",service=\\"',
        "Bearer realm=file:///etc/passwd",
        'Digest realm="x", Bearer realm="//HOST/token"',
    ]
)
WHERE = parse_repository("registry.example.org/shop")


def answer(status: int, body: bytes) -> Answer:
    return Answer(status, CIMultiDictProxy(CIMultiDict[str]()), body, URL("https://registry.example.org/v2/"))


@fuzzed
@given(st.sampled_from([200, 401, 403, 404, 429, 500, 302]), BODIES)
def test_any_answer_is_taken_or_refused(status: int, body: bytes) -> None:
    with suppress(ImagesError):
        assert judge(answer(status, body), WHERE).status == 200
    assert all("\n" not in words for words in codes(answer(status, body)).values())


@fuzzed
@given(BODIES)
def test_any_document_tells_its_facts_or_is_refused(body: bytes) -> None:
    with suppress(ImagesError):
        found = document(answer(200, body))
        assert all(isinstance(each, str) for each in _facts(found).labels.values())
        listed = found.get("manifests")
        assert _first_image(listed if isinstance(listed, list) else [], WHERE)


@dataclass
class Host:
    """A registry whose answers are whatever they are told to be."""

    url: str = ""
    challenge: str = ""
    bodies: list[bytes] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization", "")
        self.shown.append(f"{request.host} {authorization}")
        if self.challenge and not authorization and request.path != "/token":
            asks = self.challenge.replace("HOST", request.host)
            return web.Response(status=401, headers={"WWW-Authenticate": asks})
        body = self.bodies.pop(0) if self.bodies else b"{}"
        return web.Response(body=body, content_type="application/json")


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.answer)
    server = TestServer(app)
    await server.start_server()
    host.url = f"127.0.0.1:{server.port}"
    try:
        yield host
    finally:
        await server.close()


@fuzzed_less
@given(CHALLENGES, st.lists(BODIES, max_size=3))
async def test_any_registry_gives_a_chart_or_is_refused(
    host: Host, challenge: str, bodies: list[bytes]
) -> None:
    host.challenge, host.bodies = challenge, list(bodies)
    chart = OciChart(f"oci://{host.url}/shop", "1.2.3", Credentials("ci", "canary"), plain_http=True)
    with suppress(ChartInvalid, ChartUnavailable):
        await fetch(chart)


@fuzzed_less
@given(CHALLENGES, st.lists(BODIES, max_size=3))
async def test_any_registry_lists_tags_or_is_refused(host: Host, challenge: str, bodies: list[bytes]) -> None:
    host.challenge, host.bodies = challenge, list(bodies)
    access = {host.url: ServerAccess(Login("ci", lambda: "canary"))}
    async with Registries(access, clock=SystemClock()) as registries:
        with suppress(ImagesError):
            assert all(tag.isprintable() for tag in await registries.tags(f"{host.url}/shop"))
