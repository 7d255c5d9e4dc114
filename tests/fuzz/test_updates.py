"""Updates, what people type, and the data of buttons: an update that is none must not hold up the next."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handlers
from bot.clock import SystemClock
from bot.commands.arguments import Bound, Wrong, bind
from bot.commands.declaring import COMMANDS
from bot.commands.words import read
from bot.config import Config, load
from bot.store.database import Database
from bot.telegram.buttons import Actions, Refusal
from bot.telegram.incoming import (
    WANTED,
    Chat,
    Incoming,
    NoUpdate,
    Press,
    Sender,
    Told,
    lane,
    numbered,
    parse,
    storable,
    told,
)
from tests.fuzz.making import WORDS, fuzzed, near, nested
from tests.project.places import ROOT
from tests.project.test_documents_tell_the_truth import ENVIRON

handlers.load()

KEYS = st.sampled_from(
    [
        "message_id",
        "from",
        "chat",
        "id",
        "type",
        "title",
        "text",
        "caption",
        "date",
        "sender_chat",
        "data",
        "reply_to_message",
        "forward_origin",
        "message",
        "is_topic_message",
        "message_thread_id",
        "is_bot",
        "migrate_to_chat_id",
        "new_chat_member",
        "status",
        "external_reply",
    ]
)
CONTENT = nested(KEYS)
COLUMN = 80
"""Characters that the store has for a lane."""


def as_json(text: bytes) -> Any:
    """What a text is as JSON, None where it is none."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


USERS = st.fixed_dictionaries(
    {"id": st.integers(1, 1 << 52)}, optional={"first_name": WORDS, "is_bot": st.booleans()}
)
CHATS = st.fixed_dictionaries(
    {
        "id": st.integers(-(1 << 52), 1 << 52),
        "type": st.sampled_from(["private", "group", "supergroup", "channel"]),
    },
    optional={"title": WORDS, "is_forum": st.booleans()},
)
PLAIN = st.fixed_dictionaries(
    {"message_id": st.integers(0, 1 << 52), "chat": CHATS, "date": st.integers(0, 1 << 34)},
    optional={
        "from": USERS,
        "sender_chat": CHATS,
        "text": WORDS,
        "caption": WORDS,
        "edit_date": st.integers(0, 1 << 34),
        "reply_to_message": st.fixed_dictionaries(
            {"chat": CHATS}, optional={"from": USERS, "sender_chat": CHATS}
        ),
    },
)
IN_TOPICS = st.integers(1, 1 << 31).map(lambda topic: {"is_topic_message": True, "message_thread_id": topic})
MESSAGES = st.tuples(PLAIN, st.just({}) | IN_TOPICS).map(lambda parts: parts[0] | parts[1])
PRESSES = st.fixed_dictionaries(
    {"id": WORDS, "from": USERS},
    optional={"message": MESSAGES, "data": WORDS},
)


@fuzzed
@given(st.dictionaries(st.sampled_from(WANTED) | WORDS, CONTENT, max_size=3))
def test_any_update_has_its_place_in_the_queue(update: dict[str, Any]) -> None:
    assert lane({**update, "update_id": 1}).count(":") >= 1


UPDATES = st.one_of(
    st.dictionaries(st.sampled_from(WANTED) | WORDS, CONTENT, max_size=3).map(
        lambda update: {**update, "update_id": 1}
    ),
    near("updates").map(as_json).filter(numbered),
)


@fuzzed
@given(UPDATES)
def test_any_update_is_read_or_said_to_be_none(update: dict[str, Any]) -> None:
    with suppress(NoUpdate):
        assert isinstance(parse(update), Incoming | None)
    with suppress(NoUpdate):
        assert isinstance(told(update), Told | None)
    assert len(lane(update)) <= COLUMN
    json.dumps(storable(update), allow_nan=False)


@fuzzed
@given(st.sampled_from(["message", "edited_message"]), MESSAGES)
def test_whatever_telegram_may_leave_out_a_message_is_read(kind: str, message: dict[str, Any]) -> None:
    assert isinstance(parse({"update_id": 1, kind: message}), Incoming | None)


@fuzzed
@given(PRESSES)
def test_whatever_telegram_may_leave_out_a_press_is_read(query: dict[str, Any]) -> None:
    found = parse({"update_id": 1, "callback_query": query})
    assert (found is not None) == ("message" in query and "data" in query)


CONFIG: Config = load([ROOT / "config.example.yaml"], ENVIRON)
TYPED = st.lists(
    WORDS
    | st.sampled_from(
        ["shop", "staging", "production", "v1.2", "--set", "a[999999999]=1", "web.replicas=2", "'"]
    )
    | st.sampled_from(
        ["since=10m", "grep=(a+)+$", "revision=-1", "for", "2h", "\u2014set", "app=", "@bot", "/deploy"]
    ),
    max_size=8,
).map(" ".join)


@fuzzed
@given(st.sampled_from(sorted(COMMANDS)), TYPED)
def test_whatever_is_typed_makes_a_command_or_is_answered(name: str, typed: str) -> None:
    words = read(f"/{name} {typed}")
    if words is not None and words.command in COMMANDS:
        assert isinstance(bind(words, COMMANDS[words.command], CONFIG, CONFIG.apps), Bound | Wrong)


@fuzzed
@given(near("commands"))
def test_whatever_is_written_is_a_command_or_none(text: bytes) -> None:
    words = read(text.decode(errors="replace"))
    if words is not None and words.command in COMMANDS:
        assert isinstance(bind(words, COMMANDS[words.command], CONFIG, CONFIG.apps), Bound | Wrong)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as opened:
        yield opened


@fuzzed
@given(near("buttons"), st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-(1 << 63), (1 << 63) - 1))
async def test_no_data_but_a_live_token_is_a_button(
    database: Database, data: bytes, chat: int, message: int
) -> None:
    actions = Actions(database, SystemClock())
    async with database.write() as session:
        token = await actions.offer(
            session,
            name="deploy.go",
            arguments={},
            permission="deploy.run",
            app=None,
            environment=None,
            person_id=None,
            chat_id=-5,
            lifetime=timedelta(minutes=5),
        )
    for said in (
        data.decode("latin-1"),
        data.decode(errors="replace"),
        token[:-1],
        f"{token}\n",
        f"{token}{data!r}",
    ):
        press = Press(1, "q", Sender(7, "x"), Chat(chat, "group", "x"), None, message, said)
        found = await actions.take(press)
        assert isinstance(found, Refusal), said
        assert found.expired is None
