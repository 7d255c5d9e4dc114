"""The token is on the wire and nowhere else (security.md, row 7)."""

import logging

import pytest
from telegram import Bot
from telegram.error import InvalidToken, NetworkError

from bot.clock import SystemClock
from bot.sandbox.telegram import TelegramServer, World
from bot.telegram.transport import TokenRefused, connect, introduce
from tests.telegram.conftest import TOKEN


async def test_the_bot_introduces_itself(bot: Bot) -> None:
    me = await introduce(bot, SystemClock())
    assert (me.id, me.username) == (4242, "pilothouse_bot")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://does-not-exist.invalid", "http://[bad", "ftp://x"]
)
async def test_no_trouble_of_the_line_shows_the_token(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with connect(lambda: TOKEN, api_url=url) as bot:
        with pytest.raises(NetworkError) as caught:
            await bot.get_me()
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r} {bot!r} {caplog.text}"
    assert "canary" not in str(caught.value)
    assert "canary" not in caplog.text
    assert "canary" not in repr(bot)
    assert "canary" not in shown.replace(repr(caught.value.__context__), "")


async def test_refusals_do_not_show_the_token(
    bot: Bot, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for code in (400, 401, 403, 404, 409, 500, 502):
        world.refuse(code, seconds=60, methods=["getMe"])
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each has its own type
            await bot.get_me()
        assert "canary" not in repr(caught.value)
        world.state.faults._faults.clear()
    assert "canary" not in caplog.text


async def test_a_token_that_was_changed_is_read_again(server: TelegramServer) -> None:
    tokens = ["4242:old", TOKEN]
    async with connect(lambda: tokens.pop(0), api_url=server.url) as bot:
        assert (await bot.get_me()).id == 4242


async def test_a_wrong_token_is_named(server: TelegramServer) -> None:
    async with connect(lambda: "4242:wrong", api_url=server.url) as bot:
        with pytest.raises(InvalidToken):
            await bot.get_me()
        with pytest.raises(TokenRefused, match="BotFather"):
            await introduce(bot, SystemClock())
