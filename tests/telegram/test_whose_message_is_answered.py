"""Who wrote the message that a command answers, in each way that Telegram tells or hides it."""

from typing import Any

import pytest

from bot.telegram.incoming import Replied, Source, TextMessage, parse

TEAM = {"id": -1001000000001, "type": "supergroup", "title": "ACME team", "is_forum": True}
NEWS = {"id": -1001000000002, "type": "channel", "title": "News", "username": "acme_news"}
KIM = {"id": 1001, "first_name": "Kim", "is_bot": False}
NINA = {"id": 1009, "first_name": "Nina", "last_name": "K", "username": "nina", "is_bot": False}
GROUP_BOT = {"id": 1087968824, "first_name": "Group", "is_bot": True}
CHANNEL_BOT = {"id": 136817688, "first_name": "Channel", "is_bot": True}

PERSON = Source("person", 1009, "Nina K", "nina")
ADMIN = Source("anonymous", -1001000000001, "ACME team")
CHANNEL = Source("channel", -1001000000002, "News", "acme_news")


def answering(**more: Any) -> Replied | None:
    message = {
        "message_id": 9,
        "date": 0,
        "chat": TEAM,
        "from": KIM,
        "text": "/whois",
        "message_thread_id": 2,
        "is_topic_message": True,
        **more,
    }
    found = parse({"update_id": 1, "message": message})
    assert isinstance(found, TextMessage)
    return found.replied


@pytest.mark.parametrize(
    ("target", "replied"),
    [
        ({"from": NINA}, Replied(PERSON)),
        (
            {"from": KIM, "forward_origin": {"type": "user", "sender_user": NINA}},
            Replied(Source("person", 1001, "Kim"), PERSON),
        ),
        (
            {"from": NINA, "forward_origin": {"type": "hidden_user", "sender_user_name": "Somebody"}},
            Replied(PERSON, Source("hidden", None, "Somebody")),
        ),
        (
            {"from": NINA, "forward_origin": {"type": "channel", "chat": NEWS, "message_id": 3}},
            Replied(PERSON, CHANNEL),
        ),
        ({"from": NINA, "forward_origin": {"type": "chat", "sender_chat": TEAM}}, Replied(PERSON, ADMIN)),
        ({"from": GROUP_BOT, "sender_chat": TEAM}, Replied(ADMIN)),
        ({"from": CHANNEL_BOT, "sender_chat": NEWS}, Replied(CHANNEL)),
        ({"from": {**NINA, "is_bot": True}}, Replied(Source("bot", 1009, "Nina K", "nina"))),
        ({"from": GROUP_BOT, "sender_chat": TEAM, "forum_topic_created": {"name": "deploys"}}, None),
    ],
)
def test_who_wrote_it_is_told_or_what_hides_them(target: dict[str, Any], replied: Replied | None) -> None:
    assert answering(reply_to_message={"message_id": 2, "date": 0, "chat": TEAM, **target}) == replied


def test_an_answer_to_another_chat_s_message_names_who_wrote_that() -> None:
    assert answering(external_reply={"origin": {"type": "user", "sender_user": NINA}}) == Replied(PERSON)


def test_a_message_that_answers_nothing_has_none() -> None:
    assert answering() is None
