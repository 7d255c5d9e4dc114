"""Which messages are read as something that people typed, and which are not."""

from typing import Any

import pytest

from bot.telegram.incoming import LATEST_EDIT, WANTED, TextMessage, lane, parse

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
