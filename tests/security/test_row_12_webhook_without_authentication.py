"""No webhook without a secret, and nothing of a call is read before it (security.md, row 12)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession

from bot.config import ConfigInvalid, load
from bot.web.server import SECRET_HEADER, Webhook
from tests.security.webhooks import HEADERS, SECRET, Taken, server
from tests.webhooks.payloads import CALLS, github
from tests.webhooks.payloads import SECRET as PUSH_SECRET
from tests.webhooks.serving import served


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
        b"",
        b"[]",
        b"nope",
        b"[" * 100_000,
        b'{"update_id": "1"}',
    ],
)
async def test_a_body_that_is_no_update_is_a_bad_request(body: bytes) -> None:
    taken = Taken()
    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        assert (await client.post("/telegram", data=body, headers=HEADERS)).status == 400
    assert taken == []


@pytest.mark.parametrize("secret", ["", "wrong", "rightx", "rïght"])
async def test_a_wrong_secret_is_refused_before_the_body_is_read(secret: str) -> None:
    taken = Taken()
    async with server(taken) as web, ClientSession(web.url) as client:
        answer = await client.post("/telegram", data=b"{not json", headers={SECRET_HEADER: secret})
        assert answer.status == 401
    assert not taken


@pytest.mark.parametrize("host", CALLS)
async def test_a_push_without_its_proof_is_refused_whatever_else_is_right(host: str) -> None:
    async with served() as caller:
        call = CALLS[host]()
        bare = replace(call, body=b"{}")
        for headers in (
            {},
            {"X-Gitlab-Token": ""},
            {"X-Gitlab-Token": SECRET},
            {"X-Hub-Signature-256": "sha256="},
            {"X-Hub-Signature-256": "sha1=" + "0" * 40},
            {"X-Hub-Signature": "sha1=" + "0" * 40},
            {"X-Gitea-Signature": "0" * 64},
            {"Authorization": f"Bearer {PUSH_SECRET}"},
        ):
            assert await caller.post(replace(bare, headers={**call.headers, **headers})) == (401, "")
        status, _ = await caller.post(replace(bare, headers={**call.headers, "secret": PUSH_SECRET}))
        assert status == 401
        assert await caller.post(replace(call, secret="").signed(), host) == (401, "")
        assert caller.taken == []


async def test_a_webhook_whose_secret_cannot_be_read_and_one_that_is_not_there_are_told_alike() -> None:
    async with served() as caller:
        for name in ("unset", "nowhere", "__class__"):
            for call in (github(), replace(github(), secret="")):
                assert await caller.post(call.signed(), name) == (401, "")
        assert caller.taken == []


async def test_nothing_of_a_push_is_parsed_before_it_is_known_to_be_genuine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[object] = []
    monkeypatch.setattr(json, "loads", parsed.append)
    async with served() as caller:
        for host, make in CALLS.items():
            assert (await caller.post(replace(make(), secret="wrong").signed(), host))[0] == 401
    assert parsed == []


def test_a_git_webhook_without_a_secret_is_no_configuration(tmp_path: Path) -> None:
    shop = {"host": "github", "repository": "a/b", "apps": ["shop"], "branches": ["main"], "chat": "team"}
    for secret in ({}, {"secret": ""}, {"secret": "written-out"}, {"secret": None}):
        content = {"telegram": {"token": "${TOKEN}"}, "webhooks": {"shop": {**shop, **secret}}}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        with pytest.raises(ConfigInvalid) as caught:
            load([tmp_path / "config.yaml"], {"TOKEN": "t"})
        assert any("webhooks.shop.secret" in str(problem) for problem in caught.value.problems)
