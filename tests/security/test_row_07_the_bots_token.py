"""The bot's token is on the wire and nowhere else, whatever goes wrong (security.md, row 7)."""

import asyncio
import gc
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from prometheus_client import generate_latest
from sqlalchemy import select
from structlog.testing import capture_logs
from telegram.error import TelegramError

from bot.sandbox.servers import TOKEN
from bot.store.tables import AuditRow, OutgoingRow, UpdateRow
from bot.telegram.transport import connect
from tests.worlds import World

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What all libraries log at DEBUG, and what structlog would, before anything is masked."""
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp", "aiohttp.client", "asyncio", "telegram", "telegram.Bot", "httpx"):
        caplog.set_level(logging.DEBUG, name)
    said: list[str] = []
    with capture_logs() as events:
        yield said
        said += [str(event) for event in events]
    said.append(caplog.text)
    assert SECRET not in "".join(said)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception with all that it holds, shown in a traceback or not."""
    while error is not None:
        yield error
        if error.__cause__ is not None:
            yield from chain(error.__cause__)
        error = error.__context__


@asynccontextmanager
async def broken_server(way: str) -> AsyncIterator[str]:
    """A Bot API that answers everything in one broken way."""

    async def answer(request: web.Request) -> web.StreamResponse:
        match way:
            case "cut":
                assert request.transport is not None
                request.transport.abort()
            case "half":
                response = web.StreamResponse(headers={"Content-Length": "1000"})
                await response.prepare(request)
                await response.write(b'{"ok": tr')
                assert request.transport is not None
                request.transport.abort()
                return response
            case "redirect":
                return web.HTTPFound(f"http://127.0.0.1:1{request.path}")
            case "echo":
                return web.json_response(
                    {"ok": False, "error_code": 400, "description": f"Bad {request.path}"}, status=400
                )
            case "page":
                return web.Response(text=f"<html>{request.path}</html>", status=502)
        return web.Response(text="not json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def fails(url: str, everything_logged: list[str]) -> None:
    async with connect(lambda: TOKEN, api_url=url) as bot:
        for call in (bot.get_me, lambda: bot.send_message(1, "x"), lambda: bot.delete_webhook()):
            with pytest.raises(TelegramError) as caught:
                await call()
            for error in chain(caught.value):
                assert SECRET not in f"{error!r} {error} {error.args} {vars(error)}"
            assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert SECRET not in f"{bot!r} {bot} {bot.token} {bot.base_url} {bot.base_file_url}"


@pytest.mark.parametrize("way", ["cut", "half", "redirect", "echo", "page", "text"])
async def test_in_no_error_of_a_broken_server(way: str, everything_logged: list[str]) -> None:
    async with broken_server(way) as url:
        await fails(url, everything_logged)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://no-such-host.invalid", "http://[bad", "ftp://x", "http://x:99999"]
)
async def test_in_no_error_of_an_address(url: str, everything_logged: list[str]) -> None:
    await fails(url, everything_logged)


async def test_in_nothing_that_the_whole_bot_says_while_telegram_misbehaves(
    world: World, everything_logged: list[str]
) -> None:
    for code in (400, 401, 403, 404, 409, 429, 500, 502):
        world.telegram.refuse(code, retry_after=1 if code == 429 else None, seconds=0.3)
        world.dana.says("/whoami", "private")
        world.kim.says("/status shop staging")
        await asyncio.wait_for(recovered(world), 300)
    world.telegram.down(0.5)
    world.dana.says("/whoami", "private")
    await world.sees("Your id", chat="private dana")
    texts = [
        message.text for each in world.telegram.state.messages for message in world.telegram.messages(each)
    ]
    assert SECRET not in "\n".join(texts)
    assert SECRET not in generate_latest().decode()
    async with world.parts.database.read() as session:
        for table in (AuditRow, OutgoingRow, UpdateRow):
            for row in await session.scalars(select(table)):
                assert SECRET not in str([getattr(row, column.key) for column in table.__table__.columns])
    config = world.parts.current.config
    assert SECRET not in f"{config!r} {config.model_dump_json()} {world.parts.current.config.telegram!r}"


async def recovered(world: World) -> None:
    while True:
        world.vic.says("/whoami", "private")
        try:
            await world.sees("Your id", chat="private vic", within=3)
        except AssertionError:
            continue
        return


def test_in_no_object_that_telegrams_library_keeps() -> None:
    async def look() -> list[str]:
        async with connect(lambda: TOKEN, api_url="http://127.0.0.1:1") as bot:
            return [
                str(vars(each))
                for each in gc.get_objects()
                if str(type(each).__module__).startswith("telegram.")
                and hasattr(each, "__dict__")
                and each is not bot
            ]

    assert not [text for text in asyncio.run(look()) if SECRET in text]
