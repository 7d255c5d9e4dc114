"""Several files at once, messages sent on, reactions."""

from __future__ import annotations

import pytest
from telegram import Bot, InputMediaDocument, InputMediaPhoto, MessageEntity, MessageOriginChannel
from telegram.error import BadRequest

from bot.sandbox.telegram import World
from tests.sandbox_telegram.conftest import DANA, DEPLOYS, LEE, NEWS, TEAM


async def test_an_album_is_several_messages_that_belong_together(bot: Bot, world: World) -> None:
    media = [
        InputMediaPhoto(b"\x89PNG1", caption="<b>CPU</b>", parse_mode="HTML"),
        InputMediaPhoto(b"\x89PNG2"),
    ]
    sent = await bot.send_media_group(TEAM, media, message_thread_id=DEPLOYS)
    first, second = world.messages(TEAM)[-2:]
    assert [each.message_id for each in sent] == [first.id, second.id]
    assert (first.text, first.thread_id) == ("CPU", DEPLOYS)
    assert first.album == second.album is not None


async def test_an_album_says_which_of_its_files_is_wrong(bot: Bot) -> None:
    with pytest.raises(
        BadRequest, match='Failed to send message #2 with the error message "wrong file identifier'
    ):
        await bot.send_media_group(TEAM, [InputMediaDocument(b"x"), InputMediaDocument("nothing")])
    with pytest.raises(BadRequest, match="Too many messages to send as an album"):
        await bot.send_media_group(TEAM, [InputMediaPhoto(b"x")] * 11)
    with pytest.raises(BadRequest, match="Documents can't be mixed with other media types"):
        await bot.send_media_group(TEAM, [InputMediaPhoto(b"x"), InputMediaDocument(b"x")])


async def test_an_album_keeps_the_entities_that_are_given(bot: Bot, world: World) -> None:
    bold = MessageEntity(MessageEntity.BOLD, 0, 3)
    media = [InputMediaDocument(b"1", caption="CPU", caption_entities=[bold]), InputMediaDocument(b"2")]
    await bot.send_media_group(TEAM, media)
    assert [each.type for each in world.messages(TEAM)[-2].entities] == ["bold"]


async def test_several_messages_go_in_their_order_without_what_is_gone(bot: Bot, world: World) -> None:
    ids = [world.says(LEE, TEAM, text).id for text in ("one", "two", "three")]
    world.delete_message(TEAM, ids[1])
    assert len(await bot.copy_messages(DANA, TEAM, ids)) == 2
    assert len(await bot.forward_messages(DANA, TEAM, ids)) == 2
    assert [each.text for each in world.messages(DANA)] == ["one", "three"] * 2
    with pytest.raises(BadRequest, match="Message identifiers must be in a strictly increasing order"):
        await bot.copy_messages(DANA, TEAM, ids[::-1])
    with pytest.raises(BadRequest, match="There are no messages to forward"):
        await bot.forward_messages(DANA, TEAM, [ids[1]])
    with pytest.raises(BadRequest, match="Too many message identifiers specified"):
        await bot.forward_messages(DANA, TEAM, list(range(1, 102)))


async def test_a_copy_may_have_a_caption_of_its_own(bot: Bot, world: World) -> None:
    plot = world.sends(DANA, DANA, "cpu.png", b"\x89PNG", kind="photo", caption="CPU")
    await bot.copy_message(TEAM, DANA, plot.id)
    await bot.copy_message(TEAM, DANA, plot.id, caption="<i>load</i>", parse_mode="HTML")
    assert [each.text for each in world.messages(TEAM)[-2:]] == ["CPU", "load"]
    assert world.messages(TEAM)[-1].photo == plot.photo


async def test_what_was_forwarded_says_where_it_was_first(bot: Bot, world: World) -> None:
    post = await bot.send_message(NEWS, "v1.2 is out")
    forwarded = await bot.forward_message(TEAM, NEWS, post.message_id)
    again = await bot.forward_message(DANA, TEAM, forwarded.message_id)
    assert isinstance(again.forward_origin, MessageOriginChannel)
    assert (again.forward_origin.chat.id, again.forward_origin.message_id) == (NEWS, post.message_id)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("mine", DANA, again.message_id)


async def test_messages_are_copied_and_forwarded(bot: Bot, world: World) -> None:
    said = world.says(LEE, TEAM, "see https://example.org")
    await bot.copy_message(DANA, TEAM, said.id)
    forwarded = await bot.forward_message(DANA, TEAM, said.id)
    assert [each.text for each in world.messages(DANA)] == ["see https://example.org"] * 2
    assert forwarded.forward_origin is not None
    with pytest.raises(BadRequest, match="Message to copy not found"):
        await bot.copy_message(DANA, TEAM, 999)
    secret = await bot.send_message(TEAM, "x", protect_content=True)
    with pytest.raises(BadRequest, match="Message can't be forwarded"):
        await bot.forward_message(DANA, TEAM, secret.message_id)


async def test_reactions(bot: Bot, world: World) -> None:
    said = world.says(DANA, TEAM, "thanks")
    for _ in range(2):
        assert await bot.set_message_reaction(TEAM, said.id, "👍")
    assert world.messages(TEAM)[-1].reaction == "👍"
    await bot.set_message_reaction(TEAM, said.id)
    assert world.messages(TEAM)[-1].reaction is None
    with pytest.raises(BadRequest, match=r"(?i)reaction_invalid"):
        await bot.set_message_reaction(TEAM, said.id, "🚢")
    with pytest.raises(BadRequest, match="Message to react not found"):
        await bot.set_message_reaction(TEAM, 999, "👍")
