"""No side door: a command, button or route that asks for no right cannot exist (security.md, row 6)."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

import bot
from bot.clock import SystemClock
from bot.commands.ask import Ask
from bot.commands.declaring import BUTTONS, COMMANDS, KNOWN, Declared, button, command
from bot.config import PERMISSIONS
from bot.web.githosts import GitHosts
from bot.web.server import SECRET_HEADER
from tests.security.webhooks import HEADERS, SECRET, Taken, server
from tests.webhooks.serving import WEBHOOKS
from tests.webhooks.serving import Taken as Pushed

FOR_WHOEVER_IS_KNOWN = {"start", "help", "whoami", "run", "plan.again", "plan.close", "lock.ask", "lock.take"}
"""What needs no right of its own: it shows what concerns the person, or leads to what has one."""


DECLARED = [*COMMANDS.values(), *BUTTONS.values()]


async def nothing(ask: Ask) -> None:
    """Do nothing."""


@pytest.mark.parametrize("declared", DECLARED, ids=lambda declared: declared.name)
def test_it_names_a_permission_that_exists(declared: Declared) -> None:
    if declared.permission == KNOWN:
        assert declared.name in FOR_WHOEVER_IS_KNOWN
    else:
        assert declared.permission in PERMISSIONS


@pytest.mark.parametrize("declared", COMMANDS.values(), ids=lambda declared: declared.name)
def test_a_command_explains_itself(declared: Declared) -> None:
    assert declared.summary
    assert declared.example.split()[0] == f"/{declared.name}"


@pytest.mark.parametrize("permission", ["", "deploy", "deploy.everything", None])
@pytest.mark.parametrize("register", [command, button])
def test_one_with_a_permission_that_does_not_exist_cannot_be_registered(
    register: Any, permission: str | None
) -> None:
    more = {"example": "/sidedoor"} if register is command else {}
    with pytest.raises(ValueError, match="needs a permission"):
        register("sidedoor", permission=permission, **more)(nothing)
    assert "sidedoor" not in COMMANDS
    assert "sidedoor" not in BUTTONS


@pytest.mark.parametrize("register", [command, button])
def test_one_that_declares_none_cannot_be_registered(register: Any) -> None:
    with pytest.raises(TypeError, match="permission"):
        register("sidedoor")


def test_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        command("deploy", permission="deploy.run", example="/deploy")(nothing)


SOURCES = sorted(Path(bot.__file__).parent.rglob("*.py"))


OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""What whoever reaches the port may ask: nothing of it tells a secret or does anything."""


async def test_every_route_is_open_on_purpose_or_asks_for_the_secret() -> None:
    taken = Taken()
    hidden: set[str] = set()
    hosts = GitHosts(lambda: WEBHOOKS, Pushed(), hidden.update, SystemClock())
    async with server(taken, git_hosts=hosts) as web_server, ClientSession(web_server.url) as client:
        assert web_server._runner is not None
        assert web_server._runner.app is not None
        routes = {
            (route.method, route.resource.canonical)
            for route in web_server._runner.app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        }
        assert routes >= OPEN
        assert len(routes - OPEN) == 2
        names = [("POST", f"/webhooks/{name}") for name in (*WEBHOOKS, "nowhere")]
        for method, path in [*((m, p.format(name="x")) for m, p in routes - OPEN), *names]:
            for headers in ({}, {SECRET_HEADER: "wrong"}, {"Authorization": f"Bearer {SECRET}"}):
                answer = await client.request(method, path, data=b'{"update_id": 1}', headers=headers)
                assert answer.status == 401
        for path in (
            "/",
            "/webhooks",
            "/webhooks/",
            "/webhooks/github/x",
            "/admin",
            "/telegram/",
            "/telegram/x",
            "/debug",
            "/../etc/passwd",
        ):
            assert (await client.post(path, headers=HEADERS)).status in (404, 405)
        for path in ("/telegram", "/webhooks/github"):
            assert (await client.get(path, headers=HEADERS)).status == 405
    assert taken == []


def test_the_sandbox_is_the_only_other_server() -> None:
    listening = [file for file in SOURCES if "web.Application(" in file.read_text(encoding="utf-8")]
    root = Path(bot.__file__).parent
    outside = [file.relative_to(root).as_posix() for file in listening if "sandbox" not in file.parts]
    assert outside == ["web/server.py"]
    assert web.Application is not None
