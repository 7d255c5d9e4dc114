"""The conversation's bot in python-telegram-bot."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import telegram
from telegram import InputFile, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import Application, ApplicationBuilder, CommandHandler, ContextTypes, TypeHandler

from tests.conformance.clients.lines import SECRET, SEEN, Refused, Told, heard, obey

CODES = {BadRequest: 400, InvalidToken: 404, Forbidden: 403, NetworkError: 413}
"""What it raises for each; it takes an address that is not there for that of a wrong token."""


class Ptb:
    """As its documentation does things."""

    def __init__(self, bot: telegram.Bot) -> None:
        self.bot = bot

    async def call(self, name: str, fields: Mapping[str, Any]) -> object:
        try:
            return await getattr(self.bot, name)(**fields)
        except RetryAfter as error:
            seconds = error.retry_after
            assert isinstance(seconds, timedelta)  # PTB_TIMEDELTA says so
            raise Refused(429, error.message, retry_after=int(seconds.total_seconds())) from error
        except ChatMigrated as error:
            raise Refused(400, error.message, migrate_to=error.new_chat_id) from error
        except TelegramError as error:
            raise Refused(CODES[type(error)], error.message) from error

    async def download(self, file_id: str) -> bytes:
        return bytes(await (await self.bot.get_file(file_id)).download_as_bytearray())

    def made(self, kind: str, fields: Mapping[str, Any]) -> object:
        if isinstance(media := fields.get("media"), InputFile):
            # In an InputMedia a file is named, and attached under that name.
            attached = InputFile(media.input_file_content, filename=media.filename, attach=True)
            fields = {**fields, "media": attached}
        return getattr(telegram, kind)(**fields)

    def upload(self, name: str, content: bytes) -> object:
        return InputFile(content, filename=name)


async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    for kind in SEEN:
        if (content := getattr(update, kind)) is not None:
            heard(kind, content)


async def ping(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text("pong")


async def main(told: Told) -> None:
    builder = ApplicationBuilder().token(told.token)
    app: Application[Any, Any, Any, Any, Any, Any] = (
        builder.base_url(f"{told.url}/bot").base_file_url(f"{told.url}/file/bot").build()
    )
    app.add_handler(TypeHandler(Update, hear))
    app.add_handler(CommandHandler("ping", ping), group=1)
    async with app:
        assert app.updater is not None
        await app.start()
        if told.port is None:
            await app.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        else:
            await app.updater.start_webhook(
                "127.0.0.1",
                told.port,
                "hook",
                webhook_url=told.webhook,
                secret_token=SECRET,
                allowed_updates=Update.ALL_TYPES,
            )
        await obey(Ptb(app.bot))
        await app.updater.stop()
        await app.stop()


if __name__ == "__main__":
    asyncio.run(main(Told.read()))
