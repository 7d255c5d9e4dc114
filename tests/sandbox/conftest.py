"""A Telegram with a small cast, a bot of python-telegram-bot that knows a few tricks, and a player between them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

from bot.clock import SystemClock
from bot.sandbox.cast import Cast, Person, Place
from bot.sandbox.hands import Behaves
from bot.sandbox.player import Failure, Player
from bot.sandbox.script import parse_script
from bot.sandbox.telegram import Limits, TelegramServer
from bot.sandbox.transcript import Transcript

TOKEN = "4242:sandbox-secret"
CAST = Cast(
    people={
        "dana": Person("dana", 1002, "Dana"),
        "lee": Person("lee", 1003, "Lee"),
        "eve": Person("eve", 1005, "Eve"),
    },
    places={
        "team": Place("team", -1001000000001, {"deploys": 2, "alerts": 3}, frozenset({"dana", "lee"})),
        "news": Place("news", -1001000000002, {}),
    },
)


async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Do what the message says: `/buttons`, `/edit`, `/silent`, `/late`, `/news`, `/hush`, or echo it."""
    message = update.effective_message
    assert message is not None
    word, _, rest = (message.text or "").removeprefix("/").partition(" ")
    match word:
        case "buttons":
            keyboard = [[InlineKeyboardButton(label, callback_data=label) for label in rest.split()]]
            await message.reply_text(f"pick of {rest}", reply_markup=InlineKeyboardMarkup(keyboard))
        case "edit":
            sent = await message.reply_html(f"<b>{rest}</b>")
            await sent.edit_text(f"{rest} and then\n<code>KeyError</code>", parse_mode="HTML")
        case "silent":
            await message.reply_text(rest, disable_notification=True)
        case "late":
            await asyncio.sleep(0.3)
            await message.reply_text(rest)
        case "news":
            await context.bot.send_message(CAST.places["news"].id, rest)
        case "hush":
            return
        case _:
            await message.reply_text(f"echo {word} {rest}".strip())


async def pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say what was pressed, as a toast and in the message."""
    query = update.callback_query
    assert query is not None
    await query.answer(f"you pressed {query.data}")
    await query.edit_message_text(f"{query.data} was pressed by {query.from_user.first_name}")


@dataclass
class RecordingStage:
    """Writes down what the script wants of the world beside Telegram."""

    done: list[tuple[object, ...]] = field(default_factory=list)
    words: str = ""

    async def set_image(self, reference: str, behaves: Behaves) -> None:
        self.done.append(("image", reference, behaves))

    async def cluster_down(self, seconds: float | None, name: str | None) -> None:
        self.done.append(("down", seconds, name))

    async def cluster_up(self) -> None:
        self.done.append(("up",))

    async def delete(self, pattern: str, namespace: str | None) -> None:
        self.done.append(("delete", pattern, namespace))

    async def upgrade(
        self, app: str, environment: str, values: Mapping[str, Any], description: str | None
    ) -> None:
        self.done.append(("upgrade", app, environment, dict(values), description))

    async def mark(
        self, pattern: str, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        self.done.append(("mark", pattern, namespace, dict(labels), dict(annotations)))

    async def swap(self, uid: str) -> None:
        self.done.append(("swap", uid))

    async def kill_bot(self) -> None:
        self.done.append(("kill",))

    def trouble(self) -> str:
        return self.words


Play = Callable[[str], Awaitable[Failure | None]]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(TOKEN, limits=Limits.none()) as opened:
        CAST.populate(opened.world)
        yield opened


@pytest.fixture
async def echo(server: TelegramServer) -> AsyncIterator[None]:
    urls = (f"{server.url}/bot", f"{server.url}/file/bot")
    application = Application.builder().token(TOKEN).base_url(urls[0]).base_file_url(urls[1]).build()
    application.add_handler(MessageHandler(filters.TEXT & ~filters.UpdateType.CHANNEL_POST, answer))
    application.add_handler(CallbackQueryHandler(pressed))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling(poll_interval=0)
        await application.start()
        yield
        server.world.down(60)  # its last request would wait 3 s, since Telegram slows down who asks too often
        await application.updater.stop()
        await application.stop()


@pytest.fixture
def stage() -> RecordingStage:
    return RecordingStage()


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def play(server: TelegramServer, echo: None, stage: RecordingStage, out: io.StringIO) -> Play:
    """Play the text of a script; what was not as told, or None."""

    async def play_text(text: str) -> Failure | None:
        async with Transcript(server.world, CAST, out, SystemClock()) as transcript:
            return await Player(server.world, CAST, stage, transcript).play(parse_script(text))

    return play_text
