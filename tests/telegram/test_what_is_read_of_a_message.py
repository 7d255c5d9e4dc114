"""Which messages are read as something that people typed, and which are not."""

from typing import Any

import pytest

from bot.telegram.incoming import (
    LATEST_EDIT,
    WANTED,
    NoUpdate,
    TextMessage,
    lane,
    numbered,
    parse,
    storable,
    told,
)

MESSAGE: dict[str, Any] = {
    "message_id": 7,
    "date": 1_800_000_000,
    "chat": {"id": -100, "type": "supergroup", "title": "Team"},
    "from": {"id": 1002, "is_bot": False, "first_name": "Dana"},
}


def read(kind: str, **content: Any) -> TextMessage | None:
    found = parse({"update_id": 1, kind: {**MESSAGE, **content}})
    assert found is None or isinstance(found, TextMessage)
    return found


def test_a_command_below_a_picture_is_read() -> None:
    found = read("message", caption="/deploy shop v1.2", photo=[{"file_id": "x"}])
    assert found is not None
    assert (found.text, found.edited) == ("/deploy shop v1.2", False)
    assert read("message", photo=[{"file_id": "x"}]) is None


@pytest.mark.parametrize(("after", "is_read"), [(1, True), (LATEST_EDIT, True), (LATEST_EDIT + 1, False)])
def test_what_is_edited_soon_is_read_again(after: int, is_read: bool) -> None:
    found = read("edited_message", text="/status", edit_date=MESSAGE["date"] + after)
    assert (found is not None) == is_read
    assert found is None or found.edited


def test_edits_are_asked_for_and_channel_posts_are_not() -> None:
    assert "edited_message" in WANTED
    assert parse({"update_id": 1, "channel_post": {**MESSAGE, "text": "/status"}}) is None


@pytest.mark.parametrize(
    "content", [None, "x", [], {"chat": 1}, {"chat": {"id": "x"}, "from": []}, {"message": None}]
)
def test_what_is_no_update_has_its_place_in_the_queue_too(content: Any) -> None:
    for kind in WANTED:
        assert lane({"update_id": 1, kind: content}) == "0:0"


@pytest.mark.parametrize(
    "content",
    [
        None,
        "x",
        [],
        {},
        MESSAGE | {"chat": None},
        MESSAGE | {"chat": {"id": "7", "type": "private"}},
        MESSAGE | {"chat": {"id": 1 << 63, "type": "private"}, "text": "x"},
        MESSAGE | {"from": {"id": True}, "text": "x"},
        MESSAGE | {"date": 1e400, "text": "x"},
        MESSAGE | {"date": 1 << 62, "text": "x"},
        MESSAGE | {"is_topic_message": True, "text": "x"},
        MESSAGE | {"reply_to_message": 5, "text": "x"},
    ],
)
def test_what_is_no_update_is_said_to_be_none(content: Any) -> None:
    with pytest.raises(NoUpdate):
        parse({"update_id": 1, "message": content})


def test_an_update_of_no_chat_tells_of_nobody_and_what_is_none_is_said_to_be_none() -> None:
    assert told({"update_id": 1, "poll": {"id": "5"}}) is None
    for content in (None, 5, {"chat": {"id": "x"}}, MESSAGE | {"from": {}}):
        with pytest.raises(NoUpdate):
            told({"update_id": 1, "message": content})


@pytest.mark.parametrize("number", [None, "1", True, 1.0, 1 << 63])
def test_what_has_no_number_cannot_be_confirmed_and_is_not_taken(number: Any) -> None:
    assert numbered({"update_id": 7})
    assert not numbered({"update_id": number})
    assert not numbered([number])


@pytest.mark.parametrize("nested", [float("inf"), float("nan"), [[float("-inf")]]])
def test_of_what_no_database_takes_the_number_alone_is_stored(nested: Any) -> None:
    assert storable({"update_id": 1, "message": nested}) == {"update_id": 1}
    deep: Any = {}
    for _ in range(500):
        deep = {"reply_to_message": deep}
    assert storable({"update_id": 1, "message": deep}) == {"update_id": 1}
    whole = {"update_id": 1, "message": MESSAGE}
    assert storable(whole) is whole
