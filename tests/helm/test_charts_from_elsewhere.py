"""Charts from HTTP repositories and OCI registries, honest and not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.helm.charts import fetch
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.registries import OciChart
from bot.helm.repositories import RepoChart
from tests.helm.hosts import BASIC, CHART, CI, DIGEST, Host, hosting, index, manifest, pulls, redirect


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting() as host:
        yield host


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


@pytest.mark.parametrize("token", [None, 5, {"a": 1}, "", "a\nHost: b", "\u00e9"])
async def test_a_token_that_is_none_is_refused(host: Host, token: object) -> None:
    host.wants = "Bearer pass"
    host.challenge = f'Bearer realm="{host.url}/token",service="r"'
    host.answers["/token"] = web.Response(text=json.dumps({"token": token}))
    with pytest.raises(ChartUnavailable, match=r"a token .* that is none"):
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
