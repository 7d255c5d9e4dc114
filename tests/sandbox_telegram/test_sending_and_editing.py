"""What the bot says, changes and takes back, through the real client library."""

from __future__ import annotations

import pytest
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden

from bot.sandbox.telegram import World
from tests.sandbox_telegram.conftest import DANA, DEPLOYS, LEE, NEWS, OLD, TEAM, Raw


async def test_the_bot_knows_itself(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.can_read_all_group_messages) == (4242, "pilothouse_bot", False)


async def test_a_message_arrives_as_people_see_it(bot: Bot, world: World) -> None:
    keys = InlineKeyboardMarkup(
        [
            [InlineKeyboardButton("Deploy", callback_data="d1", style="primary")],
            [
                InlineKeyboardButton("Docs", url="https://example.org/docs"),
                InlineKeyboardButton("Digest", copy_text=CopyTextButton("sha256:1")),
                InlineKeyboardButton("Done", api_kwargs={"disabled": {}}),
            ],
        ]
    )
    sent = await bot.send_message(
        TEAM,
        "<b>shop → staging</b>\n<code>v1.2</code>",
        parse_mode=ParseMode.HTML,
        reply_markup=keys,
        message_thread_id=DEPLOYS,
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    seen = world.messages(TEAM)[-1]
    assert seen.text == sent.text == "shop → staging\nv1.2"
    assert [(each.type, each.offset, each.length) for each in seen.entities] == [
        ("bold", 0, 14),
        ("code", 15, 4),
    ]
    first, second = seen.buttons
    assert (first[0].label, first[0].style, first[0].data) == ("Deploy", "primary", "d1")
    assert (second[0].url, second[1].copy, second[2].disabled) == (
        "https://example.org/docs",
        "sha256:1",
        True,
    )
    assert (seen.silent, seen.thread_id, seen.by_bot) == (True, DEPLOYS, True)
    assert sent.is_topic_message
    assert sent.message_thread_id == DEPLOYS


async def test_a_reply_stays_in_the_topic_of_what_it_answers(bot: Bot, world: World) -> None:
    said = world.says(DANA, TEAM, "/deploy shop", topic=DEPLOYS)
    sent = await bot.send_message(TEAM, "Plan", reply_parameters=ReplyParameters(said.id, quote="shop"))
    assert sent.message_thread_id == DEPLOYS
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/deploy shop"
    assert sent.quote is not None
    assert (sent.quote.text, sent.quote.position) == ("shop", 8)


async def test_a_quote_must_be_an_exact_part(bot: Bot, world: World) -> None:
    said = world.says(DANA, TEAM, "/deploy shop")
    with pytest.raises(BadRequest, match=r"(?i)quote_text_invalid"):
        await bot.send_message(TEAM, "Plan", reply_parameters=ReplyParameters(said.id, quote="shup"))


async def test_a_lost_reply_is_refused_unless_allowed(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(DANA, "Plan", reply_parameters=ReplyParameters(999))
    allowed = ReplyParameters(999, allow_sending_without_reply=True)
    assert (await bot.send_message(DANA, "Plan", reply_parameters=allowed)).reply_to_message is None


async def test_an_edit_replaces_text_and_buttons_and_is_counted(bot: Bot, world: World) -> None:
    keys = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Cancel", callback_data="c"))
    sent = await bot.send_message(DANA, "one", reply_markup=keys)
    await bot.edit_message_text("two", DANA, sent.message_id)
    seen = world.messages(DANA)[-1]
    assert (seen.text, seen.buttons, seen.edits) == ("two", (), 1)
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content"):
        await bot.edit_message_text("two", DANA, sent.message_id)
    await bot.edit_message_reply_markup(DANA, sent.message_id, reply_markup=keys)
    assert world.messages(DANA)[-1].buttons[0][0].label == "Cancel"


async def test_only_own_messages_that_exist_can_be_edited(raw: Raw, world: World) -> None:
    said = world.says(DANA, DANA, "hello")
    edit = {"chat_id": DANA, "text": "x"}
    assert await raw.error("editMessageText", **edit, message_id=said.id) == (
        "Bad Request: message can't be edited"
    )
    assert await raw.error("editMessageText", **edit, message_id=99) == (
        "Bad Request: message to edit not found"
    )
    assert await raw.error("editMessageText", **(edit | {"text": "x" * 4097}), message_id=said.id) == (
        "Bad Request: message can't be edited"
    )


async def test_limits_count_after_parsing(raw: Raw) -> None:
    text = "<b>" + "x" * 4096 + "</b>"
    sent = await raw("sendMessage", chat_id=DANA, text=text, parse_mode="HTML")
    assert sent["ok"]
    assert await raw.error("sendMessage", chat_id=DANA, text="x" * 4097) == "Bad Request: message is too long"
    assert await raw.error("sendMessage", chat_id=DANA, text="<b> </b>", parse_mode="HTML") == (
        "Bad Request: text must be non-empty"
    )
    number = sent["result"]["message_id"]
    assert await raw.error("editMessageText", chat_id=DANA, message_id=number, text="x" * 4097) == (
        "Bad Request: MESSAGE_TOO_LONG"
    )


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "Bad Request: message text is empty"),
        ({"text": "x"}, "Bad Request: chat_id is empty"),
        ({"text": "x", "chat_id": 777}, "Bad Request: chat not found"),
        ({"text": "x", "chat_id": LEE}, "Forbidden: bot can't initiate conversation with a user"),
        ({"text": "x", "chat_id": TEAM, "message_thread_id": 99}, "Bad Request: message thread not found"),
        ({"text": "x", "chat_id": TEAM, "message_thread_id": 1}, "Bad Request: message thread not found"),
        (
            {"text": "x", "chat_id": DANA, "reply_markup": None},
            "Bad Request: object expected as reply markup",
        ),
        ({"text": "x", "chat_id": DANA, "parse_mode": "rtf"}, "Bad Request: unsupported parse_mode"),
    ],
)
async def test_refusals_have_telegrams_words(raw: Raw, parameters: dict[str, object], text: str) -> None:
    assert await raw.error("sendMessage", **parameters) == text


@pytest.mark.parametrize(
    ("button", "text"),
    [
        ({"callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"callback_data": ""}, "BUTTON_DATA_INVALID"),
        (
            {},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"callback_data": "x", "style": "blue"},
            "can't parse inline keyboard button: invalid button style specified",
        ),
        ({"url": "nowhere"}, "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL"),
        ({"web_app": {"url": "https://example.org"}}, "BUTTON_TYPE_INVALID"),
        ({"copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"callback_game": {}, "copy_text": {"text": "x"}}, "BUTTON_TYPE_INVALID"),
    ],
)
async def test_buttons_are_checked(raw: Raw, button: dict[str, object], text: str) -> None:
    markup = {"inline_keyboard": [[{"text": "B"} | button]]}
    error = await raw.error("sendMessage", chat_id=TEAM, text="x", reply_markup=markup)
    assert error == f"Bad Request: {text}"


async def test_files_go_up_and_come_down(bot: Bot, world: World) -> None:
    sent = await bot.send_document(TEAM, b"+1\n-1\n", filename="shop.diff", caption="The diff")
    seen = world.messages(TEAM)[-1]
    assert seen.document is not None
    assert (seen.document.name, seen.document.content, seen.text) == ("shop.diff", b"+1\n-1\n", "The diff")
    assert sent.document is not None
    file = await bot.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"+1\n-1\n"
    again = await bot.send_document(DANA, sent.document.file_id)
    assert again.document is not None
    await bot.edit_message_caption(TEAM, sent.message_id, caption="Old diff")
    assert world.messages(TEAM)[-1].text == "Old diff"
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", TEAM, sent.message_id)


async def test_people_send_files_and_the_bot_gets_them(bot: Bot, world: World) -> None:
    world.sends(DANA, DANA, "values.yaml", b"replicas: 2\n", caption="/apply these")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert (update.message.caption, update.message.caption_entities[0].type) == (
        "/apply these",
        "bot_command",
    )
    assert update.message.document is not None
    file = await bot.get_file(update.message.document.file_id)
    assert file.file_path is not None
    assert file.file_path.endswith("/documents/file_0.yaml")
    assert bytes(await file.download_as_bytearray()) == b"replicas: 2\n"


@pytest.mark.parametrize("kind", ["video", "animation", "audio", "voice"])
async def test_moving_and_sounding_files(bot: Bot, world: World, kind: str) -> None:
    sent = await getattr(bot, f"send_{kind}")(TEAM, b"bytes", duration=7, caption="Listen")
    assert sent.to_dict()[kind]["duration"] == 7
    assert (sent.document is not None) == (kind == "animation")
    seen = world.messages(TEAM)[-1].file
    assert seen is not None
    assert (seen.kind, seen.content) == (kind, b"bytes")


async def test_a_file_takes_the_place_of_another(bot: Bot, world: World) -> None:
    sent = await bot.send_photo(DANA, b"\x89PNG", caption="CPU")
    await bot.edit_message_media(InputMediaDocument(b"1,2", filename="cpu.csv"), DANA, sent.message_id)
    seen = world.messages(DANA)[-1]
    assert seen.document is not None
    assert (seen.document.name, seen.text, seen.photo, seen.edits) == ("cpu.csv", "", None, 1)
    words = await bot.send_message(DANA, "just words")
    await bot.edit_message_media(InputMediaDocument(b"1"), DANA, words.message_id)
    assert world.messages(DANA)[-1].document is not None
    album = await bot.send_media_group(DANA, [InputMediaPhoto(b"\x89PNG")] * 2)
    with pytest.raises(BadRequest, match="Can't use media of the specified type in the album"):
        await bot.edit_message_media(InputMediaDocument(b"1"), DANA, album[0].message_id)


async def test_a_file_elsewhere_cannot_be_fetched(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Failed to get http url content"):
        await bot.send_photo(DANA, "https://example.org/cpu.png")


async def test_what_only_the_backend_knows_is_refused_last(raw: Raw) -> None:
    wrong = {"inline_keyboard": [[{"text": "B", "callback_data": "x" * 65}]]}
    missing = {"chat_id": 999, "text": "x", "reply_markup": wrong}
    assert await raw.error("sendMessage", **missing) == "Bad Request: chat not found"
    lost = {"chat_id": TEAM, "text": "x", "reply_markup": wrong, "message_thread_id": 99}
    assert await raw.error("sendMessage", **lost) == "Bad Request: message thread not found"
    long = {"chat_id": TEAM, "text": "x" * 4097, "reply_markup": wrong}
    assert await raw.error("sendMessage", **long) == "Bad Request: message is too long"


async def test_a_button_for_inline_use_has_no_place_in_a_channel(raw: Raw) -> None:
    markup = {"inline_keyboard": [[{"text": "Share", "switch_inline_query": ""}]]}
    assert (await raw("sendMessage", chat_id=TEAM, text="x", reply_markup=markup))["ok"]
    error = await raw.error("sendMessage", chat_id=NEWS, text="x", reply_markup=markup)
    assert error.startswith("Bad Request: can't use switch_inline_query in a channel chat, because a user")


async def test_a_reply_keyboard_is_shown_and_is_no_part_of_the_message(bot: Bot, world: World) -> None:
    keyboard = ReplyKeyboardMarkup([["Status", "Deploy"], ["Help"]])
    sent = await bot.send_message(DANA, "What now?", reply_markup=keyboard)
    assert sent.reply_markup is None
    assert world.messages(DANA)[-1].markup.labels == (("Status", "Deploy"), ("Help",))
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("And now?", DANA, sent.message_id)


async def test_a_photo_has_a_caption_of_its_own_limit(bot: Bot, world: World) -> None:
    await bot.send_photo(TEAM, b"\x89PNG", caption="<b>Memory</b>", parse_mode="HTML", filename="memory.png")
    seen = world.messages(TEAM)[-1]
    assert seen.photo is not None
    assert (seen.photo.name, seen.text, seen.entities[0].type) == ("memory.png", "Memory", "bold")
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(TEAM, b"\x89PNG", caption="x" * 1025)
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(TEAM, "no-such-file")


async def test_who_may_not_write_is_told_what(bot: Bot, world: World) -> None:
    world.state.chats[OLD].denied |= {"can_send_messages", "can_send_documents"}
    with pytest.raises(BadRequest, match="Not enough rights to send text messages to the chat"):
        await bot.send_message(OLD, "x")
    with pytest.raises(BadRequest, match="Not enough rights to send documents to the chat"):
        await bot.send_document(OLD, b"x", filename="x.txt")
    world.set_bot(TEAM, "restricted")
    with pytest.raises(BadRequest, match="Have no write access to the chat"):
        await bot.send_message(TEAM, "x")
    assert (await bot.get_chat_member(TEAM, bot.id)).status == "restricted"
    world.set_bot(NEWS, "member")
    with pytest.raises(BadRequest, match="Need administrator rights in the channel chat"):
        await bot.send_message(NEWS, "x")


async def test_deleting(bot: Bot, world: World) -> None:
    sent = await bot.send_message(TEAM, "x")
    assert await bot.delete_message(TEAM, sent.message_id)
    assert world.message(TEAM, sent.message_id) is None
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(TEAM, sent.message_id)
    said = world.says(DANA, TEAM, "hello")
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(TEAM, said.id)
    other = await bot.send_message(TEAM, "y")
    assert await bot.delete_messages(TEAM, [sent.message_id, other.message_id])


async def test_channels_by_name_and_their_posts_carry_no_person(bot: Bot) -> None:
    sent = await bot.send_message("@acme_news", "Shop 1.2 is out")
    assert sent.chat.id == NEWS
    assert sent.from_user is None
    assert sent.sender_chat is not None


async def test_who_is_gone_cannot_be_written_to(bot: Bot, world: World) -> None:
    world.block_bot(DANA)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(DANA, "x")
    world.remove_bot(TEAM)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(TEAM, "x")


async def test_a_group_that_became_a_supergroup_says_where_it_went(bot: Bot, world: World) -> None:
    world.migrate(OLD, -1001000000009)
    with pytest.raises(ChatMigrated) as raised:
        await bot.send_message(OLD, "x")
    assert raised.value.new_chat_id == -1001000000009
    kinds = [update.message for update in await bot.get_updates()]
    assert [each.migrate_to_chat_id for each in kinds if each] == [-1001000000009, None]
