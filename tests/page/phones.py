"""A person with a phone, who taps on the page: nothing is reached but by what a finger could touch."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Browser, Locator, Page, expect

SIZE: Final = (390, 844)
LONGEST: Final = 300_000
"""Milliseconds after which something that was expected is missing: only a failing test waits so long."""


@dataclass
class Phone:
    """The page on a phone, and what its owner had to do there."""

    page: Page
    taps: int = 0
    typed: int = 0
    _pressed: tuple[str, str] | None = None
    """The last button that was touched: its message, and its label."""

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
        await self.page.wait_for_function(
            "who => location.hash.startsWith(`#/${who}`)", arg=person, timeout=LONGEST
        )

    async def opens(self, chat: str) -> None:
        """Go into a chat."""
        await self.leaves()
        self._pressed = None
        await self.tap(self.page.locator(f".row[data-chat={chat}]"))

    async def turns_to(self, topic: str) -> None:
        """Look at one topic of the group that is open."""
        await self.tap(self.page.locator(".topics a", has_text=topic))

    async def leaves(self) -> None:
        """Go back to the list of chats."""
        back = self.page.locator("#chat .back")
        if await back.is_visible():
            await self.tap(back)

    async def begins(self) -> None:
        """Start the bot, in a private chat in which nothing was said yet."""
        await self.tap(self.page.get_by_role("button", name="Start", exact=True))

    async def picks(self, command: str) -> None:
        """Choose a command from the menu, and wait for the answer."""
        self._pressed = None
        answers = self.page.locator(".msg:not(.me)")
        before = await answers.count()
        await self.tap(self.page.locator("#commands"))
        await self.tap(self.page.get_by_role("option").filter(has_text=f"/{command}").first)
        await expect(answers).not_to_have_count(before, timeout=LONGEST)

    async def presses(self, label: str) -> str:
        """Touch the newest button whose label begins so; the whole label.

        After another button it is what that led to: in the same message, or below it.
        """
        key = self._place(label).locator(".key", has_text=_begins(label)).last
        whole = (await key.inner_text(timeout=LONGEST)).replace("\u00a0", " ").strip()
        number = await key.evaluate("key => key.closest('.msg').dataset.message")
        await self.tap(key)
        self._pressed = (number, whole)
        return whole

    def _place(self, label: str) -> Locator:
        """The messages in which the next button is looked for."""
        if self._pressed is None:
            return self.page.locator(".msg")
        number, before = self._pressed
        here = f".msg[data-message='{number}']"
        return self.page.locator(f"{here} ~ .msg" if before.startswith(label) else f"{here}, {here} ~ .msg")

    async def repeats(self, command: str) -> None:
        """Touch a command in somebody's message, which says it again in one's own name."""
        await self.tap(self.page.locator(".bubble > p button, .bubble > p a", has_text=f"/{command}").last)

    async def types(self, text: str) -> None:
        """Write and send."""
        self._pressed = None
        await self.page.locator("#field").fill(text)
        self.typed += len(text)
        await self.tap(self.page.locator("#send"))

    async def sees(self, pattern: str) -> Locator:
        """The newest message in which this is found, once there is one; a space is one of any kind."""
        message = self.page.locator(".msg", has_text=re.compile(pattern.replace(" ", r"\s"))).last
        await expect(message).to_be_visible(timeout=LONGEST)
        return message

    async def is_told(self, pattern: str) -> None:
        """The toast says so."""
        await expect(self.page.locator("#toast")).to_contain_text(re.compile(pattern), timeout=LONGEST)


def _begins(label: str) -> re.Pattern[str]:
    """A pattern for what begins so, in any case; a space in it may be one that does not break."""
    return re.compile(r"^\s*" + re.escape(label).replace(r"\ ", r"\s"), re.IGNORECASE)


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
