"""What people do on the page beside tapping buttons: reading while much happens, writing, keys alone, reloading."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect
from playwright.async_api import TimeoutError as Timeout

from bot.clock import SystemClock
from bot.sandbox.page import Page as Server
from bot.sandbox.page import bound
from bot.sandbox.telegram import Limits
from tests.page.phones import open_phone
from tests.page.sites import DANA, DEPLOYS, NEWS, TEAM, BotInProcess, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS: Final = {"inline_keyboard": [[{"text": "Deploy", "callback_data": "go"}]]}
COMMANDS: Final = [
    {"command": "status", "description": "What runs where"},
    {"command": "scale", "description": "Change the number of replicas"},
    {"command": "deploy", "description": "Deploy an app"},
]
NAMED: Final = {
    "button",
    "link",
    "switch",
    "textbox",
    "combobox",
    "option",
    "menuitemradio",
    "log",
    "navigation",
    "main",
}
"""Roles that mean nothing without a name."""


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """A desktop's window; an error in the page is one in the test. The bot may write as fast as it likes."""
    site.sandbox.servers.telegram.state.floods.limits = Limits.none()
    context = await browser.new_context(viewport={"width": 1200, "height": 700}, reduced_motion="reduce")
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if "Security Policy" in said.text else None)
    yield opened
    await context.close()
    assert errors == []


async def _open(page: Page, site: Site, place: str) -> None:
    await page.goto("about:blank")
    await page.goto(f"{site.page.url}/#/{place}")
    await page.wait_for_selector("body[data-ready]")


async def _send(site: Site, text: str, chat: int = DANA, **more: object) -> int:
    sent = await site.bot("sendMessage", chat_id=chat, text=text, **more)
    number: int = sent["message_id"]
    return number


async def _edit(site: Site, message: int, text: str, **more: object) -> None:
    await site.bot("editMessageText", chat_id=DANA, message_id=message, text=text, **more)


def _topic(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="Topics").get_by_role("link", name=name)


async def _top(page: Page, message: int) -> float:
    box = await page.locator(f"[data-message='{message}']").bounding_box()
    assert box is not None
    return box["y"]


async def _answer(site: Site, **answer: object) -> None:
    """Answer the press that is waiting."""
    offset = 0
    while True:
        for update in await site.bot("getUpdates", timeout=20, offset=offset):
            offset = update["update_id"] + 1
            if query := update.get("callback_query"):
                await site.bot("answerCallbackQuery", callback_query_id=query["id"], **answer)
                await site.bot("getUpdates", offset=offset)
                return


async def test_what_is_read_stays_where_it_is(site: Site, page: Page) -> None:
    ids = [await _send(site, f"line {number}\nand one more") for number in range(30)]
    await _open(page, site, "dana/private")
    middle = ids[15]
    await page.locator(f"[data-message='{middle}']").scroll_into_view_if_needed()
    await page.locator(".feed").evaluate("(feed) => { feed.scrollTop -= 100; }")
    before = await _top(page, middle)
    await _edit(site, ids[2], "grown\n" * 12)
    await expect(page.locator(f"[data-message='{ids[2]}']")).to_contain_text("grown")
    await site.bot("deleteMessage", chat_id=DANA, message_id=ids[4])
    await expect(page.locator(f"[data-message='{ids[4]}']")).to_have_count(0)
    last = await _send(site, "the newest")
    await expect(page.locator(f"[data-message='{last}']")).to_be_attached()
    assert abs(await _top(page, middle) - before) < 1

    await expect(page.locator(".jump .count")).to_have_text("1")
    await page.locator(".jump").click()
    await expect(page.locator(f"[data-message='{last}']")).to_be_in_viewport()
    await expect(page.locator(".jump")).to_be_hidden()


async def test_who_is_at_the_end_follows(site: Site, page: Page) -> None:
    for number in range(12):
        await _send(site, f"line {number}\nand one more")
    await _open(page, site, "dana/private")
    await page.locator(".feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
    last = await _send(site, "small")
    await _edit(site, last, "high\n" * 8 + "the end")
    await expect(page.locator(f"[data-message='{last}'] time")).to_be_in_viewport()
    await expect(page.locator(f"[data-message='{last}']")).to_contain_text("the end")
    await expect(page.locator(f"[data-message='{last}'] time")).to_be_in_viewport()


async def test_a_live_edit_takes_neither_a_button_nor_an_open_quote_away(site: Site, page: Page) -> None:
    quote = "<blockquote expandable>one\ntwo\nthree\nfour\nfive</blockquote>"
    sent = await _send(site, f"1s\n{quote}", parse_mode="HTML", reply_markup=KEYS)
    await _open(page, site, "dana/private")
    message = page.locator(f"[data-message='{sent}']")
    await message.locator(".fold > button").click()
    button = await message.locator(".key").element_handle()
    assert button is not None
    await button.focus()
    await _edit(site, sent, f"2s\n{quote}", parse_mode="HTML", reply_markup=KEYS)
    await expect(message).to_contain_text("2s")
    assert await button.evaluate("(node) => node.isConnected && document.activeElement === node")
    await expect(message.get_by_role("button", name="Fold the quote")).to_have_attribute(
        "aria-expanded", "true"
    )
    await expect(message).to_contain_text("edited")


async def test_a_pressed_button_turns_until_the_bot_has_answered(site: Site, page: Page) -> None:
    sent = await _send(site, "Deploy?", reply_markup=KEYS)
    await _open(page, site, "dana/private")
    button = page.locator(f"[data-message='{sent}'] .key")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    await _answer(site, text="On its way")
    await expect(page.locator("#toast")).to_have_text("On its way")
    await expect(button).to_have_attribute("aria-busy", "false")


async def test_an_alert_is_a_dialog_and_gives_the_focus_back(site: Site, page: Page) -> None:
    sent = await _send(site, "Approve?", reply_markup=KEYS)
    await _open(page, site, "dana/private")
    button = page.locator(f"[data-message='{sent}'] .key")
    await button.focus()
    await page.keyboard.press("Enter")
    await _answer(site, text="You may not", show_alert=True)
    await expect(page.get_by_role("alertdialog", name="Pilothouse")).to_contain_text("You may not")
    await page.keyboard.press("Escape")
    await expect(page.locator("#alert")).to_have_count(0)
    await expect(button).to_be_focused()


async def test_commands_are_completed_by_keys_alone(site: Site, page: Page) -> None:
    await site.bot("setMyCommands", commands=COMMANDS)
    await _send(site, "hello")
    await _open(page, site, "dana/private")
    field = page.get_by_role("combobox", name="Message")
    await field.focus()
    await page.keyboard.type("/s")
    await expect(page.get_by_role("option")).to_have_text([re.compile("/status"), re.compile("/scale")])
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option", selected=True)).to_contain_text("/scale")
    await page.keyboard.press("Tab")
    await expect(field).to_have_value("/scale ")
    await field.fill("")
    await page.keyboard.type("/st")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await page.keyboard.type("a")
    await page.keyboard.press("Enter")
    await expect(page.locator(".msg.me").last).to_contain_text("/status")
    await expect(field).to_have_value("")


async def test_a_message_is_answered_by_keys_alone(site: Site, page: Page) -> None:
    sent = await _send(site, "Who deploys?")
    await _open(page, site, "dana/private")
    await page.locator(".feed").focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(f"[data-message='{sent}']")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#field")).to_be_focused()
    await page.keyboard.type("I do")
    await page.keyboard.press("Enter")
    mine = page.locator(".msg.me").last
    await expect(mine.locator(".reply")).to_contain_text("Who deploys?")
    await mine.locator(".reply").click()
    await expect(page.locator(f"[data-message='{sent}']")).to_be_focused()


async def test_a_reload_keeps_the_person_the_chat_and_what_was_begun(site: Site, page: Page) -> None:
    await _open(page, site, f"lee/team/{DEPLOYS}")
    await page.locator("#field").fill("not yet")
    await page.reload()
    await expect(page.get_by_role("heading", name="Team")).to_be_visible()
    await expect(page.get_by_role("button", name="You are Lee")).to_be_visible()
    await expect(page.locator("#field")).to_have_value("not yet")
    await expect(_topic(page, "deploys")).to_have_attribute("aria-current", "page")
    await page.locator(".row[data-chat=news]").click()
    await expect(page.locator("#field")).to_be_hidden()
    await page.locator(".row[data-chat=team]").click()
    await expect(page.locator("#field")).to_have_value("not yet")


async def test_what_is_unread_is_counted_until_it_is_seen(site: Site, page: Page) -> None:
    await _open(page, site, "vic/private")
    count = page.locator(".row[data-chat=news] .count")
    await expect(count).to_have_count(0)
    await _send(site, "Shop 1.2 is out", NEWS)
    await expect(count).to_have_text("1")
    await expect(page).to_have_title(re.compile(r"^\(1\)"))
    await page.locator(".row[data-chat=news]").click()
    await expect(count).to_have_count(0)


async def test_a_topic_shows_its_own_messages_and_is_written_into(site: Site, page: Page) -> None:
    await _send(site, "in general", TEAM)
    await _send(site, "in deploys", TEAM, message_thread_id=DEPLOYS)
    await _open(page, site, "dana/team")
    await _topic(page, "deploys").click()
    await expect(page.locator(".feed")).not_to_contain_text("in general")
    await expect(page.locator(".feed")).to_contain_text("in deploys")
    await page.get_by_role("combobox", name="Message in deploys").fill("written here")
    await page.locator("#send").click()
    await expect(page.locator(".msg.me").last).to_contain_text("written here")
    said = (await site.chat(TEAM))["messages"][-1]
    assert (said["text"], said["topic"]) == ("written here", DEPLOYS)


async def test_what_the_bot_is_doing_is_shown(site: Site, page: Page) -> None:
    await _send(site, "hello")
    await _open(page, site, "dana/private")
    await site.bot("sendChatAction", chat_id=DANA, action="typing")
    await expect(page.locator("#chat .bar .grow p")).to_have_text("typing…")
    await expect(page.locator(".dots")).to_be_visible()
    await _send(site, "done")
    await expect(page.locator("#chat .bar .grow p")).to_have_text("bot")
    await expect(page.locator(".dots")).to_have_count(0)


async def test_the_pinned_message_leads_to_itself(site: Site, page: Page) -> None:
    pinned = await _send(site, "locked until 16:00")
    for number in range(20):
        await _send(site, f"line {number}")
    await _open(page, site, "dana/private")
    await site.bot("pinChatMessage", chat_id=DANA, message_id=pinned)
    await page.get_by_role("button", name="Pinned message").click()
    await expect(page.locator(f"[data-message='{pinned}']")).to_be_focused()
    await expect(page.locator(f"[data-message='{pinned}']")).to_be_in_viewport()


async def test_texts_are_never_markup(site: Site, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)><b>not bold</b>"
    sent = await _send(
        site, hostile, reply_markup={"inline_keyboard": [[{"text": "<i>x</i>", "callback_data": "x"}]]}
    )
    await site.says(hostile, chat=DANA)
    await _open(page, site, "dana/private")
    message = page.locator(f"[data-message='{sent}']")
    await expect(message.locator("p")).to_contain_text(hostile)
    await expect(message.locator(".key")).to_have_text("<i>x</i>")
    await expect(page.locator(".feed img, .row img")).to_have_count(0)


async def test_a_document_is_read_on_the_page(site: Site, page: Page) -> None:
    telegram = site.sandbox.servers.telegram.world
    sent = telegram.sends(DANA, DANA, "shop-staging-v1.2.diff", b"+replicas: 3", mime="text/x-diff")
    await _open(page, site, "dana/private")
    await page.locator(f"[data-message='{sent.id}'] .doc").click()
    await expect(page.get_by_role("dialog", name="shop-staging-v1.2.diff")).to_contain_text("+replicas: 3")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_lost_connection_is_said_and_mended(site: Site, page: Page) -> None:
    socket = bound(0)
    port = socket.getsockname()[1]
    async with Server(site.sandbox, BotInProcess(), socket, SystemClock()) as server:
        await page.goto(f"{server.url}/#/dana/private")
        await page.wait_for_selector("body[data-connection=up]")
    await expect(page.locator("#lost")).to_contain_text("does not answer")
    missed = await _send(site, "said meanwhile")
    async with Server(site.sandbox, BotInProcess(), bound(port), SystemClock()):
        await expect(page.locator(f"[data-message='{missed}']")).to_be_visible()
        await expect(page.locator("#lost")).to_be_hidden()


async def test_a_finger_replies_by_touching_a_bubble(site: Site, browser: Browser) -> None:
    sent = await _send(site, "Who deploys?")
    async with open_phone(browser, site.page.url, "dana") as phone:
        await phone.opens("private")
        message = phone.page.locator(f"[data-message='{sent}']")
        answer = message.get_by_role("button", name="Reply to Pilothouse")
        await expect(answer).to_be_hidden()
        await phone.tap(message.locator("p"))
        await phone.tap(answer)
        await phone.types("I do")
        await expect(phone.page.locator(".msg.me .reply").last).to_contain_text("Who deploys?")


async def test_a_tap_right_after_becoming_somebody_else_is_not_still_in_the_old_name(
    site: Site, browser: Browser
) -> None:
    """Their chats are on the way: what is still on the list would lead back to whom one was."""
    await _send(site, "for Dana alone")
    here = asyncio.Event()

    async def hold(route: Route) -> None:
        await here.wait()
        await route.continue_()

    async with open_phone(browser, site.page.url, "dana") as phone:
        await phone.page.route("**/api/world?as=kim", hold)
        await phone.becomes("kim")
        row = phone.page.locator(".row[data-chat=private]")
        with pytest.raises(Timeout):
            await row.tap(timeout=500)
        here.set()
        await phone.opens("private")
        await expect(phone.page.get_by_role("button", name="Start", exact=True)).to_be_visible()


async def test_a_muted_channel_counts_quietly(site: Site, page: Page) -> None:
    await _open(page, site, "lee/news")
    await page.get_by_role("button", name="Mute", exact=True).click()
    await page.locator(".row[data-chat=private]").click()
    before = await page.title()
    await _send(site, "Shop 1.3 is out", NEWS)
    await expect(page.locator(".row[data-chat=news] .count.quiet")).to_have_text("1")
    await expect(page).to_have_title(before)


@pytest.mark.parametrize("width", [390, 1200])
async def test_everything_has_a_name_for_those_who_do_not_see_it(site: Site, page: Page, width: int) -> None:
    await _send(site, "Deploy?", reply_markup=KEYS)
    await page.set_viewport_size({"width": width, "height": 700})
    session = await page.context.new_cdp_session(page)
    for place in ("dana/private", "dana/team", "dana/truth"):
        await _open(page, site, place)
        tree = await session.send("Accessibility.getFullAXTree")
        seen = [node for node in tree["nodes"] if not node.get("ignored")]
        roles = {_said(node, "role") for node in seen}
        assert [node for node in seen if _said(node, "role") in NAMED and not _said(node, "name")] == []
        assert roles & {"main", "complementary", "navigation"}
        assert ("switch" in roles) == (width >= 900 or place == "dana/truth")


def _said(node: dict[str, Any], what: str) -> str:
    return str(node.get(what, {}).get("value", ""))
