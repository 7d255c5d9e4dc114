"""What is sent arrives: in the form that gets through, once per key, and over a restart."""

import asyncio
import contextlib
from pathlib import Path

import pytest
import structlog
from telegram import Bot

from bot.clock import SystemClock
from bot.sandbox.telegram import World
from bot.store.database import Database
from bot.telegram import stored
from bot.telegram.messages import Button, ChatTarget, Document, Message, Sent, Urgency
from bot.telegram.outbox import Outbox
from bot.telegram.text import escape, plain
from tests.telegram.conftest import DANA, DEPLOYS, OLD, QUICK, SECRET, TEAM, mask
from tests.telegram.full_disks import Filling

HERE = ChatTarget(DANA)


async def send(outbox: Outbox, html: str, to: ChatTarget = HERE) -> Sent:
    sent = await outbox.send(to, Message(html), urgency=Urgency.ANSWER)
    assert sent is not None
    return sent


def texts(world: World, chat: int = DANA) -> list[str]:
    return [message.text for message in world.messages(chat)]


async def test_a_message_arrives_in_its_topic_with_its_buttons(outbox: Outbox, world: World) -> None:
    message = Message("<b>hello</b>", ((Button("Go", "token", "success"), Button("Copy", copy="v1.2")),))
    sent = await outbox.send(ChatTarget(TEAM, DEPLOYS), message, urgency=Urgency.ANSWER, sound=True)
    assert sent is not None
    seen = world.message(TEAM, sent.message_id)
    assert seen is not None
    assert (seen.text, seen.thread_id, seen.silent) == ("hello", DEPLOYS, False)


async def test_an_edit_replaces_and_the_same_edit_again_is_no_error(outbox: Outbox, world: World) -> None:
    sent = await send(outbox, "one")
    for _ in range(2):
        assert await outbox.edit(sent, Message("two"), urgency=Urgency.ANSWER) == sent
    assert texts(world) == ["two"]


async def test_of_many_edits_only_the_newest_need_be_shown(outbox: Outbox, world: World) -> None:
    sent = await send(outbox, "0")
    await asyncio.gather(
        *(outbox.edit(sent, Message(str(n)), urgency=Urgency.PROGRESS) for n in range(1, 30))
    )
    (seen,) = world.messages(DANA)
    assert seen.text == "29"
    assert seen.edits <= 3


async def test_what_was_refused_for_a_while_never_comes_after_what_is_newer(
    outbox: Outbox, world: World
) -> None:
    sent = await send(outbox, "0")
    fault = world.state.faults.refuse(502, retry_after=None, seconds=None, methods=["editMessageText"])
    with structlog.testing.capture_logs() as logs:
        progress = asyncio.create_task(outbox.edit(sent, Message("half"), urgency=Urgency.PROGRESS))
        async with asyncio.timeout(300):
            while not any(each["event"] == "Telegram does not answer" for each in logs):
                await asyncio.sleep(0.01)
    world.state.faults.lift(fault)
    end = outbox.edit(sent, Message("done"), urgency=Urgency.RESULT)
    assert list(await asyncio.gather(progress, end)) == [sent, sent]
    assert texts(world) == ["done"]


@pytest.mark.parametrize("html", ["a < b <nonsense>", "<b>never closed", "1 &lt; 2 </i>"])
async def test_markup_that_telegram_refuses_arrives_as_plain_text(
    outbox: Outbox, world: World, html: str
) -> None:
    await send(outbox, html)
    assert texts(world) == [plain(html).strip()]


async def test_a_long_text_arrives_whole_in_parts_in_order(outbox: Outbox, world: World) -> None:
    lines = [f"line {n} &amp; more" for n in range(800)]
    message = Message("<pre>" + "\n".join(lines) + "</pre>", ((Button("More", "token"),),))
    sent = await outbox.send(HERE, message, urgency=Urgency.ANSWER)
    found = world.messages(DANA)
    assert len(found) > 1
    assert "\n".join(each.text for each in found) == plain(message.html)
    assert sent is not None
    assert found[-1].id == sent.message_id


async def test_a_very_long_text_ends_in_a_document(outbox: Outbox, world: World) -> None:
    html = "\n".join(f"line {n}" for n in range(5000))
    await send(outbox, html)
    first, document = world.messages(DANA)
    assert first.text.startswith("line 0\n")
    assert document.document is not None
    assert document.document.content.decode() == html


async def test_a_document_arrives_with_its_name(outbox: Outbox, world: World) -> None:
    message = Message("see", document=Document("shop.diff", b"+1\n", "the <b>diff</b>"))
    await outbox.send(HERE, message, urgency=Urgency.RESULT)
    _, seen = world.messages(DANA)
    assert seen.document is not None
    assert (seen.document.name, seen.document.content, seen.text) == ("shop.diff", b"+1\n", "the diff")


async def test_secrets_are_hidden_wherever_they_could_be_seen(outbox: Outbox, world: World) -> None:
    message = Message(
        f"<code>{escape(SECRET)}</code>", document=Document("a.txt", SECRET.encode(), escape(SECRET))
    )
    await outbox.send(HERE, message, urgency=Urgency.ANSWER)
    assert texts(world) == ["•••", "•••"]
    document = world.messages(DANA)[1].document
    assert document is not None
    assert document.content.decode() == "•••"


async def test_a_refusal_to_wait_is_waited_out(outbox: Outbox, world: World) -> None:
    world.refuse(429, retry_after=1, seconds=0.5)
    await send(outbox, "late but here")
    assert texts(world) == ["late but here"]


async def test_an_outage_is_survived(outbox: Outbox, world: World) -> None:
    world.down(0.3)
    await send(outbox, "after all")
    assert texts(world) == ["after all"]


@pytest.mark.parametrize(("code", "retry_after"), [(429, 1), (502, None)])
async def test_a_press_is_answered_once_telegram_takes_it(
    outbox: Outbox, world: World, code: int, retry_after: int | None
) -> None:
    sent = await outbox.send(
        HERE, Message("press", buttons=((Button("Go", data="go"),),)), urgency=Urgency.ANSWER
    )
    assert sent is not None
    query = world.presses(DANA, DANA, sent.message_id, 0, 0)
    world.refuse(code, retry_after=retry_after, seconds=0.5, methods=["answerCallbackQuery"])
    await outbox.answer_press(query, "You may not")
    assert (await world.answered(query)).text == "You may not"


async def test_a_group_that_moved_is_followed(outbox: Outbox, world: World, database: Database) -> None:
    sent = await send(outbox, "before", ChatTarget(OLD))
    world.migrate(OLD, -1001000000077)
    await send(outbox, "after", ChatTarget(OLD))
    again = await outbox.edit(sent, Message("done"), urgency=Urgency.RESULT)
    assert again is not None
    assert again.chat_id == -1001000000077
    assert [text for text in texts(world, -1001000000077) if text] == ["after", "done"]


async def test_what_is_on_its_way_while_its_group_moves_arrives(outbox: Outbox, world: World) -> None:
    world.migrate(OLD, -1001000000077)
    world.refuse(502, seconds=0.3, methods=["sendMessage"])
    sending = asyncio.create_task(send(outbox, "on its way", ChatTarget(OLD)))
    await outbox.chat_moved(OLD, -1001000000077)
    assert (await sending).chat_id == -1001000000077
    assert [text for text in texts(world, -1001000000077) if text] == ["on its way"]


async def test_who_blocked_the_bot_is_given_up(outbox: Outbox, world: World) -> None:
    world.block_bot(DANA)
    assert await outbox.send(HERE, Message("hello"), urgency=Urgency.ANSWER, durable=True) is None


async def test_a_result_is_told_anew_when_its_message_is_gone(outbox: Outbox, world: World) -> None:
    sent = await send(outbox, "progress")
    world.delete_message(DANA, sent.message_id)
    assert await outbox.edit(sent, Message("40 %"), urgency=Urgency.PROGRESS) is None
    anew = await outbox.edit(sent, Message("done"), urgency=Urgency.RESULT)
    assert anew is not None
    assert anew.message_id != sent.message_id
    assert texts(world) == ["done"]


async def test_a_key_is_sent_once(outbox: Outbox, world: World) -> None:
    for _ in range(2):
        sent = await outbox.send(HERE, Message("alert"), urgency=Urgency.ALERT, key="alert/1")
        assert sent is not None
    assert texts(world) == ["alert"]


async def test_what_was_sent_counts_as_sent_though_its_store_could_not_be_written_right_then(
    bot: Bot, world: World, tmp_path: Path
) -> None:
    async with Filling(f"sqlite:///{tmp_path}/bot.db") as database:
        async with Outbox(bot, database, SystemClock(), mask, QUICK) as outbox:
            database.room, database.refusals = 1, 1  # it is stored, and not that it was sent
            for _ in range(2):
                sent = await outbox.send(HERE, Message("news"), urgency=Urgency.RESULT, key="n", durable=True)
                assert sent is not None
        async with database.read() as session:
            assert await stored.waiting(session, set()) == []
    assert texts(world) == ["news"]


async def test_what_was_stored_is_sent_after_a_restart_newest_edit_only(
    bot: Bot, database: Database, world: World
) -> None:
    async with Outbox(bot, database, SystemClock(), mask, QUICK) as outbox:
        sent = await send(outbox, "running")
        async with database.write() as session:
            for words in ("stale", "final"):
                outbox.enqueue(session, HERE, Message(words), key=None, urgency=Urgency.RESULT, edits=sent)
            outbox.enqueue(session, HERE, Message("an alert"), key="a", urgency=Urgency.ALERT)
    async with Outbox(bot, database, SystemClock(), mask, QUICK) as outbox:
        changes = world.changes()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(300):
                async for _ in changes:
                    if texts(world) == ["final", "an alert"]:
                        break
        assert texts(world) == ["final", "an alert"]
        assert world.messages(DANA)[0].edits == 1
