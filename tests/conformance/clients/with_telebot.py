"""The conversation's bot in pyTelegramBotAPI, its asynchronous half."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

from aiohttp import web
from telebot import asyncio_helper, types, util
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_helper import ApiTelegramException

from tests.conformance.clients.lines import SECRET, SEEN, Refused, Told, heard, obey


class Telebot:
    """As its documentation does things."""

    def __init__(self, bot: AsyncTeleBot) -> None:
        self.bot = bot

    async def call(self, name: str, fields: Mapping[str, Any]) -> object:
        try:
            return await getattr(self.bot, name)(**fields)
        except ApiTelegramException as error:
            told = error.result_json.get("parameters", {})
            parameters = told.get("retry_after"), told.get("migrate_to_chat_id")
            raise Refused(error.error_code, error.description, *parameters) from error

    async def download(self, file_id: str) -> bytes:
        file = await self.bot.get_file(file_id)
        content: bytes = await self.bot.download_file(file.file_path)
        return content

    def made(self, kind: str, fields: Mapping[str, Any]) -> object:
        if kind != "ReplyKeyboardMarkup":
            return getattr(types, kind)(**fields)
        # Its rows are added to it.
        keyboard = types.ReplyKeyboardMarkup(resize_keyboard=fields["resize_keyboard"])
        for row in fields["keyboard"]:
            keyboard.row(*row)
        return keyboard

    def upload(self, name: str, content: bytes) -> object:
        return types.InputFile(io.BytesIO(content), file_name=name)


async def hear(kind: str, content: object) -> None:
    heard(kind, content)


def register(bot: AsyncTeleBot) -> None:
    """Hear everything that the conversation looks at; /ping is answered."""

    async def ping(message: types.Message) -> None:
        heard("message", message)
        await bot.reply_to(message, "pong")

    bot.register_message_handler(ping, commands=["ping"])
    everything = util.content_type_media + util.content_type_service
    for kind in SEEN:
        handler = partial(hear, kind)
        match kind:
            case "message" | "edited_message" | "channel_post":
                getattr(bot, f"register_{kind}_handler")(handler, content_types=everything)
            case "callback_query" | "message_reaction":
                getattr(bot, f"register_{kind}_handler")(handler, func=bool)
            case _:
                getattr(bot, f"register_{kind}_handler")(handler)


@contextlib.asynccontextmanager
async def listening(told: Told, bot: AsyncTeleBot) -> AsyncIterator[None]:
    """By polling, or by a webhook on aiohttp as in its examples."""
    kinds = list(SEEN)
    if told.port is None:
        polling = asyncio.create_task(bot.polling(non_stop=True, allowed_updates=kinds))
        yield
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        return

    async def hook(request: web.Request) -> web.Response:
        if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != SECRET:
            return web.Response(status=403)
        await bot.process_new_updates([types.Update.de_json(await request.json())])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", told.port).start()
    await bot.set_webhook(told.webhook, secret_token=SECRET, allowed_updates=kinds)
    yield
    await runner.cleanup()


async def main(told: Told) -> None:
    asyncio_helper.API_URL = told.url + "/bot{0}/{1}"
    asyncio_helper.FILE_URL = told.url + "/file/bot{0}/{1}"
    bot = AsyncTeleBot(told.token)
    register(bot)
    async with listening(told, bot):
        await obey(Telebot(bot))
    await bot.close_session()


if __name__ == "__main__":
    asyncio.run(main(Told.read()))
