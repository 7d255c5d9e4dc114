"""Who calls is known before anything is read, in constant time, and nobody fills or holds the server.

security.md, rows 6, 11, 12, 14 and 15; what is listened to at all, and how the bot starts.
"""

import ast
import asyncio
import gzip
import re
import resource
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientError, ClientSession, web

import bot
from bot.config import ConfigInvalid, load
from bot.web.server import LARGEST, SECRET_HEADER, Webhook, WebServer

SOURCES = sorted(Path(bot.__file__).parent.rglob("*.py"))
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""What whoever reaches the port may ask: nothing of it tells a secret or does anything."""
SECRET = "right-secret"
HEADERS = {SECRET_HEADER: SECRET}


class Taken(list[dict[str, Any]]):
    async def __call__(self, updates: Sequence[dict[str, Any]]) -> None:
        self.extend(updates)


def server(taken: Taken, **options: Any) -> WebServer:
    return WebServer("127.0.0.1", 0, ready={}, webhook=Webhook("/telegram", SECRET, taken), **options)


async def test_every_route_is_open_on_purpose_or_asks_for_the_secret() -> None:
    taken = Taken()
    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        assert web_server._runner is not None
        assert web_server._runner.app is not None
        routes = {
            (route.method, route.resource.canonical)
            for route in web_server._runner.app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        }
        assert routes >= OPEN
        for method, path in routes - OPEN:
            for headers in ({}, {SECRET_HEADER: "wrong"}, {"Authorization": f"Bearer {SECRET}"}):
                answer = await client.request(method, path, data=b'{"update_id": 1}', headers=headers)
                assert answer.status == 401
        for path in ("/", "/admin", "/telegram/", "/telegram/x", "/debug", "/../etc/passwd"):
            assert (await client.post(path, headers=HEADERS)).status in (404, 405)
        assert (await client.get("/telegram", headers=HEADERS)).status == 405
    assert taken == []


async def test_a_secret_in_any_other_place_or_form_is_none() -> None:
    taken = Taken()
    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        body = b'{"update_id": 1}'
        for path, headers in (
            (f"/telegram?secret={SECRET}", {}),
            (f"/telegram?{SECRET_HEADER}={SECRET}", {}),
            ("/telegram", {SECRET_HEADER: SECRET[:-1]}),
            ("/telegram", {SECRET_HEADER: f"{SECRET} x"}),
            ("/telegram", {SECRET_HEADER: SECRET.upper()}),
            ("/telegram", {"Cookie": f"{SECRET_HEADER}={SECRET}"}),
        ):
            assert (await client.post(path, data=body, headers=headers)).status == 401
        assert (await client.post("/telegram", data=body, headers=HEADERS)).status == 200
    assert taken == [{"update_id": 1}]


def _is_secret(node: ast.expr) -> bool:
    names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    names |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return any(word in name.lower() for name in names for word in ("secret", "signature", "hmac", "password"))


@pytest.mark.parametrize("package", ["web", "telegram", "commands", "store", "app.py"])
def test_secrets_are_compared_in_constant_time_only(package: str) -> None:
    root = Path(bot.__file__).parent / package
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and any(
                isinstance(op, (ast.Eq, ast.NotEq, ast.In)) for op in node.ops
            ):
                assert not any(_is_secret(side) for side in (node.left, *node.comparators)), (
                    f"{file}:{node.lineno}"
                )


def test_no_shell_is_ever_asked_and_nothing_is_unpickled() -> None:
    refused = (
        "subprocess_shell",
        "os.system",
        "os.popen",
        "shell=True",
        "pickle",
        "marshal.loads",
        "yaml.Loader",
    )
    for file in (each for each in SOURCES if "sandbox" not in each.parts):
        text = file.read_text(encoding="utf-8")
        assert not [word for word in refused if word in text], file


def test_programs_are_started_for_a_few_alone_and_never_with_words_of_the_cluster() -> None:
    starting = re.compile(
        r"create_subprocess_exec|subprocess\.(?:run|Popen|call|check_)|os\.(?:exec|spawn|posix_)"
    )
    asking = re.compile(r"from bot import .*\bprograms\b|from bot\.programs import")
    root = Path(bot.__file__).parent
    sources = {each.relative_to(root).as_posix(): each.read_text(encoding="utf-8") for each in SOURCES}
    ours = {name: text for name, text in sources.items() if not name.startswith("sandbox/")}
    assert {name for name, text in ours.items() if starting.search(text)} == {
        "programs.py",
        "helm/workers.py",
    }
    assert {name for name, text in ours.items() if asking.search(text)} == {
        "images/git.py",
        "images/source.py",
        "images/docker_config.py",
        "planning/decrypting.py",
    }


@pytest.mark.parametrize(
    "webhook",
    [
        {"url": "https://bot.example.org/hook"},
        {"url": "https://bot.example.org/hook", "secret": ""},
        {"url": "https://bot.example.org/hook", "secret": "written-out"},
        {"url": "https://bot.example.org/hook", "secret": None},
    ],
)
def test_a_webhook_without_a_secret_is_no_configuration(tmp_path: Path, webhook: dict[str, Any]) -> None:
    content = {"telegram": {"token": "${TOKEN}", "webhook": webhook}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load([tmp_path / "config.yaml"], {"TOKEN": "t"})
    assert any("webhook" in str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize("secret", ["", " ", "a b", "ä", "x" * 257, "new\nline"])
def test_a_secret_that_telegram_would_not_send_refuses_the_start(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        Webhook("/telegram", secret, Taken())


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_bomb_is_refused_in_a_second_of_work_and_little_memory(encoding: str) -> None:
    plain = b'{"update_id": 1, "x": "' + b"0" * (300 * LARGEST) + b'"}'
    bomb = gzip.compress(plain, 9) if encoding == "gzip" else zlib.compress(plain, 9)
    assert len(bomb) < LARGEST
    del plain
    taken = Taken()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        began = time.process_time()
        answer = await client.post("/telegram", data=bomb, headers={**HEADERS, "Content-Encoding": encoding})
        assert answer.status == 413
        assert time.process_time() - began < 1
        bombed = await client.post("/telegram", data=bomb, headers={"Content-Encoding": encoding})
        assert bombed.status == 401
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10
    assert taken == []


async def test_a_body_without_end_is_cut_off_and_one_that_is_announced_is_not_read() -> None:
    taken = Taken()

    async def endless() -> Any:
        for _ in range(10_000):
            yield b"0" * 65_536

    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        try:
            status = (await client.post("/telegram", data=endless(), headers=HEADERS)).status
        except ClientError:  # cut off while it was still sending
            status = 413
        assert status == 413
        host, port = web_server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /telegram HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 99999999999\r\n\r\n"
        writer.write(head.encode())
        async with asyncio.timeout(300):
            assert b" 413 " in await reader.readline()
        writer.close()
    assert taken == []


async def test_a_hundred_slow_senders_hold_up_nobody() -> None:
    taken = Taken()
    async with server(taken, slowest=3.0) as web_server, ClientSession(web_server.url) as client:
        host, port = web_server.url.removeprefix("http://").split(":")
        slow = [await asyncio.open_connection(host, int(port)) for _ in range(100)]
        head = (
            f"POST /telegram HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 50\r\n\r\n{{"
        )
        for _, writer in slow:
            writer.write(head.encode())
        refused = [asyncio.create_task(reader.readline()) for reader, _ in slow]
        assert (await client.post("/telegram", json={"update_id": 7}, headers=HEADERS)).status == 200
        assert not any(task.done() for task in refused)
        async with asyncio.timeout(300):
            assert all(b" 408 " in line for line in await asyncio.gather(*refused))
        for _, writer in slow:
            writer.close()
    assert taken == [{"update_id": 7}]


@pytest.mark.parametrize(
    "body",
    [
        b'{"update_id": true}',
        b'{"update_id": 1e3}',
        b'{"update_id": -1}',
        b'{"update_id": 99999999999999999999999999}',
        b'{"update_id": NaN}',
        b"\xff\xfe",
        b'{"a":' * 5000,
        b'{"update_id": 1, "update_id": null}',
    ],
)
async def test_a_body_that_is_no_update_is_a_bad_request(body: bytes) -> None:
    taken = Taken()
    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        assert (await client.post("/telegram", data=body, headers=HEADERS)).status == 400
    assert taken == []


def test_the_sandbox_is_the_only_other_server() -> None:
    listening = [file for file in SOURCES if "web.Application(" in file.read_text(encoding="utf-8")]
    root = Path(bot.__file__).parent
    outside = [file.relative_to(root).as_posix() for file in listening if "sandbox" not in file.parts]
    assert outside == ["web/server.py"]
    assert web.Application is not None
