"""How the bot hears of what people do: polling, its conflicts, privacy, presses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict

from bot.clock import SystemClock
from bot.sandbox.telegram import Impossible, Limits, TelegramServer, World
from tests.sandbox_telegram.conftest import DANA, DEPLOYS, LEE, NEWS, TEAM, TOKEN, Raw, asked, populate


@pytest.fixture
async def live() -> AsyncIterator[TelegramServer]:
    """A server on the machine's own clock, for polls that really wait."""
    async with TelegramServer(TOKEN, clock=SystemClock(), limits=Limits.none()) as opened:
        populate(opened.world)
        yield opened


def texts(updates: tuple[Update, ...]) -> list[str | None]:
    return [update.effective_message.text for update in updates if update.effective_message]


async def test_updates_come_in_order_until_they_are_confirmed(bot: Bot, world: World) -> None:
    for text in ("one", "two", "three"):
        world.says(DANA, DANA, text)
    first = await bot.get_updates(limit=2)
    assert texts(first) == ["one", "two"]
    assert first[1].update_id == first[0].update_id + 1
    assert texts(await bot.get_updates(offset=first[1].update_id)) == ["two", "three"]
    assert texts(await bot.get_updates(offset=first[1].update_id + 1)) == ["three"]
    assert texts(await bot.get_updates(offset=first[1].update_id + 2)) == []


async def test_a_negative_offset_keeps_the_last_ones(bot: Bot, world: World) -> None:
    for text in ("one", "two", "three"):
        world.says(DANA, DANA, text)
    assert texts(await bot.get_updates(offset=-1)) == ["three"]
    assert texts(await bot.get_updates()) == ["three"]


async def test_an_offset_far_past_the_end_is_served_from_the_head(bot: Bot, world: World) -> None:
    world.says(DANA, DANA, "one")
    assert texts(await bot.get_updates(offset=2_000_000_000)) == ["one"]


async def test_a_poll_waits_for_the_first_update(live: TelegramServer) -> None:
    async with Bot(TOKEN, base_url=f"{live.url}/bot") as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asked(live)
        done, _ = await asyncio.wait([poll], timeout=0.1)
        assert not done
        live.world.says(DANA, DANA, "hello")
        assert texts(await asyncio.wait_for(poll, 60)) == ["hello"]


async def test_the_older_of_two_polls_is_ended(live: TelegramServer) -> None:
    async with Bot(TOKEN, base_url=f"{live.url}/bot") as bot, Bot(TOKEN, base_url=f"{live.url}/bot") as other:
        older = asyncio.create_task(bot.get_updates(timeout=20))
        await asked(live)
        newer = asyncio.create_task(other.get_updates(offset=5, timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one"):
            await asyncio.wait_for(older, 60)
        live.world.says(DANA, DANA, "hello")
        assert texts(await asyncio.wait_for(newer, 60)) == ["hello"]


async def test_a_webhook_ends_the_poll_that_waits(live: TelegramServer) -> None:
    async with Bot(TOKEN, base_url=f"{live.url}/bot") as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=20, allowed_updates=["message"]))
        await asked(live)
        await bot.set_webhook("http://127.0.0.1:1/hook")
        with pytest.raises(Conflict, match="terminated by setWebhook request"):
            await asyncio.wait_for(poll, 60)
        assert (await bot.get_webhook_info()).allowed_updates == ("message",)


async def test_asking_the_same_again_at_once_waits(live: TelegramServer) -> None:
    async with Bot(TOKEN, base_url=f"{live.url}/bot") as bot:
        await bot.get_updates(offset=5)
        again = asyncio.create_task(bot.get_updates(offset=5))
        done, _ = await asyncio.wait([again], timeout=0.2)
        assert not done
        live.world.says(DANA, DANA, "one")
        assert texts(await asyncio.wait_for(again, 60)) == ["one"]


async def test_updates_that_were_not_asked_for_do_not_come(bot: Bot, world: World) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    world.says(DANA, DANA, "hello")
    assert await bot.get_updates() == ()
    await bot.get_updates(allowed_updates=[])
    world.says(DANA, DANA, "again")
    assert texts(await bot.get_updates()) == ["again"]


async def test_presses_reach_the_bot_and_its_answer_the_presser(bot: Bot, world: World) -> None:
    keys = InlineKeyboardMarkup(
        [
            [InlineKeyboardButton("Docs", url="https://example.org")],
            [InlineKeyboardButton("Deploy", callback_data="d1")],
        ]
    )
    sent = await bot.send_message(TEAM, "Plan", reply_markup=keys, message_thread_id=DEPLOYS)
    with pytest.raises(Impossible, match="does not reach the bot"):
        world.presses(LEE, TEAM, sent.message_id, 0, 0)
    pressed = world.presses(LEE, TEAM, sent.message_id, 1, 0)
    query = (await bot.get_updates())[0].callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (pressed, "d1", LEE)
    assert query.message is not None
    await bot.answer_callback_query(query.id, "Only Dana may", show_alert=True)
    answer = await world.answered(pressed)
    assert (answer.text, answer.show_alert, answer.user_id) == ("Only Dana may", True, LEE)


async def test_a_press_can_be_answered_for_a_while_only(
    raw: Raw, world: World, server: TelegramServer
) -> None:
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await raw.error("answerCallbackQuery", callback_query_id="1") == old
    markup = {"inline_keyboard": [[{"text": "B", "callback_data": "b"}]]}
    sent = await raw("sendMessage", chat_id=DANA, text="x", reply_markup=markup)
    pressed = world.presses(DANA, DANA, sent["result"]["message_id"], 0, 0)
    await server.state.clock.sleep(61)
    assert await raw.error("answerCallbackQuery", callback_query_id=pressed) == old


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("hello all", False),
        ("/status", True),
        ("/status@pilothouse_bot", True),
        ("/status@other_bot", False),
        ("hello @pilothouse_bot", False),
    ],
)
async def test_privacy_lets_through_what_is_meant_for_the_bot(
    bot: Bot, world: World, text: str, heard: bool
) -> None:
    world.says(DANA, TEAM, text, topic=DEPLOYS)
    assert (texts(await bot.get_updates()) == [text]) is heard


async def test_after_another_bot_wrote_a_plain_command_is_not_heard(bot: Bot, world: World) -> None:
    other = world.add_user(77, "Other", username="other_bot", is_bot=True)
    world.add_group(-1001000000005, "Two bots", [DANA, other])
    world.says(77, -1001000000005, "I am here")
    world.says(DANA, -1001000000005, "/status")
    assert await bot.get_updates() == ()


async def test_replies_to_the_bot_are_heard_with_what_they_answer(bot: Bot, world: World) -> None:
    sent = await bot.send_message(TEAM, "Which version?", message_thread_id=DEPLOYS)
    world.says(DANA, TEAM, "v1.2", reply_to=sent.message_id)
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert message.reply_to_message is not None
    assert (message.text, message.reply_to_message.text) == ("v1.2", "Which version?")
    assert message.message_thread_id == DEPLOYS


async def test_a_topic_message_answers_the_topics_opening(bot: Bot, world: World) -> None:
    world.says(DANA, TEAM, "/status", topic=DEPLOYS)
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert message.is_topic_message
    assert message.reply_to_message is not None
    assert message.reply_to_message.forum_topic_created is not None
    world.says(DANA, TEAM, "/status")
    general = (await bot.get_updates(offset=-1))[0].message
    assert general is not None
    assert (general.is_topic_message, general.message_thread_id) == (None, None)


async def test_edits_posts_and_other_senders_are_marked_as_such(bot: Bot, world: World) -> None:
    world.says(DANA, DANA, "/start")
    world.says(DANA, DANA, "/deploy", edited=True)
    world.says(DANA, NEWS, "/deploy")
    world.says(DANA, TEAM, "/deploy", as_anonymous_admin=True)
    world.says(DANA, TEAM, "/deploy", as_channel=NEWS)
    world.says(DANA, DANA, "/deploy", forwarded_from=LEE)
    _, edited, post, anonymous, channel, forwarded = await bot.get_updates()
    assert edited.edited_message is not None
    assert edited.edited_message.edit_date is not None
    assert post.channel_post is not None
    assert post.channel_post.from_user is None
    assert anonymous.message is not None
    assert anonymous.message.sender_chat is not None
    assert (anonymous.message.from_user.id, anonymous.message.sender_chat.id) == (1087968824, TEAM)  # type: ignore[union-attr]
    assert channel.message is not None
    assert channel.message.from_user is not None
    assert channel.message.from_user.id == 136817688
    assert forwarded.message is not None
    assert forwarded.message.forward_origin is not None


async def test_people_cannot_do_what_telegram_does_not_let_them(world: World) -> None:
    world.add_user(99, "Eve")
    with pytest.raises(Impossible, match="Eve is no member of Team"):
        world.says(99, TEAM, "hi")
    with pytest.raises(Impossible, match="no topic 99"):
        world.says(DANA, TEAM, "hi", topic=99)
    with pytest.raises(Impossible, match="An empty message"):
        world.says(DANA, TEAM, " \n ")


async def test_a_stranger_cannot_press_in_a_group(bot: Bot, world: World) -> None:
    world.add_user(99, "Eve")
    keys = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Deploy", callback_data="d"))
    sent = await bot.send_message(TEAM, "Plan", reply_markup=keys)
    with pytest.raises(Impossible, match="Eve is no member of Team"):
        world.presses(99, TEAM, sent.message_id, 0, 0)


async def test_a_text_too_long_for_one_message_is_sent_as_several(bot: Bot, world: World) -> None:
    world.says(DANA, DANA, "/deploy " + "x" * 5000)
    first, second = [text or "" for text in texts(await bot.get_updates())]
    assert (len(first), len(second)) == (4096, 912)


async def test_the_bot_hears_what_becomes_of_itself(bot: Bot, world: World) -> None:
    world.block_bot(DANA)
    world.set_bot(TEAM, "administrator", by=LEE)
    blocked, promoted = await bot.get_updates()
    assert blocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert promoted.my_chat_member is not None
    assert promoted.my_chat_member.new_chat_member.status == "administrator"


async def test_onlookers_see_everything_in_order(bot: Bot, world: World) -> None:
    with world.changes() as changes:
        world.says(DANA, DANA, "/start")
        sent = await bot.send_message(DANA, "one")
        await bot.edit_message_text("two", DANA, sent.message_id)
        await bot.delete_message(DANA, sent.message_id)
        seen = [await anext(changes) for _ in range(4)]
    assert [(each.kind, getattr(each.what, "text", "")) for each in seen] == [
        ("said", "/start"),
        ("sent", "one"),
        ("edited", "two"),
        ("deleted", "two"),
    ]


async def test_asking_for_updates_while_a_webhook_is_set(bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:1/hook")
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    with pytest.raises(BadRequest):
        await bot.send_message(1, "x")
