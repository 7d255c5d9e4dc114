"""The conversation's bot in aiogram."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

from aiogram import Bot, Dispatcher, types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import BufferedInputFile
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.conformance.clients.lines import SECRET, SEEN, Refused, Told, heard, obey

CODES = {
    TelegramBadRequest: 400,
    TelegramForbiddenError: 403,
    TelegramNotFound: 404,
    TelegramEntityTooLarge: 413,
}
"""What it raises for each."""


class Aiogram:
    """As its documentation does things."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    async def call(self, name: str, fields: Mapping[str, Any]) -> object:
        try:
            return await getattr(self.bot, name)(**fields)
        except TelegramRetryAfter as error:
            raise Refused(429, error.message, retry_after=error.retry_after) from error
        except TelegramMigrateToChat as error:
            raise Refused(400, error.message, migrate_to=error.migrate_to_chat_id) from error
        except TelegramAPIError as error:
            raise Refused(CODES[type(error)], error.message) from error

    async def download(self, file_id: str) -> bytes:
        content = await self.bot.download(file_id)
        assert content is not None
        downloaded: bytes = content.read()
        return downloaded

    def made(self, kind: str, fields: Mapping[str, Any]) -> object:
        return getattr(types, kind)(**fields)

    def upload(self, name: str, content: bytes) -> object:
        return BufferedInputFile(content, filename=name)


async def hear(kind: str, content: types.TelegramObject) -> None:
    heard(kind, content)


async def ping(message: types.Message) -> SendMessage:
    heard("message", message)
    # Returned, not awaited: to a webhook it is the answer.
    return message.answer("pong")


@contextlib.asynccontextmanager
async def listening(told: Told, bot: Bot, dispatcher: Dispatcher) -> AsyncIterator[None]:
    """By polling, or by a webhook of its own."""
    kinds = list(SEEN)
    if told.port is None:
        poll = dispatcher.start_polling(
            bot, allowed_updates=kinds, handle_signals=False, close_bot_session=False
        )
        polling = asyncio.create_task(poll)
        yield
        await dispatcher.stop_polling()
        await polling
        return
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=SECRET).register(app, path="/hook")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", told.port).start()
    await bot.set_webhook(told.webhook, secret_token=SECRET, allowed_updates=kinds)
    yield
    await runner.cleanup()


async def main(told: Told) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(told.url))
    async with Bot(told.token, session=session) as bot:
        dispatcher = Dispatcher()
        dispatcher.message.register(ping, Command("ping"))
        for kind in SEEN:
            getattr(dispatcher, kind).register(partial(hear, kind))
        async with listening(told, bot, dispatcher):
            await obey(Aiogram(bot))


if __name__ == "__main__":
    asyncio.run(main(Told.read()))
