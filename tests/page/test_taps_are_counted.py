"""docs/taps.md says what is true, and the commonest jobs are as short as they are meant to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.page.sites import open_site_with_bot
from tests.page.taps import DOCUMENT, counted, document

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long(15)]

GOALS = {"Deploy the newest version": 4, "Status of everything": 1, "Roll back": 2}


async def test_the_commonest_jobs_take_the_taps_that_are_written_down(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_site_with_bot(tmp_path) as site:
        found = await counted(site, browser)
    assert {each.job.title: each.taps for each in found if each.job.title in GOALS} == GOALS
    assert document(found) == DOCUMENT.read_text(encoding="utf-8")
