"""Every shape of message on the page, on a phone and on a desktop, light and dark: measured, and drawn for looking at.

The pictures are in build/screens/.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from telegram import Bot

from bot.sandbox.servers import TOKEN
from bot.sandbox.telegram import Limits
from bot.texts.rendering import Texts
from tests.page.shapes import NEWS_SHAPES, PRIVATE_SHAPES, TEAM_SHAPES, Shape, send
from tests.page.sites import ALERTS, DANA, DEPLOYS, NEWS, TEAM, Site
from tests.texts.screens import SCREENS

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEE: Final = 1003
KIM: Final = 1001
PICTURES: Final = Path(__file__).parents[2] / "build" / "screens"
MEASURING: Final = (Path(__file__).parent / "measuring.js").read_text(encoding="utf-8")
HIDDEN: Final = (
    "Math.max(...[...document.querySelectorAll('.feed, .in')].map((e) => e.scrollHeight - e.clientHeight))"
)
"""How much of what scrolls is out of sight, in pixels."""
LOADED: Final = "[...document.images].every((each) => each.complete)"
CHATS: Final = ("dana/private", "dana/team", "dana/news", "dana", "dana/truth")
WIDTHS: Final = {"phone": (390, 844), "narrow": (360, 740), "tablet": (900, 700), "desktop": (1440, 900)}
LOOKS: Final = {
    ("phone", "light"): CHATS,
    ("phone", "dark"): CHATS,
    ("desktop", "light"): CHATS,
    ("desktop", "dark"): CHATS,
    ("narrow", "dark"): (*CHATS, "lee/private"),
    ("tablet", "light"): ("dana/team", "dana/truth"),
}
"""What is looked at in which window: the bot's own templates once, where they have least room."""

COMMANDS: Final = [
    ("status", "What runs where, trouble first"),
    ("silence", "Quiet an alert for a while, or until somebody ends it again"),
    ("deploy", "Deploy a version of an app"),
]
OPENERS: Final = {
    "people": ".who > button",
    "commands": "#commands",
    "document": ".doc",
    "photo": ".photo",
    "toast": ".key:has-text('Digest')",
}
OPENED: Final = {
    "people": "[role=menu]",
    "commands": "[role=listbox]",
    "document": "dialog",
    "photo": "dialog img",
    "toast": "#toast:not(:empty)",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(site: Site) -> AsyncIterator[Site]:
    """The site after everything has been said: shapes in Dana's chats, the bot's templates in Lee's own."""
    telegram = site.sandbox.servers.telegram
    telegram.state.floods.limits = Limits.none()  # all at once, which no chat would take
    telegram.world.set_bot(TEAM, "administrator", by=KIM)
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot") as bot:
        telegram.world.says(LEE, TEAM, "v1.2 is built. Dana, can you take it to staging?", topic=DEPLOYS)
        team = await _say(bot, site, TEAM, TEAM_SHAPES)
        telegram.world.says(KIM, TEAM, "The port is fine.", topic=DEPLOYS, reply_to=team["plan"])
        telegram.world.says(DANA, TEAM, "Thanks, going ahead.", topic=DEPLOYS, reply_to=team["plan"])
        await bot.pin_chat_message(TEAM, team["locked"])
        await _say(bot, site, DANA, PRIVATE_SHAPES)
        await bot.set_my_commands(COMMANDS)
        await _say(bot, site, NEWS, NEWS_SHAPES)
        texts = Texts(ZoneInfo("Europe/Dublin"))
        for shown in SCREENS.values():
            await send(bot, LEE, Shape(texts.render(shown.template, shown.values), (("Back", "Refresh"),)))
    yield site


async def _say(bot: Bot, site: Site, chat: int, shapes: dict[str, Shape]) -> dict[str, int]:
    """Put the shapes into a chat; the ids by their names."""
    ids: dict[str, int] = {}
    for name, shape in shapes.items():
        topic = None if chat != TEAM else ALERTS if name in ("alert", "acknowledged", "resolved") else DEPLOYS
        if shape.answers.startswith("/"):
            ids[shape.answers] = site.sandbox.servers.telegram.world.says(
                DANA, chat, shape.answers, topic=topic
            ).id
        sent = await send(bot, chat, shape, topic=topic, answers=ids.get(shape.answers))
        ids[name] = sent.message_id
    return ids


@dataclass(frozen=True)
class Look:
    """A window onto the page."""

    name: tuple[str, str]
    page: Page
    width: int
    height: int

    async def open(self, site: Site, address: str, *, whole: bool = True) -> None:
        """Go there, and make the window as high as what there is to see where the `whole` of it is asked for."""
        await self.page.set_viewport_size({"width": self.width, "height": self.height})
        await self.page.goto("about:blank")
        await self.page.goto(f"{site.page.url}/#/{address}")
        await self.page.wait_for_selector("body[data-ready]")
        hidden = await self.page.evaluate(HIDDEN) if whole else 0
        await self.page.set_viewport_size({"width": self.width, "height": self.height + hidden})
        await self.page.wait_for_function(LOADED)

    async def measured(self) -> list[str]:
        """What is wrong, in words."""
        found: list[str] = await self.page.evaluate(MEASURING)
        return found

    async def draw(self, name: str) -> None:
        """Keep a picture."""
        await self.page.screenshot(path=PICTURES / f"{name}-{'-'.join(self.name)}.png")


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=LOOKS, ids=["-".join(each) for each in LOOKS]
)
async def look(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Look]:
    """A window of one width and scheme, for all chats."""
    name, scheme = request.param
    width, height = WIDTHS[name]
    is_phone = width < 700
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=is_phone,
        is_mobile=is_phone,
    )
    yield Look((name, scheme), await context.new_page(), width, height)
    await context.close()


async def test_nothing_is_cut_or_too_pale(told: Site, look: Look) -> None:
    troubles = {}
    for address in LOOKS[look.name]:
        await look.open(told, address)
        if found := await look.measured():
            troubles[address] = found
        await look.draw(address.replace("/", "-"))
    assert not troubles, json.dumps(troubles, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("look", [("phone", "dark"), ("desktop", "light")], indirect=True, ids="-".join)
async def test_what_opens_over_the_chat_is_drawn_as_well(told: Site, look: Look) -> None:
    troubles = {}
    for name, opener in OPENERS.items():
        await look.open(told, "dana/private", whole=False)
        await look.page.locator(opener).filter(visible=True).last.click()
        await look.page.locator(OPENED[name]).filter(visible=True).first.wait_for()
        if found := await look.measured():
            troubles[name] = found
        await look.draw(name)
    assert not troubles, json.dumps(troubles, indent=1, ensure_ascii=False)
