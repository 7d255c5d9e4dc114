"""Debian's Chromium, which looks at the page as a person's browser does."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright

INSTALL: Final = "apt-get install -y chromium fonts-inter fonts-noto-color-emoji fonts-dejavu-core"
_ARGUMENTS: Final = (
    "--no-sandbox",  # tests may run as root, for whom Chromium has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Where it is; None where the package is not installed."""
    return shutil.which("chromium")


@asynccontextmanager
async def open_browser(program: str) -> AsyncIterator[Browser]:
    """The browser, without a window, in a profile of its own that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-chromium-", ignore_cleanup_errors=True) as home:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=program, args=_ARGUMENTS, env={"HOME": home, "TZ": "Europe/Dublin"}
            )
            try:
                yield browser
            finally:
                await browser.close()
