"""Charts from HTTP repositories and OCI registries, honest and not (security.md, row 26)."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.helm.charts import fetch
from bot.helm.downloading import Credentials
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.registries import LAYER, MANIFEST, OciChart
from bot.helm.repositories import RepoChart
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


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting() as host:
        yield host


def index(url: str, digest: str = DIGEST) -> web.Response:
    entries = [
        {"version": "1.3.0-rc.1", "urls": ["charts/none.tgz"]},
        {"version": "1.2.3", "urls": [url], "digest": digest},
        {"version": "1.2.2", "urls": ["charts/old.tgz"]},
    ]
    return web.Response(text=json.dumps({"apiVersion": "v1", "entries": {"demo": entries}}))


def redirect(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})


async def test_a_repository_gives_the_newest_release_or_the_version_named(host: Host) -> None:
    host.answers = {
        "/repo/index.yaml": index("charts/demo.tgz"),
        "/repo/charts/demo.tgz": web.Response(body=CHART),
    }
    newest = await fetch(RepoChart(f"{host.url}/repo", "demo"))
    named = await fetch(RepoChart(f"{host.url}/repo/", "demo", "1.2.3"))
    assert (newest.name, newest.version, newest.digest) == ("demo", "1.2.3", DIGEST)
    assert named == newest


async def test_a_version_that_is_not_there_is_answered_with_those_that_are(host: Host) -> None:
    host.answers = {"/index.yaml": index("x.tgz")}
    with pytest.raises(
        ChartUnavailable, match=r"no chart demo 9\.9\.9; the newest there are 1\.3\.0-rc\.1, 1\.2\.3"
    ):
        await fetch(RepoChart(host.url, "demo", "9.9.9"))


@pytest.mark.parametrize(
    "entries", [True, 5, "x", {"a": "b"}, [1, None], [{"version": "1.0.0", "urls": "x"}]]
)
async def test_an_index_of_another_shape_has_no_such_chart(host: Host, entries: object) -> None:
    host.answers = {"/index.yaml": web.Response(text=json.dumps({"entries": {"demo": entries}}))}
    with pytest.raises(ChartUnavailable, match="has no chart demo"):
        await fetch(RepoChart(host.url, "demo"))


async def test_an_archive_that_differs_from_its_index_is_refused(host: Host) -> None:
    host.answers = {"/index.yaml": index("x.tgz", "0" * 64), "/x.tgz": web.Response(body=CHART)}
    with pytest.raises(ChartInvalid, match="digest differs"):
        await fetch(RepoChart(host.url, "demo"))


async def test_credentials_go_to_the_repository_alone(host: Host) -> None:
    async with hosting() as other:
        host.answers = {"/index.yaml": index("here.tgz"), "/here.tgz": redirect(f"{other.url}/away.tgz")}
        other.answers = {"/away.tgz": web.Response(body=CHART), "/direct.tgz": web.Response(body=CHART)}
        await fetch(RepoChart(host.url, "demo", credentials=CI))
        assert host.shown == {"/index.yaml": BASIC, "/here.tgz": BASIC}
        host.answers["/index.yaml"] = index(f"{other.url}/direct.tgz")
        await fetch(RepoChart(host.url, "demo", credentials=CI))
        assert other.shown == {"/away.tgz": None, "/direct.tgz": None}


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/x",
        "http://[::1]:1/x",
        "http://10.0.0.1/x",
        "http://metadata.google.internal/x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://127.0.0.1/x",
    ],
)
async def test_no_one_is_led_to_inner_addresses_or_files(host: Host, target: str) -> None:
    host.answers = {"/index.yaml": redirect(target)}
    with pytest.raises(ChartUnavailable, match="leads to"):
        await fetch(RepoChart(host.url, "demo"))
    host.answers = {"/index.yaml": index(target)}
    with pytest.raises(ChartUnavailable, match="leads to"):
        await fetch(RepoChart(host.url, "demo"))


@pytest.mark.parametrize(
    "spelling",
    [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "[::]",
    ],
)
async def test_no_spelling_of_this_machine_is_followed(host: Host, spelling: str) -> None:
    target = f"http://{spelling}:{URL(host.url).port}/x.tgz"
    for answer in (redirect(target), index(target)):
        host.answers = {"/index.yaml": answer, "/x.tgz": web.Response(body=CHART)}
        with pytest.raises(ChartUnavailable, match=r"leads to|cannot be reached"):
            await fetch(RepoChart(host.url, "demo"))
    assert "/x.tgz" not in host.shown


async def test_a_name_that_hides_an_inner_address_is_refused(host: Host) -> None:
    port = URL(host.url).port
    host.answers = {
        "/index.yaml": index(f"http://{socket.gethostname()}:{port}/x.tgz"),
        "/x.tgz": web.Response(body=CHART),
    }
    with pytest.raises(ChartUnavailable, match="cannot be reached"):
        await fetch(RepoChart(host.url, "demo"))
    assert "/x.tgz" not in host.shown


async def test_endless_redirects_and_endless_bodies_end(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.answers = {"/index.yaml": redirect(f"{host.url}/index.yaml")}
    with pytest.raises(ChartUnavailable, match="more than 5 times"):
        await fetch(RepoChart(host.url, "demo"))
    host.answers = {"/index.yaml": index("big.tgz"), "/big.tgz": web.Response(body=bytes(21 << 20))}
    with pytest.raises(ChartUnavailable, match="more than 20 MiB"):
        await fetch(RepoChart(host.url, "demo"))


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_said_without_them(host: Host, status: int) -> None:
    host.answers = {"/index.yaml": web.Response(status=status)}
    with pytest.raises(ChartUnavailable, match="refuses") as caught:
        await fetch(RepoChart(host.url, "demo", credentials=CI))
    assert "canary" not in str(caught.value) + repr(CI)


async def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    for source in (
        RepoChart("https://ci:canary@h.example", "demo"),
        OciChart("oci://ci:canary@h.example/x", "1"),
    ):
        with pytest.raises(ChartUnavailable, match="write them apart") as caught:
            await fetch(source)
        assert "canary" not in str(caught.value)


async def test_a_host_that_is_not_there_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(ChartUnavailable, match="cannot be reached"):
        await fetch(RepoChart(f"http://127.0.0.1:{unused_tcp_port}", "demo"))


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


async def test_a_registry_gives_a_chart_by_its_tag(host: Host) -> None:
    chart = await fetch(pulls(host))
    assert (chart.name, chart.digest) == ("demo", DIGEST)


async def test_a_registry_is_shown_credentials_only_when_it_asks(host: Host) -> None:
    await fetch(pulls(host))
    assert set(host.shown.values()) == {None}
    host.wants = BASIC
    await fetch(pulls(host))
    assert host.shown[f"/v2/charts/demo/blobs/sha256:{DIGEST}"] == BASIC


async def test_a_registry_s_token_service_is_asked_for_a_token(host: Host) -> None:
    host.wants = "Bearer pass"
    host.challenge = f'Bearer realm="{host.url}/token",service="r",scope="repository:charts/demo:pull"'
    host.answers["/token"] = web.Response(text='{"token": "pass"}')
    await fetch(pulls(host))
    assert host.shown["/token"] == BASIC
    assert host.shown["/v2/charts/demo/manifests/1.2.3"] == "Bearer pass"


@pytest.mark.parametrize(
    "realm", ["http://auth.example.org/token", "http://[bad/token", "ftp://x/", "", "http://", "/token"]
)
async def test_a_token_service_in_the_clear_or_nowhere_gets_nothing(host: Host, realm: str) -> None:
    host.wants = "Bearer pass"
    host.challenge = f'Bearer realm="{realm}",service="r"'
    with pytest.raises(ChartUnavailable, match="they were not sent"):
        await fetch(pulls(host))


@pytest.mark.parametrize("token", [None, 5, {"a": 1}, "", "a\nHost: b", "\u00e9"])
async def test_a_token_that_is_none_is_refused(host: Host, token: object) -> None:
    host.wants = "Bearer pass"
    host.challenge = f'Bearer realm="{host.url}/token",service="r"'
    host.answers["/token"] = web.Response(text=json.dumps({"token": token}))
    with pytest.raises(ChartUnavailable, match=r"a token .* that is none"):
        await fetch(pulls(host))


async def test_a_token_service_at_an_inner_address_gets_nothing(host: Host) -> None:
    host.wants = "Bearer pass"
    host.challenge = 'Bearer realm="https://169.254.169.254/token",service="r"'
    with pytest.raises(ChartUnavailable, match="leads to"):
        await fetch(pulls(host))


async def test_what_is_no_chart_or_not_the_promised_one_is_refused(host: Host) -> None:
    source = pulls(host)
    host.answers["/v2/charts/demo/manifests/1.2.3"] = manifest(
        media_type="application/vnd.oci.image.layer.v1.tar"
    )
    with pytest.raises(ChartInvalid, match="is no Helm chart"):
        await fetch(source)
    wrong = "sha256:" + "0" * 64
    host.answers["/v2/charts/demo/manifests/1.2.3"] = manifest(wrong)
    host.answers[f"/v2/charts/demo/blobs/{wrong}"] = web.Response(body=CHART)
    with pytest.raises(ChartInvalid, match="digest differs"):
        await fetch(source)
