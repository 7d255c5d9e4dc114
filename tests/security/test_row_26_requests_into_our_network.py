"""No repository or registry leads us into our own network, or gets what is another's (security.md, row 26)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from bot.helm.charts import fetch
from bot.helm.errors import ChartUnavailable
from bot.helm.repositories import RepoChart
from bot.images.access import ServerAccess
from bot.images.errors import RegistryRefused, SourceRefused
from bot.images.registry import Registries
from bot.images.source import Sources
from tests.helm.hosts import BASIC, CHART, CI, Host, hosting, index, pulls, redirect
from tests.images.git_server import GitServer, access, locked
from tests.images.lying import serving, with_password


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting() as host:
        yield host


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    async with locked(tmp_path) as server:
        yield server


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


@pytest.mark.parametrize(
    "realm", ["http://auth.example.org/token", "http://[bad/token", "ftp://x/", "", "http://", "/token"]
)
async def test_a_token_service_in_the_clear_or_nowhere_gets_nothing(host: Host, realm: str) -> None:
    host.wants = "Bearer pass"
    host.challenge = f'Bearer realm="{realm}",service="r"'
    with pytest.raises(ChartUnavailable, match="they were not sent"):
        await fetch(pulls(host))


async def test_a_token_service_at_an_inner_address_gets_nothing(host: Host) -> None:
    host.wants = "Bearer pass"
    host.challenge = 'Bearer realm="https://169.254.169.254/token",service="r"'
    with pytest.raises(ChartUnavailable, match="leads to"):
        await fetch(pulls(host))


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://100.100.100.200/",
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "gopher://example.org/",
    ],
)
async def test_redirects_into_our_own_network_are_not_followed(target: str) -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": target})

    async with serving(redirect) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="not followed"):
            await registries.tags(f"{host}/shop")


async def test_a_name_that_leads_to_this_machine_is_not_followed() -> None:
    name = socket.gethostname()  # a name, not an address; what it leads to is this machine's to say
    addresses = {entry[4][0] for entry in socket.getaddrinfo(name, 1)}
    if not any(ipaddress.ip_address(address).is_loopback for address in addresses):
        name = "ip6-localhost"

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"http://{name}:1/x"})

    async with serving(redirect) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match=f"sent us to {name}.*not followed"):
            await registries.tags(f"{host}/shop")


@pytest.mark.parametrize(
    "realm", ["http://auth.example.org/token", "ftp://x/", "", "http://", "http://127.0.0.2/token"]
)
async def test_credentials_are_not_sent_to_a_realm_in_the_clear(realm: str) -> None:
    async def challenge(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.Response(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})

    async with serving(challenge) as host, with_password(host) as registries:
        with pytest.raises(RegistryRefused, match="they were not sent"):
            await registries.tags(f"{host}/shop")


async def test_a_realm_on_this_machine_is_not_asked_for_another_host() -> None:
    async def challenge(request: web.Request) -> web.Response:
        return web.Response(
            status=401, headers={"WWW-Authenticate": 'Bearer realm="https://127.0.0.2/token"'}
        )

    async with serving(challenge) as host, with_password(host) as registries:
        with pytest.raises(RegistryRefused, match="not followed"):
            await registries.tags(f"{host}/shop")


async def test_credentials_of_one_registry_are_not_shown_to_another() -> None:
    seen: list[str | None] = []

    async def challenge(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    async with serving(challenge) as host, with_password("127.0.0.1:1") as registries:
        with pytest.raises(RegistryRefused):
            await registries.tags(f"{host}/shop")
    assert seen == [None]


async def test_a_next_page_elsewhere_is_refused() -> None:
    async def listing(request: web.Request) -> web.Response:
        link = '<http://elsewhere.example.org/v2/shop/tags/list?last=v1>; rel="next"'
        return web.json_response({"tags": ["v1"]}, headers={"Link": link})

    async with serving(listing) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match=r"go on at elsewhere\.example\.org"):
            await registries.tags(f"{host}/shop")


@pytest.mark.parametrize("target", ["http://169.254.169.254", "https://127.0.0.1:1", "file://"])
async def test_redirects_are_not_followed(server: GitServer, tmp_path: Path, target: str) -> None:
    server.redirect_to = target
    async with Sources(tmp_path / "cache", access(server)) as sources:
        with pytest.raises(SourceRefused, match="redirects elsewhere"):
            await sources.tags(f"{server.url}/shop.git")


async def test_credentials_are_bound_to_their_host(server: GitServer, tmp_path: Path) -> None:
    elsewhere = {"git.example.org": access(server)["127.0.0.1"]}
    elsewhere["127.0.0.1"] = ServerAccess(ca_file=server.ca_file)
    async with Sources(tmp_path / "cache", elsewhere) as sources:
        with pytest.raises(SourceRefused, match="does not let us in"):
            await sources.tags(f"{server.url}/shop.git")
