"""Updates, what people type, and the data of buttons: an update that is none must not hold up the next."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import handlers
from bot.commands.arguments import Bound, Wrong, bind
from bot.commands.declaring import COMMANDS
from bot.commands.words import read
from bot.config import Config, load
from bot.telegram.incoming import WANTED, Incoming, lane, parse
from tests.fuzz.making import WORDS, fuzzed, nested
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
