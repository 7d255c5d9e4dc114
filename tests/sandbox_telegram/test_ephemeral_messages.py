"""Messages that only one member of a group sees."""

from __future__ import annotations

from bot.sandbox.telegram import TelegramServer, World
from tests.sandbox_telegram.conftest import DANA, LEE, TEAM, Raw

MARKUP = {"inline_keyboard": [[{"text": "Deploy", "callback_data": "d"}]]}


async def test_a_press_may_be_answered_for_its_presser_alone(
    raw: Raw, world: World, server: TelegramServer
) -> None:
    plan = await raw("sendMessage", chat_id=TEAM, text="Plan", reply_markup=MARKUP)
    pressed = world.presses(LEE, TEAM, plan["result"]["message_id"], 0, 0)
    refusal = {
        "chat_id": TEAM,
        "text": "Only Dana may",
        "ephemeral_message_parameters": {"receiver_user_id": LEE, "callback_query_id": pressed},
    }
    sent = (await raw("sendMessage", **refusal))["result"]
    assert sent["receiver_user"]["id"] == LEE
    seen = world.messages(TEAM)[-1]
    assert (seen.text, seen.receiver_id, seen.id) == ("Only Dana may", LEE, sent["ephemeral_message_id"])
    assert world.messages(TEAM, seen_by=LEE)[-1] == seen
    assert seen not in world.messages(TEAM, seen_by=DANA)
    address = {"chat_id": TEAM, "receiver_user_id": LEE, "ephemeral_message_id": seen.id}
    assert (await raw("editEphemeralMessageText", text="Ask Dana", **address))["result"] is True
    assert world.messages(TEAM)[-1].text == "Ask Dana"
    assert await raw.error("editMessageText", chat_id=TEAM, message_id=seen.id, text="x") == (
        "Bad Request: message to edit not found"
    )
    assert (await raw("deleteEphemeralMessage", **address))["ok"]
    assert world.message(TEAM, seen.id) is None
    await server.state.clock.sleep(16)
    assert await raw.error("sendMessage", **refusal) == "Bad Request: BOT_NOT_ADMIN"


async def test_without_a_press_it_takes_an_administrator_in_a_group(raw: Raw, world: World) -> None:
    to_dana = {"text": "x", "ephemeral_message_parameters": {"receiver_user_id": DANA}}
    assert await raw.error("sendMessage", chat_id=DANA, **to_dana) == "Bad Request: BOT_NOT_ADMIN"
    assert await raw.error("sendMessage", chat_id=TEAM, **to_dana) == "Bad Request: BOT_NOT_ADMIN"
    world.set_bot(TEAM, "administrator")
    assert (await raw("sendMessage", chat_id=TEAM, **to_dana))["ok"]
