"""Refusals that the other tests do not come across, word for word as Telegram's source has them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.sandbox.telegram import TelegramServer, World
from tests.sandbox_telegram.conftest import DANA, DEPLOYS, LEE, NEWS, OLD, TEAM, ManualClock, Raw

BUTTONS = [[{"text": "x" * 1500, "callback_data": "x"} for _ in range(8)]]
INSECURE = [[{"text": "App", "web_app": {"url": "http://example.org"}}]]


@pytest.mark.parametrize(
    ("method", "fields", "words"),
    [
        ("sendMessage", {"chat_id": DANA, "text": "x" * 32769}, "text is too long"),
        ("sendMessage", {"chat_id": DANA, "text": "é" * 16385}, "text is too long"),
        (
            "sendMessage",
            {"chat_id": DANA, "text": "x", "reply_markup": None},
            "object expected as reply markup",
        ),
        (
            "sendMessage",
            {"chat_id": DANA, "text": "x", "reply_markup": {"inline_keyboard": BUTTONS}},
            "reply markup is too long",
        ),
        (
            "sendMessage",
            {"chat_id": DANA, "text": "x", "reply_markup": {"inline_keyboard": INSECURE}},
            "inline keyboard button Web App URL 'http://example.org' is invalid: Only HTTPS links are allowed",
        ),
        ("sendMessage", {"chat_id": TEAM, "text": "x", "message_thread_id": 1}, "message thread not found"),
        ("sendDocument", {"chat_id": DANA}, "there is no document in the request"),
        ("sendPhoto", {"chat_id": DANA}, "there is no photo in the request"),
        ("sendPhoto", {"chat_id": DANA, "photo": "?"}, "wrong file identifier/HTTP URL specified"),
        (
            "sendMediaGroup",
            {"chat_id": DANA, "media": [{"type": "photo"}]},
            "can't parse InputMedia: media not found",
        ),
        ("sendMediaGroup", {"chat_id": DANA, "media": []}, "there are no messages to send"),
        (
            "sendMediaGroup",
            {"chat_id": DANA, "media": [{"type": "photo", "media": "?"}]},
            'failed to send message #1 with the error message "wrong file identifier/HTTP URL specified"',
        ),
        ("getFile", {}, "file_id not specified"),
        ("getFile", {"file_id": "?"}, "invalid file_id"),
        ("pinChatMessage", {"chat_id": DANA, "message_id": 99}, "message to pin not found"),
        ("unpinChatMessage", {"chat_id": DANA}, "message to unpin not found"),
        ("deleteMessages", {"chat_id": DANA, "message_ids": []}, "message identifiers are not specified"),
        ("createForumTopic", {"chat_id": DANA, "name": "x"}, "the chat is not a forum"),
        (
            "editForumTopic",
            {"chat_id": TEAM, "message_thread_id": 1, "name": "x"},
            "invalid forum topic identifier specified",
        ),
        (
            "editForumTopic",
            {"chat_id": TEAM, "message_thread_id": DEPLOYS, "name": "x"},
            "not enough rights to edit the topic",
        ),
        (
            "closeForumTopic",
            {"chat_id": TEAM, "message_thread_id": DEPLOYS},
            "not enough rights to close or open the topic",
        ),
        ("setWebhook", {"url": "http://127.0.0.1:1/", "secret_token": "x" * 257}, "secret token is too long"),
        ("sendChatAction", {"chat_id": DANA, "action": "dancing"}, "wrong parameter action in request"),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": "x" * 257}]},
            "command description length must not exceed 256",
        ),
    ],
)
async def test_what_is_wrong_is_said_so(
    raw: Raw, method: str, fields: Mapping[str, object], words: str
) -> None:
    assert await raw.error(method, **fields) == f"Bad Request: {words}"


async def test_polls_that_conflict_are_told_why(raw: Raw) -> None:
    await raw("setWebhook", url="http://127.0.0.1:1/hook")
    assert await raw.error("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )


async def test_a_topic_needs_a_name(raw: Raw, world: World) -> None:
    world.set_bot(TEAM, "administrator")
    assert (
        await raw.error("createForumTopic", chat_id=TEAM, name=" ") == "Bad Request: name must be non-empty"
    )


async def test_a_service_message_cannot_be_pinned(raw: Raw, world: World) -> None:
    world.set_bot(TEAM, "administrator")
    opening = world.messages(TEAM)[0]
    error = await raw.error("pinChatMessage", chat_id=TEAM, message_id=opening.id)
    assert error == "Bad Request: service messages can't be pinned"


async def test_what_is_old_stays_where_the_bot_has_no_right_to_delete(
    raw: Raw, world: World, clock: ManualClock
) -> None:
    sent = {chat: (await raw("sendMessage", chat_id=chat, text="x"))["result"] for chat in (DANA, OLD, TEAM)}
    await clock.sleep(48 * 3600 + 1)
    told = [
        await raw.error("deleteMessage", chat_id=chat, message_id=each["message_id"])
        for chat, each in sent.items()
    ]
    assert told == [
        "Bad Request: message can't be deleted for everyone",
        "Bad Request: message can't be deleted for everyone",
        "Bad Request: message can't be deleted",
    ]


async def test_a_file_that_is_too_big_is_not_given_out(raw: Raw, server: TelegramServer) -> None:
    big = server.state.keep_file("document", "big", "text/plain", b"x" * (20 * 1024 * 1024 + 1))
    assert await raw.error("getFile", file_id=big.id) == "Bad Request: file is too big"


async def test_who_was_never_there_is_told_apart_from_who_was_thrown_out(raw: Raw, world: World) -> None:
    for chat, kind in ((OLD, "group"), (TEAM, "supergroup"), (NEWS, "channel")):
        world.set_bot(chat, "left")
        error = await raw.error("sendMessage", chat_id=chat, text="x")
        assert error == f"Forbidden: bot is not a member of the {kind} chat"
        world.remove_bot(chat)
        assert await raw.error("getChat", chat_id=chat) == f"Forbidden: bot was kicked from the {kind} chat"


async def test_who_may_not_write_anything_has_no_access(raw: Raw, world: World) -> None:
    world.set_bot(TEAM, "restricted")
    error = await raw.error("sendMessage", chat_id=TEAM, text="x")
    assert error == "Bad Request: have no write access to the chat"


async def test_a_group_that_moved_says_so_with_its_new_number(raw: Raw, world: World) -> None:
    world.migrate(OLD, -1001000000009)
    assert await raw("getChatMember", chat_id=OLD, user_id=LEE) == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": -1001000000009},
    }
