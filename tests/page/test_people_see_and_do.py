"""What the page's server says of the chats, to each as they see them, and what it does for people."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.sandbox.page.audience import RESET, Audience
from bot.sandbox.servers import TOKEN
from tests.page.sites import ALERTS, DANA, DEPLOYS, EVE, NEWS, TEAM, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEYS = {"inline_keyboard": [[{"text": "Deploy", "callback_data": "go", "style": "primary"}]]}


async def test_everybody_is_there_with_their_role(site: Site) -> None:
    people = (await site.get("/api/world?as=dana"))["people"]
    assert {each["key"]: each["role"] for each in people} == {
        "kim": "admin",
        "dana": "deployer",
        "lee": "developer",
        "vic": "viewer",
        "eve": "",
    }


async def test_chats_are_seen_by_those_who_are_in_them(site: Site) -> None:
    seen = {who: (await site.get(f"/api/world?as={who}"))["chats"] for who in ("dana", "eve")}
    assert [chat["key"] for chat in seen["dana"]] == ["private", "team", "news"]
    assert [chat["key"] for chat in seen["eve"]] == ["private", "news"]
    assert [each["name"] for each in seen["dana"][1]["topics"]] == ["deploys", "alerts"]
    assert [chat["can_write"] for chat in seen["dana"]] == [True, True, False]


async def test_a_stranger_hears_nothing_of_the_group(site: Site) -> None:
    async with site.stream("eve") as stream:
        await site.says("between us", chat=TEAM, topic=DEPLOYS)
        await site.bot("sendMessage", chat_id=TEAM, message_thread_id=DEPLOYS, text="also")
        await site.bot("sendChatAction", chat_id=TEAM, message_thread_id=DEPLOYS, action="typing")
        await site.bot("sendMessage", chat_id=DANA, text="for Dana alone")
        await site.bot("sendMessage", chat_id=NEWS, text="for everybody")
        heard = await stream.until("message")
        assert heard["message"]["text"] == "for everybody"


async def test_a_stranger_can_do_nothing_in_the_group(site: Site) -> None:
    sent = await site.bot("sendMessage", chat_id=TEAM, text="Deploy?", reply_markup=KEYS)
    status, answer = await site.post("/api/say", **{"as": "eve"}, chat=TEAM, text="let me in")
    assert (status, answer["error"]) == (409, "You are not in that chat")
    place = {"chat": TEAM, "message": sent["message_id"], "row": 0, "column": 0}
    status, answer = await site.post("/api/press", **{"as": "eve"}, **place)
    assert status == 409


async def test_somebody_elses_private_chat_is_closed(site: Site) -> None:
    status, _ = await site.post("/api/say", **{"as": "eve"}, chat=DANA, text="it is me, Dana")
    assert status == 409
    async with site.http.get(f"{site.page.url}/api/menu?as=eve&chat={DANA}") as response:
        assert response.status == 404


async def test_nobody_but_the_bot_writes_into_a_channel(site: Site) -> None:
    status, answer = await site.post("/api/say", **{"as": "kim"}, chat=NEWS, text="hello")
    assert status == 409
    assert "channel" in answer["error"]


async def test_nobody_unknown_is_let_in(site: Site) -> None:
    async with site.http.get(f"{site.page.url}/api/world?as=dane") as response:
        assert response.status == 404
        assert "did you mean 'dana'" in (await response.json())["error"]


async def test_what_somebody_says_reaches_the_bot_and_everybody_there(site: Site) -> None:
    await site.bot("deleteWebhook", drop_pending_updates=True)
    async with site.stream("lee") as stream:
        said = await site.says("/deploy shop <b>staging</b>", chat=TEAM, topic=DEPLOYS)
        heard = (await stream.until("message"))["message"]
    assert (said["out"], heard["out"]) == (True, False)
    assert heard["text"] == "/deploy shop <b>staging</b>"
    assert heard["topic"] == DEPLOYS
    assert heard["from"] == {"id": DANA, "key": "dana", "name": "Dana", "kind": "person", "badge": ""}
    assert heard["entities"] == [{"type": "bot_command", "offset": 0, "length": 7}]
    updates = await site.bot("getUpdates")
    assert updates[-1]["message"]["text"] == said["text"]


async def test_an_answer_quotes_what_it_answers(site: Site) -> None:
    sent = await site.bot("sendMessage", chat_id=TEAM, message_thread_id=ALERTS, text="Why now?")
    body = {"as": "dana", "chat": TEAM, "topic": None, "text": "campaign", "reply_to": sent["message_id"]}
    status, answer = await site.post("/api/say", **body)
    assert status == 200
    assert answer["message"]["topic"] == ALERTS
    quoted = {"id": sent["message_id"], "name": "Pilothouse", "key": None, "text": "Why now?"}
    assert answer["message"]["reply"] == quoted


async def test_what_cannot_be_said_is_told_in_words(site: Site) -> None:
    for text, topic in (("", None), ("hello", 999)):
        status, answer = await site.post("/api/say", **{"as": "dana"}, chat=TEAM, topic=topic, text=text)
        assert status == 409
        assert answer["error"]


async def test_a_message_comes_with_its_looks(site: Site) -> None:
    buttons = [
        [
            {"text": "Go", "callback_data": "x", "style": "success"},
            {"text": "Notes", "url": "https://example.org/n"},
            {"text": "Copy", "copy_text": {"text": "abc"}},
            {"text": "No", "callback_data": "y", "style": "danger", "disabled": {}},
        ]
    ]
    text = '🚀 <b>shop</b> <a href="https://example.org/">notes</a><pre><code class="language-py">x = 1</code></pre>'
    async with site.stream() as stream:
        await site.bot(
            "sendMessage",
            chat_id=DANA,
            text=text,
            parse_mode="HTML",
            disable_notification=True,
            reply_markup={"inline_keyboard": buttons},
        )
        message = (await stream.until("message"))["message"]
    assert message["silent"] is True
    assert message["from"]["badge"] == "bot"
    assert message["entities"] == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "text_link", "offset": 8, "length": 5, "url": "https://example.org/"},
        {"type": "pre", "offset": 13, "length": 5, "language": "py"},
    ]
    go, notes, copy, no = message["buttons"][0]
    assert (go["kind"], go["style"], go["disabled"]) == ("callback", "success", False)
    assert (notes["kind"], notes["url"]) == ("url", "https://example.org/n")
    assert (copy["kind"], copy["copy"]) == ("copy", "abc")
    assert no["disabled"] is True


async def test_edits_and_deletions_are_seen_as_they_happen(site: Site) -> None:
    async with site.stream() as stream:
        sent = await site.bot("sendMessage", chat_id=DANA, text="one")
        number = sent["message_id"]
        await site.bot("editMessageText", chat_id=DANA, message_id=number, text="two")
        await site.bot(
            "setMessageReaction", chat_id=DANA, message_id=number, reaction=[{"type": "emoji", "emoji": "👍"}]
        )
        await site.bot("deleteMessage", chat_id=DANA, message_id=number)
        await stream.until("deleted", chat=DANA, id=number)
    states = [each["message"] for each in stream.heard if each["type"] == "message"]
    seen = [(each["text"], each["edited"], each["edits"], each["reaction"]) for each in states]
    assert seen == [("one", False, 0, None), ("two", True, 1, None), ("two", True, 1, "👍")]
    assert number not in [each["id"] for each in (await site.chat(DANA))["messages"]]


async def test_typing_is_seen_in_its_topic(site: Site) -> None:
    async with site.stream() as stream:
        await site.bot("sendChatAction", chat_id=TEAM, message_thread_id=DEPLOYS, action="typing")
        assert await stream.until("typing") == {
            "type": "typing",
            "chat": TEAM,
            "topic": DEPLOYS,
            "action": "typing",
        }


async def test_the_newest_pinned_message_is_known(site: Site) -> None:
    async with site.stream() as stream:
        sent = [await site.bot("sendMessage", chat_id=EVE, text=text) for text in ("first", "second")]
        first, second = [each["message_id"] for each in sent]
    async with site.stream("eve") as stream:
        for number in (first, second):
            await site.bot("pinChatMessage", chat_id=EVE, message_id=number)
            assert (await stream.until("pinned", chat=EVE))["message"]["id"] == number
        assert (await site.chat(EVE, "eve"))["pinned"]["id"] == second
        words = [each["message"]["service"] for each in stream.heard if each["type"] == "message"]
        assert words == ["Pilothouse pinned a message"] * 2
        await site.bot("deleteMessage", chat_id=EVE, message_id=second)
        assert (await stream.until("pinned", chat=EVE))["message"]["id"] == first
        await site.bot("unpinAllChatMessages", chat_id=EVE)
        assert (await stream.until("pinned", chat=EVE))["message"] is None


async def test_a_press_comes_back_with_the_bots_answer(site: Site) -> None:
    sent = await site.bot("sendMessage", chat_id=DANA, text="Sure?", reply_markup=KEYS)
    await site.bot("deleteWebhook", drop_pending_updates=True)
    place = {"chat": DANA, "message": sent["message_id"], "row": 0, "column": 0}
    pressing = asyncio.create_task(site.post("/api/press", **{"as": "dana"}, **place))
    query = (await site.bot("getUpdates", timeout=30))[0]["callback_query"]
    assert query["data"] == "go"
    await site.bot("answerCallbackQuery", callback_query_id=query["id"], text="Started", show_alert=True)
    assert await pressing == (200, {"text": "Started", "alert": True, "url": ""})


async def test_a_button_that_is_not_there_cannot_be_pressed(site: Site) -> None:
    sent = await site.bot("sendMessage", chat_id=DANA, text="Nothing to press")
    place = {"chat": DANA, "message": sent["message_id"], "row": 0, "column": 0}
    status, answer = await site.post("/api/press", **{"as": "dana"}, **place)
    assert status == 409
    assert "no button" in answer["error"]


async def test_the_menu_is_that_of_the_person_and_chat(site: Site) -> None:
    commands = [{"command": "deploy", "description": "Deploy"}]
    await site.bot("setMyCommands", commands=commands, scope={"type": "chat", "chat_id": DANA})
    assert await site.get(f"/api/menu?as=dana&chat={DANA}") == commands
    assert await site.get(f"/api/menu?as=dana&chat={TEAM}") == []


async def test_a_picture_can_be_looked_at(site: Site) -> None:
    pixel = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
    form = aiohttp.FormData({"chat_id": str(DANA), "caption": "a dot"})
    form.add_field("photo", pixel, filename="dot.png", content_type="image/png")
    url = f"{site.sandbox.servers.telegram.url}/bot{TOKEN}/sendPhoto"
    async with site.stream() as stream, site.http.post(url, data=form):
        message = (await stream.until("message"))["message"]
    assert message["text"] == "a dot"
    assert message["document"] is None
    async with site.http.get(site.page.url + message["photo"]["href"]) as response:
        assert response.content_type == "image/png"
        assert await response.read() == pixel


async def test_new_topics_make_the_page_look_again(site: Site) -> None:
    site.sandbox.servers.telegram.world.set_bot(TEAM, "administrator")
    async with site.stream() as stream:
        await site.bot("createForumTopic", chat_id=TEAM, name="builds")
        await stream.until("reset")
    assert "builds" in [each["name"] for each in (await site.chat(TEAM))["topics"]]


async def test_who_is_thrown_out_sees_the_group_no_more(site: Site) -> None:
    site.sandbox.servers.telegram.world.set_bot(TEAM, "administrator")
    async with site.stream("vic") as stream:
        await site.bot("banChatMember", chat_id=TEAM, user_id=1004)
        await stream.until("reset")
    assert "team" not in [each["key"] for each in (await site.get("/api/world?as=vic"))["chats"]]


async def test_who_does_not_listen_costs_little_and_starts_anew() -> None:
    audience = Audience()
    with audience.joined() as mailbox:
        for number in range(10_000):
            audience.tell({"type": "message", "number": number})
        heard = []
        while (event := await mailbox.next(0)) is not None:
            heard.append(event)
    assert heard[0] == RESET
    assert len(heard) <= 500
    assert heard[-1] == {"type": "message", "number": 9_999}
    assert len(audience) == 0
