"""Who is in a chat and what they may do there: what bots ask, change, and hear of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from telegram import Bot, ChatMemberRestricted, ChatPermissions, Update
from telegram.error import BadRequest, Forbidden

from bot.sandbox.telegram import Impossible, World
from tests.sandbox_telegram.conftest import DANA, LEE, NEWS, OLD, TEAM, TOKEN, Raw

KIM, SUPPORT, ROBOT = 13, -1001000000003, 14


@pytest.fixture(autouse=True)
def support(world: World) -> None:
    """A supergroup that the bot leads, and kim, who is in none."""
    world.add_user(KIM, "Kim")
    world.add_group(SUPPORT, "Support", [DANA, LEE], administrators=[LEE], bot="administrator")


async def heard(bot: Bot) -> list[Update]:
    """What is new, of every kind; with an offset, since who asks the same at once gets one update at a time."""
    updates = list(await bot.get_updates(-100, allowed_updates=Update.ALL_TYPES))
    await bot.get_updates(updates[-1].update_id + 1 if updates else 0)
    return updates


async def test_who_comes_is_heard_of_twice_by_a_bot_that_leads(bot: Bot, world: World) -> None:
    await heard(bot)
    world.joins(KIM, SUPPORT, by=DANA)
    status, said = await heard(bot)
    assert status.chat_member is not None
    assert status.chat_member.from_user.id == DANA
    assert (status.chat_member.old_chat_member.status, status.chat_member.new_chat_member.status) == (
        "left",
        "member",
    )
    assert said.message is not None
    assert [each.id for each in said.message.new_chat_members] == [KIM]


async def test_a_bot_that_does_not_lead_hears_what_everyone_reads(bot: Bot, world: World) -> None:
    await heard(bot)
    world.leaves(LEE, OLD)
    (said,) = await heard(bot)
    assert said.message is not None
    assert said.message.left_chat_member is not None
    assert said.message.left_chat_member.id == LEE
    with pytest.raises(Impossible, match="Lee is no member of Old"):
        world.says(LEE, OLD, "/status")


async def test_who_is_banned_is_out_until_they_are_let_in(bot: Bot, world: World) -> None:
    assert await bot.ban_chat_member(SUPPORT, DANA)
    member = await bot.get_chat_member(SUPPORT, DANA)
    assert member.status == "kicked"
    with pytest.raises(Impossible):
        world.says(DANA, SUPPORT, "hello")
    assert await bot.unban_chat_member(SUPPORT, DANA, only_if_banned=True)
    world.joins(DANA, SUPPORT)
    assert await bot.unban_chat_member(SUPPORT, DANA, only_if_banned=True)
    assert world.says(DANA, SUPPORT, "back")


async def test_who_is_restricted_may_do_what_is_left(bot: Bot, world: World) -> None:
    assert await bot.restrict_chat_member(SUPPORT, DANA, ChatPermissions(can_send_messages=True))
    member = await bot.get_chat_member(SUPPORT, DANA)
    assert isinstance(member, ChatMemberRestricted)
    assert (member.can_send_messages, member.can_send_photos) == (True, False)
    world.says(DANA, SUPPORT, "words")
    with pytest.raises(Impossible, match="Dana may not send photos in Support"):
        world.sends(DANA, SUPPORT, "a.png", b"\x89PNG", kind="photo")
    assert await bot.restrict_chat_member(SUPPORT, DANA, ChatPermissions.all_permissions())
    assert (await bot.get_chat_member(SUPPORT, DANA)).status == "member"


async def test_what_all_may_do_binds_who_does_not_lead(bot: Bot, world: World) -> None:
    assert await bot.set_chat_permissions(SUPPORT, ChatPermissions.no_permissions())
    chat = await bot.get_chat(SUPPORT)
    assert chat.permissions is not None
    assert chat.permissions.can_send_messages is False
    with pytest.raises(Impossible):
        world.says(DANA, SUPPORT, "hello")
    world.says(LEE, SUPPORT, "I lead here")


async def test_administrators_are_made_and_unmade(bot: Bot) -> None:
    assert await bot.promote_chat_member(SUPPORT, DANA, can_pin_messages=True)
    leading = {each.user.id for each in await bot.get_chat_administrators(SUPPORT)}
    assert leading == {DANA, LEE, bot.id}
    assert await bot.promote_chat_member(SUPPORT, DANA)
    assert (await bot.get_chat_member(SUPPORT, DANA)).status == "member"


@pytest.mark.parametrize(
    ("method", "fields", "text"),
    [
        ("banChatMember", {"chat_id": SUPPORT, "user_id": LEE}, "user is an administrator of the chat"),
        (
            "banChatMember",
            {"chat_id": TEAM, "user_id": LEE},
            "not enough rights to restrict/unrestrict chat member",
        ),
        ("banChatMember", {"chat_id": DANA, "user_id": DANA}, "can't ban members in private chats"),
        ("banChatMember", {"chat_id": SUPPORT, "user_id": 999}, "invalid user_id specified"),
        (
            "restrictChatMember",
            {"chat_id": OLD, "user_id": LEE, "permissions": {}},
            "method is available only for supergroups",
        ),
        ("getChatMember", {"chat_id": OLD, "user_id": KIM}, "member not found"),
        ("getChatMember", {"chat_id": DANA, "user_id": LEE}, "member not found"),
        ("getChatAdministrators", {"chat_id": DANA}, "there are no administrators in the private chat"),
        ("setChatTitle", {"chat_id": OLD, "title": "New"}, "not enough rights to change chat title"),
        ("setChatTitle", {"chat_id": SUPPORT, "title": " "}, "title must be non-empty"),
        ("setChatDescription", {"chat_id": SUPPORT}, "chat description is not modified"),
        ("pinChatMessage", {"chat_id": SUPPORT}, "message identifier is not specified"),
    ],
)
async def test_refusals_have_telegrams_words(
    raw: Raw, method: str, fields: Mapping[str, object], text: str
) -> None:
    assert await raw.error(method, **fields) == f"Bad Request: {text}"


async def test_a_new_title_is_heard_and_the_description_is_kept(bot: Bot) -> None:
    await heard(bot)
    assert await bot.set_chat_title(SUPPORT, "Help desk")
    (update,) = await heard(bot)
    assert update.message is not None
    assert update.message.new_chat_title == "Help desk"
    assert await bot.set_chat_description(SUPPORT, "Ask here")
    chat = await bot.get_chat(SUPPORT)
    assert (chat.title, chat.description) == ("Help desk", "Ask here")


async def test_to_read_of_a_chat_takes_less_than_to_write_there(bot: Bot, world: World) -> None:
    world.block_bot(DANA)
    assert (await bot.get_chat(DANA)).first_name == "Dana"
    world.remove_bot(OLD)
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.get_chat(OLD)
    world.set_bot(NEWS, "left")
    assert (await bot.get_chat("@acme_news")).title == "News"
    with pytest.raises(Forbidden, match="bot is not a member of the channel chat"):
        await bot.send_message(NEWS, "x")


async def test_who_cannot_be_written_to_is_told_apart(bot: Bot, world: World) -> None:
    world.add_user(ROBOT, "Robot", is_bot=True)
    world.deactivate(DANA)
    for chat_id, words in (
        (DANA, "user is deactivated"),
        (KIM, "bot can't initiate conversation with a user"),
        (ROBOT, "the bot can't send messages to the bot"),
        (int(TOKEN.partition(":")[0]), "the bot can't send messages to the bot"),
    ):
        with pytest.raises(Forbidden, match=words):
            await bot.send_message(chat_id, "x")


async def test_reactions_of_people_are_heard_where_the_bot_leads(bot: Bot, world: World) -> None:
    await heard(bot)
    message, elsewhere = world.says(DANA, SUPPORT, "/deploy"), world.says(DANA, OLD, "/deploy")
    world.reacts(LEE, SUPPORT, message.id, "👍")
    world.reacts(LEE, SUPPORT, message.id, "👍")
    world.reacts(LEE, SUPPORT, message.id)
    world.reacts(LEE, OLD, elsewhere.id, "👍")
    reactions = [each.message_reaction for each in await heard(bot) if each.message_reaction]
    told = [(len(each.old_reaction), len(each.new_reaction)) for each in reactions]
    assert told == [(0, 1), (1, 0)]
    with pytest.raises(BadRequest, match="Message to react not found"):
        await bot.set_message_reaction(SUPPORT, 999, "👍")
