"""Telegram brings the updates, and nobody else may."""

import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.failing import FOR_PEOPLE
from bot.sandbox.world import SandboxWorld
from bot.web.server import SECRET_HEADER
from tests.modes.opening import bot_in, talks

UPDATE = {
    "update_id": 999_999,
    "message": {
        "message_id": 1,
        "date": 1,
        "from": {"id": 1002, "is_bot": False, "first_name": "Dana"},
        "chat": {"id": 1002, "type": "private", "first_name": "Dana"},
        "text": "/whoami",
    },
}


def by_webhook(folder: Path) -> tuple[str, dict[str, Any]]:
    """The webhook's address, and the configuration that asks for it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    (folder / "hook").write_text("hook-secret_1\n", encoding="utf-8")
    url = f"http://{address}/telegram"
    webhook = {"url": url, "secret_file": str(folder / "hook")}
    return url, {"telegram": {"webhook": webhook}, "listen": address}


async def test_a_deploy_is_talked_through_by_webhook(sandbox: SandboxWorld, tmp_path: Path) -> None:
    url, config = by_webhook(tmp_path)
    async with bot_in(sandbox, tmp_path, config) as world:
        await talks(world)
        hook = sandbox.servers.telegram.state.webhook
        assert hook is not None
        assert (hook.url, hook.secret, hook.last_error) == (url, "hook-secret_1", None)


async def test_who_does_not_know_the_secret_says_nothing_to_the_bot(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    url, config = by_webhook(tmp_path)
    async with bot_in(sandbox, tmp_path, config) as world, ClientSession() as stranger:
        for headers in ({}, {SECRET_HEADER: "guess"}):
            assert (await stranger.post(url, json=UPDATE, headers=headers)).status == 401
        world.dana.says("/apps", chat="private")
        await world.sees("shop", chat="private")
        assert not [each for each in world.news("private") if "1002" in each.text]


async def test_going_back_to_polling_takes_the_webhook_away(sandbox: SandboxWorld, tmp_path: Path) -> None:
    _, config = by_webhook(tmp_path)
    async with bot_in(sandbox, tmp_path, config):
        assert sandbox.servers.telegram.state.webhook is not None
    async with bot_in(sandbox, tmp_path) as world:
        await talks(world)
        assert sandbox.servers.telegram.state.webhook is None


async def test_what_was_said_while_the_bot_was_away_is_brought_when_it_is_back(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    _, config = by_webhook(tmp_path)
    async with bot_in(sandbox, tmp_path, config):
        pass
    dana = sandbox.cast.person("dana").id
    sandbox.servers.telegram.world.says(dana, dana, "/deploy shop v1.2 staging")
    async with bot_in(sandbox, tmp_path, config) as world:
        await world.sees("Plan: shop → staging v1.2", chat="private")


async def test_a_webhook_that_telegram_refuses_for_now_is_asked_for_again(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    _, config = by_webhook(tmp_path)
    sandbox.servers.telegram.world.refuse(429, seconds=2, retry_after=1, methods=["setWebhook"])
    async with bot_in(sandbox, tmp_path, config) as world:
        world.dana.says("/whoami", chat="private")
        await world.sees("Dana", chat="private")


@pytest.mark.parametrize(
    ("secret", "words"), [("with space", "1 to 256 letters"), ("good", "[Bb]ad webhook")]
)
async def test_a_webhook_that_can_not_work_is_told_in_words(
    sandbox: SandboxWorld, tmp_path: Path, secret: str, words: str
) -> None:
    _, config = by_webhook(tmp_path)
    (tmp_path / "hook").write_text(secret, encoding="utf-8")
    sandbox.servers.telegram.state.insecure_webhooks = False
    with pytest.raises(FOR_PEOPLE, match=words):
        async with bot_in(sandbox, tmp_path, config):
            pass
