"""The README's picture is what its command draws."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.page.picture import PICTURE, SIZE, Still, draw
from tests.page.sites import open_site
from tests.project.places import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_picture_is_a_screenshot_of_the_page(browser: Browser, tmp_path: Path) -> None:
    async with open_site(tmp_path, Still()) as site:
        await draw(site, browser, tmp_path / "chat.png")
    drawn, kept = (tmp_path / "chat.png").read_bytes(), PICTURE.read_bytes()
    assert [struct.unpack(">II", each[16:24]) for each in (drawn, kept)] == [SIZE, SIZE]
    assert f"](docs/{PICTURE.name})" in (ROOT / "README.md").read_text(encoding="utf-8")
