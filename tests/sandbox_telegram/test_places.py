"""Chats, topics, pins and the command menus."""

from __future__ import annotations

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
)
from telegram.error import BadRequest, Forbidden

from bot.sandbox.telegram import World
from tests.sandbox_telegram.conftest import DANA, DEPLOYS, LEE, NEWS, OLD, TEAM, Raw


async def test_chats_and_members(bot: Bot) -> None:
    chat = await bot.get_chat(TEAM)
    assert (chat.title, chat.type, chat.is_forum) == ("Team", "supergroup", True)
    assert (await bot.get_chat(OLD)).type == "group"
    assert (await bot.get_chat_member(TEAM, DANA)).status == "member"
    assert (await bot.get_chat_member(NEWS, bot.id)).status == "administrator"
    assert await bot.get_chat_member_count(TEAM) == 3
    assert [each.user.id for each in await bot.get_chat_administrators(NEWS)] == [bot.id]
    await bot.send_chat_action(TEAM, "typing", message_thread_id=DEPLOYS)


async def test_topics_need_the_right_and_close(bot: Bot, world: World) -> None:
    with pytest.raises(BadRequest, match="Not enough rights to create a topic"):
        await bot.create_forum_topic(TEAM, "builds")
    world.set_bot(TEAM, "administrator")
    topic = await bot.create_forum_topic(TEAM, "builds")
    sent = await bot.send_message(TEAM, "x", message_thread_id=topic.message_thread_id)
    assert sent.message_thread_id == topic.message_thread_id
    await bot.close_forum_topic(TEAM, topic.message_thread_id)
    with pytest.raises(BadRequest, match=r"(?i)topic_not_modified"):
        await bot.close_forum_topic(TEAM, topic.message_thread_id)
    world.set_bot(TEAM, "member")
    with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
        await bot.send_message(TEAM, "x", message_thread_id=topic.message_thread_id)
    with pytest.raises(BadRequest, match="The chat is not a forum"):
        await bot.create_forum_topic(OLD, "builds")


async def test_general_can_be_closed_and_hidden(bot: Bot, world: World) -> None:
    with pytest.raises(BadRequest, match="Not enough rights to close or open the topic"):
        await bot.close_general_forum_topic(TEAM)
    world.set_bot(TEAM, "administrator")
    assert await bot.edit_general_forum_topic(TEAM, "Hall")
    assert await bot.close_general_forum_topic(TEAM)
    world.set_bot(TEAM, "member")
    with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
        await bot.send_message(TEAM, "x")
    world.set_bot(TEAM, "administrator")
    assert await bot.hide_general_forum_topic(TEAM)
    with pytest.raises(BadRequest, match=r"(?i)topic_not_modified"):
        await bot.hide_general_forum_topic(TEAM)
    assert await bot.reopen_general_forum_topic(TEAM)
    general = world.state.chats[TEAM].general
    assert (general.name, general.hidden, general.closed) == ("Hall", False, False)
    said = [each.service for each in world.messages(TEAM) if each.by_bot or each.from_user == world.bot]
    assert [next(iter(each)) for each in said if each] == [
        "forum_topic_edited",
        "forum_topic_closed",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "forum_topic_reopened",
    ]


async def test_pins_of_one_topic_go_together(bot: Bot, world: World) -> None:
    world.set_bot(TEAM, "administrator")
    here = await bot.send_message(TEAM, "here", message_thread_id=DEPLOYS)
    there = await bot.send_message(TEAM, "there")
    for each in (here, there):
        await bot.pin_chat_message(TEAM, each.message_id)
    await bot.unpin_all_forum_topic_messages(TEAM, DEPLOYS)
    assert world.state.chats[TEAM].pinned == [there.message_id]
    await bot.unpin_all_general_forum_topic_messages(TEAM)
    assert world.state.chats[TEAM].pinned == []


async def test_pinning(bot: Bot, world: World) -> None:
    sent = await bot.send_message(TEAM, "x")
    with pytest.raises(BadRequest, match="Not enough rights to manage pinned messages"):
        await bot.pin_chat_message(TEAM, sent.message_id)
    world.set_bot(TEAM, "administrator")
    await bot.pin_chat_message(TEAM, sent.message_id)
    update = (await bot.get_updates(offset=-1))[0]
    assert update.message is not None
    assert update.message.pinned_message is not None
    assert (await bot.get_chat(TEAM)).pinned_message is not None
    await bot.unpin_chat_message(TEAM, sent.message_id)
    assert (await bot.get_chat(TEAM)).pinned_message is None


async def test_menus_are_kept_by_scope_and_the_narrowest_is_seen(bot: Bot, world: World) -> None:
    await bot.set_my_commands([BotCommand("help", "Help")])
    await bot.set_my_commands([BotCommand("/Status", "Look")], scope=BotCommandScopeAllGroupChats())
    await bot.set_my_commands([BotCommand("deploy", "Do")], scope=BotCommandScopeChatMember(TEAM, DANA))
    assert [each["command"] for each in world.menu(DANA, TEAM)] == ["deploy"]
    assert [each["command"] for each in world.menu(LEE, TEAM)] == ["status"]
    assert [each["command"] for each in world.menu(DANA, DANA)] == ["help"]
    assert await bot.get_my_commands(scope=BotCommandScopeChat(TEAM)) == ()
    await bot.delete_my_commands(scope=BotCommandScopeChatMember(TEAM, DANA))
    assert [each["command"] for each in world.menu(DANA, TEAM)] == ["status"]


@pytest.mark.parametrize(
    ("command", "description", "text"),
    [
        ("", "x", "command must be non-empty"),
        ("x" * 33, "x", "command length must not exceed 32"),
        ("x", "", "command description must be non-empty"),
        ("dé", "x", "BOT_COMMAND_INVALID"),
    ],
)
async def test_commands_are_checked(raw: Raw, command: str, description: str, text: str) -> None:
    commands = [{"command": command, "description": description}]
    assert await raw.error("setMyCommands", commands=commands) == f"Bad Request: {text}"


async def test_names_and_descriptions(bot: Bot) -> None:
    await bot.set_my_description("Deploys things")
    assert (await bot.get_my_description("de")).description == "Deploys things"
    assert (await bot.get_my_name()).name == "Pilothouse"


async def test_leaving(bot: Bot) -> None:
    await bot.leave_chat(TEAM)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(TEAM, "x")
