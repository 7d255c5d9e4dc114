"""A person with a phone, who taps on the page: nothing is reached but by what a finger could touch."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Browser, Locator, Page, expect

SIZE: Final = (390, 844)
LONGEST: Final = 120_000
"""Milliseconds after which something that was expected is missing: only a failing test waits so long."""


@dataclass
class Phone:
    """The page on a phone, and what its owner had to do there."""

    page: Page
    taps: int = 0
    typed: int = 0

    def forget(self) -> None:
        """Count from here on."""
        self.taps = self.typed = 0

    async def tap(self, what: Locator) -> None:
        """Touch something, once it is there to be touched."""
        await what.tap(timeout=LONGEST)
        self.taps += 1

    async def becomes(self, person: str) -> None:
        """Look as somebody else: the list of chats has the switch."""
        await self.leaves()
        await self.tap(self.page.locator("#chats .who > button"))
        await self.tap(self.page.locator(f"#chats [data-person={person}]"))
        await self.page.wait_for_function("who => location.hash.startsWith(`#/${who}`)", arg=person, timeout=LONGEST)

    async def opens(self, chat: str) -> None:
        """Go into a chat."""
        await self.leaves()
        await self.tap(self.page.locator(f".row[data-chat={chat}]"))

    async def leaves(self) -> None:
        """Go back to the list of chats."""
        back = self.page.locator("#chat .back")
        if await back.is_visible():
            await self.tap(back)

    async def begins(self) -> None:
        """Start the bot, in a private chat in which nothing was said yet."""
        await self.tap(self.page.get_by_role("button", name="Start", exact=True))

    async def picks(self, command: str) -> None:
        """Choose a command from the menu."""
        await self.tap(self.page.locator("#commands"))
        await self.tap(self.page.get_by_role("option").filter(has_text=f"/{command}").first)

    async def presses(self, label: str) -> None:
        """Touch the newest button whose label begins so."""
        await self.tap(self.key(label))

    async def types(self, text: str) -> None:
        """Write and send."""
        await self.page.locator("#field").fill(text)
        self.typed += len(text)
        await self.tap(self.page.locator("#send"))

    def key(self, label: str) -> Locator:
        """The newest button whose label begins so."""
        return self.page.locator(".key", has_text=re.compile(rf"^\s*{_spaced(label)}", re.IGNORECASE)).last

    async def sees(self, pattern: str) -> Locator:
        """The newest message in which this is found, once there is one; `.` is any sign but the end of a line."""
        message = self.page.locator(".msg", has_text=re.compile(pattern, re.MULTILINE)).last
        await expect(message).to_be_visible(timeout=LONGEST)
        return message

    async def is_told(self, pattern: str) -> None:
        """The toast says so."""
        await expect(self.page.locator("#toast")).to_contain_text(re.compile(pattern), timeout=LONGEST)


def _spaced(label: str) -> str:
    """A pattern for a label in which a space may be one that does not break."""
    return re.escape(label).replace(r"\ ", r"\s")


@asynccontextmanager
async def open_phone(browser: Browser, url: str, person: str) -> AsyncIterator[Phone]:
    """A phone on which the page was opened by somebody."""
    width, height = SIZE
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    try:
        page = await context.new_page()
        await page.goto(f"{url}/#/{person}")
        await page.wait_for_selector("body[data-ready]")
        yield Phone(page)
    finally:
        await context.close()
