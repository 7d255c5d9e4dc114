"""Logins out of Docker's config.json: read at each use, with helpers where they are allowed."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.images import docker_config
from bot.images.access import Account, ServerAccess
from bot.images.docker_config import DockerConfig
from bot.images.errors import RegistryRefused, RegistryUnreachable
from bot.images.registry import Registries
from bot.sandbox.registry import BasicAccess, BearerAccess, RegistryServer, add_sample_images
from tests.images.moving_clock import MovingClock

HOST = "registry.example.org"


def auth(username: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


Config = Callable[..., DockerConfig]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A login for a host by a config.json with that content."""

    def written(
        content: Any, host: str = HOST, *, allow_exec: bool = False, **variables: str
    ) -> DockerConfig:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "config.json").write_text(text)
        reading = {name: (lambda value=value: value) for name, value in variables.items()}
        return DockerConfig(tmp_path / "config.json", host, allow_exec, reading)

    return written


@pytest.mark.parametrize("key", [HOST, f"https://{HOST}", f"https://{HOST}/v1/", f"http://{HOST}/v2"])
async def test_a_login_is_found_under_every_spelling_of_its_host(config: Config, key: str) -> None:
    login = config({"auths": {"other.example.org": auth("eve", "x"), key: auth("ci", "s3:cr:et")}})
    assert await login.account() == Account("ci", "s3:cr:et")


async def test_dockers_own_registry_has_a_name_of_its_own(config: Config) -> None:
    auths = {"auths": {"https://index.docker.io/v1/": auth("ci", "hub")}}
    assert await config(auths, "docker.io").account() == Account("ci", "hub")


@pytest.mark.parametrize(
    "content",
    [{}, {"auths": {}}, {"auths": {HOST: {}}}, {"auths": []}, {"auths": {"a.example.org": auth("a", "b")}}],
)
async def test_who_is_not_logged_in_asks_anonymously(config: Config, content: Any) -> None:
    assert await config(content).account() is None


async def test_an_identity_token_is_told_from_a_password(config: Config) -> None:
    entry = {**auth("0000", ""), "identitytoken": "refresh-me"}
    account = await config({"auths": {HOST: entry}}).account()
    assert account == Account("0000", "", "refresh-me")
    assert "refresh-me" not in repr(account)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON object"),
        ("[]", "is no JSON object"),
        ({"auths": {HOST: {"auth": "%%%"}}}, "is not base64"),
        ({"credsStore": "../../bin/sh"}, "no plain name"),
        ({"credsStore": "-x"}, "no plain name"),
        ({"credHelpers": {HOST: "ecr-login"}}, "allow_exec: true under that registry"),
    ],
)
async def test_what_is_wrong_is_said(config: Config, content: Any, words: str) -> None:
    with pytest.raises(RegistryRefused, match=words):
        await config(content).account()


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryRefused, match=r"gone\.json can't be read"):
        await DockerConfig(tmp_path / "gone.json", HOST).account()


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program `docker-credential-test` of that body into PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def written(body: str) -> None:
        program = folder / "docker-credential-test"
        program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n")
        program.chmod(0o700)

    return written


ANSWER = "print(json.dumps({'ServerURL': asked, 'Username': 'ci', 'Secret': 's3cret'}))"


async def test_a_helper_is_asked_by_its_protocol(
    config: Config, helper: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "4711:canary")
    seen = tmp_path / "seen"
    helper(
        f"asked = sys.stdin.read(); {ANSWER}\n"
        f"open({str(seen)!r}, 'w').write(json.dumps([asked, sys.argv[1:], dict(os.environ)]))"
    )
    login = config({"credHelpers": {HOST: "test"}}, allow_exec=True, AWS_REGION="eu-west-1")
    assert await login.account() == Account("ci", "s3cret")
    asked, arguments, environment = json.loads(seen.read_text())
    assert (asked, arguments) == (HOST, ["get"])
    assert set(environment) - {"LC_CTYPE"} == {"PATH", "HOME", "AWS_REGION"}


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (
            "print(json.dumps({'Username': '<token>', 'Secret': 'refresh-me'}))",
            Account("<token>", "", "refresh-me"),
        ),
        ("print('credentials not found in native keychain'); sys.exit(1)", None),
        ("print(json.dumps({'Username': '', 'Secret': ''}))", None),
    ],
)
async def test_what_a_helper_answers(
    config: Config, helper: Callable[[str], None], body: str, account: Account | None
) -> None:
    helper(body)
    assert await config({"credsStore": "test"}, allow_exec=True).account() == account


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (
            "print('no session: Bearer abcdefgh12345678', file=sys.stderr); sys.exit(1)",
            RegistryRefused,
            "no session",
        ),
        ("print('hello')", RegistryRefused, "no login"),
        ("print(json.dumps(['Secret']))", RegistryRefused, "no login"),
        ("while True: print('x' * 65536)", RegistryRefused, "more than a login"),
        ("time.sleep(60)", RegistryUnreachable, "did not answer within"),
    ],
)
async def test_a_helper_that_fails_is_told_and_ended(
    config: Config,
    helper: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    error: type[Exception],
    words: str,
) -> None:
    monkeypatch.setattr(docker_config, "SECONDS", 1.0)
    helper(body)
    with pytest.raises(error, match=words) as caught:
        async with asyncio.timeout(50):
            await config({"credsStore": "test"}, allow_exec=True).account()
    assert "abcdefgh12345678" not in str(caught.value)


async def test_a_helper_that_is_not_installed_is_named(config: Config) -> None:
    with pytest.raises(RegistryRefused, match="docker-credential-no-such, which"):
        await config({"credsStore": "no-such"}, allow_exec=True).account()


@pytest.mark.parametrize("kind", [BasicAccess, BearerAccess])
async def test_a_login_that_is_renewed_is_picked_up_when_the_old_one_is_refused(
    config: Config, kind: type[BasicAccess] | type[BearerAccess]
) -> None:
    """As `aws ecr get-login-password | docker login` does every twelve hours."""
    accounts = {"ci": "first"}
    clock = MovingClock()
    async with RegistryServer(access=kind(accounts)) as server:
        add_sample_images(server)
        login = config({"auths": {server.host: auth("ci", "first")}}, server.host)
        async with Registries({server.host: ServerAccess(login)}, clock=clock) as registries:
            assert await registries.tags(f"{server.host}/shop")
            accounts["ci"] = "second"
            clock.passed += 3600
            with pytest.raises(RegistryRefused, match="check the"):
                await registries.tags(f"{server.host}/shop")
            config({"auths": {server.host: auth("ci", "second")}}, server.host)
            asked = (registries.digest(f"{server.host}/shop", "v1.2") for _ in range(8))
            assert len(set(await asyncio.gather(*asked))) == 1


async def test_an_expired_login_that_is_answered_with_403_is_renewed_too(config: Config) -> None:
    """Some clouds' registries answer so, without a challenge."""
    valid = "first"
    asked: list[str] = []

    async def tags(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        asked.append(given)
        if not given:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if given != Account("ci", valid).header():
            return web.json_response(
                {"errors": [{"code": "DENIED", "message": "token has expired"}]}, status=403
            )
        return web.json_response({"name": "shop", "tags": ["v1"]})

    async with Serving(tags) as host:
        login = config({"auths": {host: auth("ci", "first")}}, host)
        async with Registries({host: ServerAccess(login)}) as registries:
            assert await registries.tags(f"{host}/shop") == ["v1"]
            valid = "second"
            with pytest.raises(RegistryRefused, match="token has expired"):
                await registries.tags(f"{host}/shop")
            config({"auths": {host: auth("ci", "second")}}, host)
            assert await registries.tags(f"{host}/shop") == ["v1"]


async def test_an_identity_token_is_exchanged_and_never_sent_to_the_registry(config: Config) -> None:
    forms: list[dict[str, str]] = []
    sent: list[str] = []

    async def token(request: web.Request) -> web.Response:
        forms.append({key: str(value) for key, value in (await request.post()).items()})
        return web.json_response({"access_token": "short-lived", "expires_in": 300})

    async def tags(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        sent.append(given)
        if given == "Bearer short-lived":
            return web.json_response({"name": "shop", "tags": ["v1"]})
        challenge = f'Bearer realm="http://{request.host}/token",service="registry"'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    async with Serving(tags, token) as host:
        entry = {**auth("0000", ""), "identitytoken": "refresh-me"}
        login = config({"auths": {host: entry}}, host)
        async with Registries({host: ServerAccess(login)}) as registries:
            assert await registries.tags(f"{host}/shop") == ["v1"]
    assert sent == ["", "Bearer short-lived"]
    assert forms == [
        {
            "scope": "repository:shop:pull",
            "service": "registry",
            "grant_type": "refresh_token",
            "client_id": "pilothouse",
            "refresh_token": "refresh-me",
        }
    ]


Handler = Callable[[web.Request], Any]


class Serving:
    """A registry of the test's own making, and perhaps its token service; the host as context."""

    def __init__(self, tags: Handler, token: Handler | None = None) -> None:
        application = web.Application()
        application.router.add_get("/v2/shop/tags/list", tags)
        if token is not None:
            application.router.add_post("/token", token)
        self._runner = web.AppRunner(application)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"{host}:{port}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
