"""The conversation that every client has with the embedded Telegram, a function for each thing that bots do.

Each looks at both sides: at what the library returned or handed to the bot, and at what people see.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.telegram import Limits, World
from tests.conformance.clients.lines import Refused
from tests.conformance.talking import Bot, a, file

DANA, LEE, KIM, EVE, SAM = 11, 12, 13, 14, 15
TEAM, OLD, NEW, NEWS = -1001000000001, -2001, -1001000000003, -1001000000002
BURST = 30
LIMITS = Limits(
    chat_per_second=0.01, chat_burst=BURST, group_per_minute=1e9, total_per_second=1e9, upload_bytes=100_000
)
"""Room for the conversation, in private chats too, until one of them is written to without end, and for its files."""


def populate(world: World) -> None:
    """A forum that the bot leads, a basic group, a channel, and some people; eve has never written to the bot."""
    people = [
        world.add_user(DANA, "Dana", username="dana"),
        world.add_user(LEE, "Lee"),
        world.add_user(KIM, "Kim"),
    ]
    world.add_user(EVE, "Eve")
    world.add_private(people[0])
    world.add_private(people[1])
    world.add_group(TEAM, "Team", people[:2], forum=True, topics={"deploys": 7}, bot="administrator")
    world.add_group(OLD, "Old", people)
    world.add_channel(NEWS, "News", "acme_news")


async def people_write(bot: Bot, world: World) -> None:
    said = world.says(DANA, DANA, "/start now")
    heard = await bot.hears("message")
    assert (heard["message_id"], heard["text"], heard["chat.id"], heard["chat.type"]) == (
        said.id,
        "/start now",
        DANA,
        "private",
    )
    assert (heard["from_user.id"], heard["entities.*.type"]) == (DANA, ["bot_command"])
    assert heard["date"] == int(said.sent_at.timestamp())
    world.says(DANA, TEAM, "/status", topic=7)
    heard = await bot.hears("message")
    assert (heard["chat.type"], heard["message_thread_id"], heard["is_topic_message"]) == (
        "supergroup",
        7,
        True,
    )
    world.says(DANA, TEAM, "/status production", edited=True)
    assert (await bot.hears("edited_message"))["text"] == "/status production"
    world.says(DANA, NEWS, "Hello")
    heard = await bot.hears("channel_post")
    assert (heard["chat.type"], heard["from_user.id"]) == ("channel", None)


async def the_library_answers_in_its_own_way(bot: Bot, world: World) -> None:
    with world.changes() as changes:
        world.says(LEE, LEE, "/ping")
        async for change in changes:
            if change.kind == "sent":
                break
    assert world.messages(LEE)[-1].text == "pong"
    assert (await bot.hears("message"))["text"] == "/ping"


async def the_bot_answers_with_markup_and_buttons(bot: Bot, world: World) -> None:
    asked = world.messages(DANA)[-1]
    buttons = [
        [
            a("InlineKeyboardButton", text="Deploy", callback_data="deploy", style="success"),
            a("InlineKeyboardButton", text="Cancel", callback_data="cancel"),
        ],
        [
            a("InlineKeyboardButton", text="Open", url="https://example.org/run"),
            a("InlineKeyboardButton", text="Copy", copy_text=a("CopyTextButton", text="v1.2")),
        ],
    ]
    sent = await bot.call(
        "send_message",
        chat_id=DANA,
        text='<b>Plan</b> &lt;shop&gt; <a href="https://example.org">run</a>',
        parse_mode="HTML",
        reply_parameters=a("ReplyParameters", message_id=asked.id),
        reply_markup=a("InlineKeyboardMarkup", inline_keyboard=buttons),
    )
    assert (sent["text"], sent["entities.*.type"]) == ("Plan <shop> run", ["bold", "text_link"])
    assert sent["reply_to_message.message_id"] == asked.id
    seen = world.message(DANA, sent["message_id"])
    assert seen is not None
    assert [[each.label for each in row] for row in seen.buttons] == [["Deploy", "Cancel"], ["Open", "Copy"]]
    assert (seen.buttons[0][0].style, seen.buttons[1][0].url, seen.buttons[1][1].copy) == (
        "success",
        "https://example.org/run",
        "v1.2",
    )


async def words_are_quoted_and_marked_up_in_other_ways(bot: Bot, world: World) -> None:
    asked = world.says(LEE, LEE, "deploy shop v1.2, please")
    await bot.hears("message")
    assert await bot.call("send_chat_action", chat_id=LEE, action="typing")
    reply = a("ReplyParameters", message_id=asked.id, quote="shop v1.2")
    text = {"text": "*On it*: `v1\\.2`", "parse_mode": "MarkdownV2"}
    sent = await bot.call("send_message", chat_id=LEE, reply_parameters=reply, **text)
    assert (sent["text"], sent["entities.*.type"]) == ("On it: v1.2", ["bold", "code"])
    entities = [a("MessageEntity", type="italic", offset=0, length=4)]
    keyboard = a("ReplyKeyboardMarkup", keyboard=[[a("KeyboardButton", text="Status")]], resize_keyboard=True)
    sent = await bot.call("send_message", chat_id=LEE, text="Soon", entities=entities, reply_markup=keyboard)
    assert sent["entities.*.type"] == ["italic"]
    first, second = world.messages(LEE)[-2:]
    assert (first.reply_to, first.quote, second.markup.labels) == (asked.id, "shop v1.2", (("Status",),))


async def a_press_is_answered(bot: Bot, world: World) -> None:
    message = world.messages(DANA)[-1]
    pressed = world.presses(DANA, DANA, message.id, 0, 0)
    heard = await bot.hears("callback_query")
    assert (heard["id"], heard["data"], heard["from_user.id"]) == (pressed, "deploy", DANA)
    assert (heard["message.message_id"], heard["message.text"]) == (message.id, message.text)
    assert await bot.call(
        "answer_callback_query", callback_query_id=pressed, text="Off it goes", show_alert=True
    )
    assert (world.answers[pressed].text, world.answers[pressed].show_alert) == ("Off it goes", True)
    refused = await bot.refusal("answer_callback_query", callback_query_id="1")
    assert said(refused, "query is too old and response timeout expired or query ID is invalid")


async def messages_are_edited(bot: Bot, world: World) -> None:
    message = world.messages(DANA)[-1]
    edit = {"text": "Deploying", "chat_id": DANA, "message_id": message.id}
    assert (await bot.call("edit_message_text", **edit))["text"] == "Deploying"
    refused = await bot.refusal("edit_message_text", **edit)
    assert said(
        refused,
        "message is not modified: specified new message content and reply markup are exactly the same",
    )
    button = a("InlineKeyboardButton", text="Stop", callback_data="stop")
    markup = a("InlineKeyboardMarkup", inline_keyboard=[[button]])
    await bot.call("edit_message_reply_markup", chat_id=DANA, message_id=message.id, reply_markup=markup)
    seen = world.messages(DANA)[-1]
    assert (seen.text, seen.buttons[0][0].data, seen.edits) == ("Deploying", "stop", 2)


async def documents_go_up_and_down(bot: Bot, world: World) -> None:
    content = b"+new\n-old\n" * 500
    document = file("shop.diff", content)
    sent = await bot.call(
        "send_document", chat_id=TEAM, document=document, caption="*The diff*", message_thread_id=7
    )
    seen = world.messages(TEAM)[-1]
    assert seen.document is not None
    assert (seen.document.name, seen.document.content, seen.thread_id) == ("shop.diff", content, 7)
    assert (sent["document.file_name"], sent["caption"]) == ("shop.diff", "*The diff*")
    assert await bot.download(sent["document.file_id"]) == content
    world.sends(DANA, DANA, "values.yaml", b"replicas: 2\n", caption="mine", mime="application/yaml")
    heard = await bot.hears("message")
    assert (heard["document.file_name"], heard["caption"]) == ("values.yaml", "mine")
    assert await bot.download(heard["document.file_id"]) == b"replicas: 2\n"


async def photos_and_their_replacement(bot: Bot, world: World) -> None:
    photo = file("memory.png", b"\x89PNG one")
    sent = await bot.call("send_photo", chat_id=DANA, photo=photo, caption="<i>Memory</i>", parse_mode="HTML")
    assert await bot.download(sent["photo.-1.file_id"]) == b"\x89PNG one"
    place = {"chat_id": DANA, "message_id": sent["message_id"]}
    assert (await bot.call("edit_message_caption", caption="CPU", **place))["caption"] == "CPU"
    media = a("InputMediaDocument", media=file("cpu.csv", b"1,2\n"), caption="Numbers")
    edited = await bot.call("edit_message_media", media=media, **place)
    assert (edited["document.file_name"], edited["caption"]) == ("cpu.csv", "Numbers")
    seen = world.messages(DANA)[-1]
    assert seen.photo is None
    assert seen.document is not None
    assert seen.document.content == b"1,2\n"


async def albums_stay_together(bot: Bot, world: World) -> None:
    photos = [
        a("InputMediaPhoto", media=file(f"{n}.png", b"\x89PNG %d" % n), caption=f"Plot {n}") for n in range(3)
    ]
    sent = await bot.call(
        "send_media_group", "media_group_id", "caption", "photo.-1.file_id", chat_id=DANA, media=photos
    )
    assert [each["caption"] for each in sent] == ["Plot 0", "Plot 1", "Plot 2"]
    (together,) = {each["media_group_id"] for each in sent}
    assert [each.album for each in world.messages(DANA)[-3:]] == [together] * 3
    again = [a("InputMediaPhoto", media=each["photo.-1.file_id"]) for each in sent[:2]]
    assert len(await bot.call("send_media_group", "message_id", chat_id=TEAM, media=again)) == 2


async def messages_are_copied_and_forwarded(bot: Bot, world: World) -> None:
    first = world.says(DANA, DANA, "pass it on")
    second = world.says(DANA, DANA, "this too")
    await bot.hears("message"), await bot.hears("message")
    origin = {"chat_id": TEAM, "from_chat_id": DANA}
    copied = await bot.call("copy_message", "message_id", message_id=first.id, **origin)
    see = ("message_id", "forward_origin.type", "forward_origin.sender_user.id")
    forwarded = await bot.call("forward_message", *see, message_id=first.id, **origin)
    assert (forwarded["forward_origin.type"], forwarded["forward_origin.sender_user.id"]) == ("user", DANA)
    ids = [first.id, second.id]
    assert len(await bot.call("copy_messages", "message_id", message_ids=ids, **origin)) == 2
    assert len(await bot.call("forward_messages", "message_id", message_ids=ids, **origin)) == 2
    texts = [each.text for each in world.messages(TEAM)[-6:]]
    assert texts == ["pass it on", "pass it on", "pass it on", "this too", "pass it on", "this too"]
    assert copied["message_id"] == world.messages(TEAM)[-6].id


async def pinning_is_heard(bot: Bot, world: World) -> None:
    sent = await bot.call("send_message", chat_id=TEAM, text="Freeze until Monday")
    place = {"chat_id": TEAM, "message_id": sent["message_id"]}
    assert await bot.call("pin_chat_message", disable_notification=True, **place)
    assert (await bot.hears("message"))["pinned_message.message_id"] == sent["message_id"]
    chat = await bot.call("get_chat", "title", "is_forum", "pinned_message.text", chat_id=TEAM)
    assert chat == {"title": "Team", "is_forum": True, "pinned_message.text": "Freeze until Monday"}
    assert await bot.call("unpin_chat_message", **place)
    assert await bot.call("unpin_all_chat_messages", chat_id=TEAM)
    assert world.state.chats[TEAM].pinned == []


async def command_menus_are_kept_by_scope_and_language(bot: Bot, world: World) -> None:
    everywhere = [a("BotCommand", command="status", description="What runs")]
    here = [a("BotCommand", command="deploy", description="Bring a version out")]
    scope = a("BotCommandScopeChat", chat_id=TEAM)
    assert await bot.call("set_my_commands", commands=everywhere)
    assert await bot.call("set_my_commands", commands=here, scope=scope, language_code="de")
    got = await bot.call("get_my_commands", "command", "description", scope=scope, language_code="de")
    assert got == [{"command": "deploy", "description": "Bring a version out"}]
    assert [each["command"] for each in world.menu(DANA, TEAM, "de")] == ["deploy"]
    assert [each["command"] for each in world.menu(DANA, TEAM)] == ["status"]
    assert await bot.call("delete_my_commands", scope=scope, language_code="de")
    assert [each["command"] for each in world.menu(DANA, TEAM, "de")] == ["status"]
    assert await bot.call("set_my_description", description="Deploys")
    assert (await bot.call("get_my_description", "description"))["description"] == "Deploys"


async def topics_are_opened_and_closed(bot: Bot, world: World) -> None:
    opened = await bot.call(
        "create_forum_topic", "name", "message_thread_id", chat_id=TEAM, name="Incident 7"
    )
    topic = {"chat_id": TEAM, "message_thread_id": opened["message_thread_id"]}
    assert (await bot.hears("message"))["forum_topic_created.name"] == "Incident 7"
    sent = await bot.call("send_message", text="Looking", **topic)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (opened["message_thread_id"], True)
    assert await bot.call("edit_forum_topic", name="Incident 7 (over)", **topic)
    assert (await bot.hears("message"))["forum_topic_edited.name"] == "Incident 7 (over)"
    for act in ("close_forum_topic", "reopen_forum_topic"):
        assert await bot.call(act, **topic)
        await bot.hears("message")
    assert await bot.call("hide_general_forum_topic", chat_id=TEAM)
    await bot.hears("message")
    assert world.state.chats[TEAM].general.hidden
    assert await bot.call("delete_forum_topic", **topic)
    assert said(await bot.refusal("send_message", text="Gone", **topic), "message thread not found")


async def members_come_and_go(bot: Bot, world: World) -> None:
    world.joins(KIM, TEAM)
    heard = await bot.hears("chat_member")
    assert (heard["new_chat_member.user.id"], heard["old_chat_member.status"]) == (KIM, "left")
    assert (await bot.hears("message"))["new_chat_members.*.id"] == [KIM]
    place = {"chat_id": TEAM, "user_id": KIM}
    member = await bot.call("get_chat_member", "status", "user.first_name", **place)
    assert member == {"status": "member", "user.first_name": "Kim"}
    assert await bot.call("get_chat_member_count", chat_id=TEAM) == 4
    (leader,) = await bot.call("get_chat_administrators", "user.id", "status", chat_id=TEAM)
    assert leader == {"user.id": world.bot.id, "status": "administrator"}
    assert await bot.call(
        "restrict_chat_member", permissions=a("ChatPermissions", can_send_messages=True), **place
    )
    assert (await bot.hears("chat_member"))["new_chat_member.status"] == "restricted"
    assert await bot.call("ban_chat_member", **place)
    assert (await bot.hears("chat_member"))["new_chat_member.status"] == "kicked"
    assert (await bot.hears("message"))["left_chat_member.id"] == KIM
    assert await bot.call("unban_chat_member", only_if_banned=True, **place)
    assert (await bot.hears("chat_member"))["new_chat_member.status"] == "left"


async def reactions_go_both_ways(bot: Bot, world: World) -> None:
    written = world.says(DANA, TEAM, "/deploy")
    await bot.hears("message")
    place = {"chat_id": TEAM, "message_id": written.id}
    assert await bot.call("set_message_reaction", reaction=[a("ReactionTypeEmoji", emoji="👀")], **place)
    assert world.messages(TEAM)[-1].reaction == "👀"
    world.reacts(LEE, TEAM, written.id, "👍")
    heard = await bot.hears("message_reaction")
    assert (heard["message_id"], heard["user.id"], heard["new_reaction.*.emoji"]) == (written.id, LEE, ["👍"])


async def messages_are_deleted(bot: Bot, world: World) -> None:
    ids = [
        (await bot.call("send_message", chat_id=TEAM, text=text))["message_id"]
        for text in ("one", "two", "three")
    ]
    assert await bot.call("delete_message", chat_id=TEAM, message_id=ids[0])
    assert await bot.call("delete_messages", chat_id=TEAM, message_ids=ids)
    assert [world.message(TEAM, each) for each in ids] == [None] * 3
    assert said(
        await bot.refusal("delete_message", chat_id=TEAM, message_id=ids[0]), "message to delete not found"
    )


async def refusals_are_understood(bot: Bot, world: World) -> None:
    """Each library has classes of its own for what went wrong, which it chooses by code and words."""
    world.block_bot(LEE)
    assert (await bot.hears("my_chat_member"))["new_chat_member.status"] == "kicked"
    told: list[tuple[dict[str, Any], int, str]] = [
        ({"chat_id": 999, "text": "x"}, 400, "chat not found"),
        ({"chat_id": DANA, "text": " "}, 400, "text must be non-empty"),
        ({"chat_id": DANA, "text": "x" * 4097}, 400, "message is too long"),
        (
            {"chat_id": DANA, "text": "a <c>b", "parse_mode": "HTML"},
            400,
            'can\'t parse entities: Unsupported start tag "c" at byte offset 2',
        ),
        ({"chat_id": LEE, "text": "x"}, 403, "bot was blocked by the user"),
        ({"chat_id": EVE, "text": "x"}, 403, "bot can't initiate conversation with a user"),
    ]
    for fields, code, text in told:
        refused = await bot.refusal("send_message", **fields)
        assert said(refused, text), refused
        assert refused.code == code
    assert (await bot.refusal("send_dice", chat_id=DANA)).code == 404
    large = file("large.bin", b"x" * (LIMITS.upload_bytes + 1024 * 1024 + 1))
    assert (await bot.refusal("send_document", chat_id=DANA, document=large)).code == 413
    world.migrate(OLD, NEW)
    assert {(await bot.hears("message"))["chat.id"] for _ in range(2)} == {OLD, NEW}
    refused = await bot.refusal("send_message", chat_id=OLD, text="x")
    assert (refused.code, refused.migrate_to) == (400, NEW)
    assert (await bot.call("send_message", chat_id=NEW, text="moved"))["chat.id"] == NEW


async def floods_say_when_to_come_back(bot: Bot, world: World) -> None:
    world.add_private(world.add_user(SAM, "Sam"))
    for _ in range(BURST):
        await bot.call("send_message", chat_id=SAM, text="again")
    refused = await bot.refusal("send_message", chat_id=SAM, text="again")
    assert refused.code == 429
    assert refused.retry_after is not None
    assert 1 <= refused.retry_after <= 100  # one in a hundred seconds, and some have passed


def said(refused: Refused, words: str) -> bool:
    """Whether a refusal is in Telegram's words; some libraries cut "Bad Request: " off and begin with a capital."""
    return words.lower() in refused.text.lower()


STEPS = (
    people_write,
    the_library_answers_in_its_own_way,
    the_bot_answers_with_markup_and_buttons,
    words_are_quoted_and_marked_up_in_other_ways,
    a_press_is_answered,
    messages_are_edited,
    documents_go_up_and_down,
    photos_and_their_replacement,
    albums_stay_together,
    messages_are_copied_and_forwarded,
    pinning_is_heard,
    command_menus_are_kept_by_scope_and_language,
    topics_are_opened_and_closed,
    members_come_and_go,
    reactions_go_both_ways,
    messages_are_deleted,
    refusals_are_understood,
    floods_say_when_to_come_back,
)
