"""Updates that are delivered instead of fetched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest

from bot.sandbox.telegram import Message, Subscription, TelegramServer, World
from tests.sandbox_telegram.conftest import DANA, LEE, TOKEN, Raw


class Receiver:
    """A web server that takes updates; `answers` are the statuses it gives before it says 200."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[dict[str, Any], str | None]] = asyncio.Queue()
        self.answers: list[web.Response] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        await self.taken.put((await request.json(), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return self.answers.pop(0) if self.answers else web.Response()

    async def next(self) -> tuple[dict[str, Any], str | None]:
        return await asyncio.wait_for(self.taken.get(), 300)


async def first(changes: Subscription, count: int) -> AsyncIterator[Message]:
    """What the bot sends next."""
    while count:
        change = await anext(changes)
        if change.kind == "sent" and isinstance(change.what, Message):
            count -= 1
            yield change.what


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def test_updates_are_posted_with_the_secret(bot: Bot, world: World, receiver: Receiver) -> None:
    await bot.set_webhook(receiver.url, secret_token="s3cret")
    world.says(DANA, DANA, "hello")
    update, secret = await receiver.next()
    assert (update["message"]["text"], secret) == ("hello", "s3cret")
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections) == (receiver.url, 40)


async def test_a_failed_delivery_is_tried_again_and_order_is_kept(
    bot: Bot, world: World, receiver: Receiver
) -> None:
    receiver.answers = [web.Response(status=500), web.Response(status=503, headers={"Retry-After": "1"})]
    await bot.set_webhook(receiver.url)
    world.says(DANA, DANA, "one")
    world.says(DANA, DANA, "two")
    seen = [(await receiver.next())[0]["message"]["text"] for _ in range(4)]
    assert seen == ["one", "one", "one", "two"]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"


async def test_an_answer_may_call_a_method(bot: Bot, world: World, receiver: Receiver) -> None:
    receiver.answers = [web.json_response({"method": "sendMessage", "chat_id": DANA, "text": "Welcome"})]
    await bot.set_webhook(receiver.url)
    with world.changes() as changes:
        world.says(DANA, DANA, "/start")
        seen = [await asyncio.wait_for(anext(changes), 300) for _ in range(2)]
    assert [each.kind for each in seen] == ["said", "sent"]


async def test_an_answer_may_come_as_any_body(bot: Bot, world: World, receiver: Receiver) -> None:
    with aiohttp.MultipartWriter("form-data") as parts:
        for name, value in (("method", "sendDocument"), ("chat_id", str(DANA)), ("document", "attach://log")):
            parts.append(value).set_content_disposition("form-data", name=name)
        parts.append(b"all is well").set_content_disposition("form-data", name="log", filename="log.txt")
    encoded = f"method=sendMessage&chat_id={DANA}&text=a%26b"
    receiver.answers = [
        web.Response(body=parts),
        web.Response(text=encoded, content_type="application/x-www-form-urlencoded"),
        web.Response(text="no parts at all", content_type="multipart/form-data"),
    ]
    await bot.set_webhook(receiver.url)
    with world.changes() as changes:
        for text in ("one", "two", "three", "four"):
            world.says(DANA, DANA, text)
            await receiver.next()
        sent = [change async for change in first(changes, 2)]
    assert sent[0].document is not None
    assert (sent[0].document.name, sent[0].document.content) == ("log.txt", b"all is well")
    assert sent[1].text == "a&b"


async def test_what_waited_is_delivered_once_a_webhook_is_set(
    bot: Bot, world: World, receiver: Receiver
) -> None:
    world.says(DANA, DANA, "before")
    await bot.set_webhook(receiver.url)
    assert (await receiver.next())[0]["message"]["text"] == "before"
    await bot.delete_webhook()
    world.says(LEE, LEE, "after")
    updates = await bot.get_updates()
    assert [each.message.text for each in updates if each.message] == ["after"]


async def test_setting_and_deleting_say_what_they_did(raw: Raw, server: TelegramServer) -> None:
    url = "http://127.0.0.1:1/hook"
    assert (await raw("setWebhook", url=url))["description"] == "Webhook was set"
    assert await raw.error("setWebhook", url=url) == "Too Many Requests: retry after 1"
    await server.state.clock.sleep(1)
    assert (await raw("setWebhook", url=url))["description"] == "Webhook is already set"
    assert (await raw("deleteWebhook"))["description"] == "Webhook was deleted"
    assert (await raw("deleteWebhook"))["description"] == "Webhook is already deleted"


async def test_a_real_telegram_wants_https() -> None:
    async with (
        TelegramServer(TOKEN, insecure_webhooks=False) as server,
        Bot(TOKEN, base_url=f"{server.url}/bot") as bot,
    ):
        with pytest.raises(BadRequest, match=r"(?i)an https url must be provided for webhook"):
            await bot.set_webhook("http://127.0.0.1:1/hook")
        with pytest.raises(BadRequest, match="ports 80, 88, 443 or 8443"):
            await bot.set_webhook("https://example.org:444/hook")
