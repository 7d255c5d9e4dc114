"""Whatever a text holds, it arrives: as it is meant, else as plain text, never as nothing (security.md, row 32)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.clock import SystemClock
from bot.sandbox.telegram import Limits as Nature
from bot.sandbox.telegram import Message as Arrived
from bot.sandbox.telegram import TelegramServer
from bot.store.database import Database
from bot.telegram.messages import Button, ChatTarget, Document, Message, Urgency
from bot.telegram.outbox import Outbox
from bot.telegram.text import escape, plain
from bot.telegram.transport import connect
from bot.texts.rendering import Texts
from tests.worlds import UNHURRIED

TOKEN = "4242:opens-nothing"
DANA = 11

HOSTILE = (
    "</b></pre></blockquote>",
    "<b><i><u>never closed",
    "<script>alert(1)</script><a href='javascript:x'>",
    '<a href="tg://user?id=1">x</a><tg-emoji emoji-id="x">y</tg-emoji>',
    "&#0; &#xD800; &nosuch; &amp &#99999999;",
    "<" * 500 + "&" * 500 + ">" * 500,
    "\x00\x01\x1b[31m\x7f\x9f",
    "\u202e\u2066\u200b\ufeff\u2028\u2029",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 700,
    "\U0010ffff\ue000\ufffe",
    "<b>" * 300 + "x" + "</b>" * 300,
    "x" * 4096,
    "x" * 4097,
    "<code>" + "y" * 9000 + "</code>",
    "\n" * 3000 + "end",
    "\ud800 a lone surrogate \udfff",
    "*_[]()~`>#+-=|{}.!\\",
)

HOSTILE_TEXTS = pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words)[:24])


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(TOKEN, limits=Nature.none()) as opened:
        opened.world.add_private(opened.world.add_user(DANA, "Dana"))
        yield opened


@pytest.fixture
async def outbox(server: TelegramServer, tmp_path: Path) -> AsyncIterator[Outbox]:
    async with (
        Database(f"sqlite:///{tmp_path}/bot.db") as database,
        connect(lambda: TOKEN, api_url=server.url) as bot,
        Outbox(bot, database, SystemClock(), lambda text: text, UNHURRIED) as opened,
    ):
        yield opened


def arrived(server: TelegramServer, since: int) -> list[Arrived]:
    return [each for each in server.world.messages(DANA) if each.id > since]


def newest(server: TelegramServer) -> int:
    return max((each.id for each in server.world.messages(DANA)), default=0)


def signs(text: str) -> str:
    """What is left of a text that no service drops or trims."""
    return "".join(sign for sign in text if sign.isprintable() and not sign.isspace())


@HOSTILE_TEXTS
async def test_text_from_elsewhere_is_seen_as_it_is(
    server: TelegramServer, outbox: Outbox, words: str
) -> None:
    since = newest(server)
    sent = await outbox.send(ChatTarget(DANA), Message(f"<b>Said</b> {escape(words)}"), urgency=Urgency.ALERT)
    assert sent is not None
    seen = arrived(server, since)
    whole = "".join(each.document.content.decode() for each in seen[-1:] if each.document)
    text = whole or "".join(each.text for each in seen)
    assert signs(text) == signs(f"Said {words.encode('utf-8', 'replace').decode()}")


@HOSTILE_TEXTS
async def test_markup_that_is_none_arrives_as_plain_text(
    server: TelegramServer, outbox: Outbox, words: str
) -> None:
    since = newest(server)
    sent = await outbox.send(ChatTarget(DANA), Message(f"Alert {words}"), urgency=Urgency.ALERT)
    assert sent is not None
    assert "Alert" in "".join(each.text for each in arrived(server, since))


@HOSTILE_TEXTS
async def test_an_edit_with_any_markup_arrives(server: TelegramServer, outbox: Outbox, words: str) -> None:
    sent = await outbox.send(ChatTarget(DANA), Message("before"), urgency=Urgency.RESULT)
    assert sent is not None
    edited = await outbox.edit(sent, Message(f"Done {words}"), urgency=Urgency.RESULT)
    assert edited is not None
    shown = server.world.message(DANA, edited.message_id)
    assert shown is not None
    assert "Done" in shown.text


@HOSTILE_TEXTS
async def test_buttons_names_and_captions_never_cost_the_message(
    server: TelegramServer, outbox: Outbox, words: str
) -> None:
    since = newest(server)
    button = Button(words[:100], data="x" * 24)
    await outbox.send(ChatTarget(DANA), Message("Alert", ((button,),)), urgency=Urgency.ALERT)
    document = Document("name.txt", b"content", words)
    await outbox.send(ChatTarget(DANA), Message("", document=document), urgency=Urgency.ALERT)
    seen = arrived(server, since)
    assert any("Alert" in each.text for each in seen)
    assert any(each.document is not None and each.document.content == b"content" for each in seen)


@HOSTILE_TEXTS
async def test_every_hostile_text_arrives_through_the_layouts_of_messages(
    server: TelegramServer, outbox: Outbox, words: str
) -> None:
    texts = Texts(ZoneInfo("UTC"))
    pages: dict[str, dict[str, Any]] = {
        "problem": {"words": words, "where": words, "advice": words, "quote": words, "unchanged": True},
        "said": {"heading": words, "lines": [words, words]},
        "refused": {"what": words, "lines": [words]},
        "document": {"heading": words},
    }
    for name, values in pages.items():
        since = newest(server)
        html = texts.render(name, values)
        sent = await outbox.send(ChatTarget(DANA), Message(html), urgency=Urgency.ANSWER)
        if plain(html).strip():
            assert sent is not None, name
            assert arrived(server, since), name
