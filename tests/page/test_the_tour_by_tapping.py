"""The README's tour on a phone, by taps alone: one world, in which each test has an environment to itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.page.phones import open_phone
from tests.page.sites import Site, open_site_with_bot

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long(15)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lively(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The page of a sandbox whose bot runs."""
    async with open_site_with_bot(tmp_path_factory.mktemp("lively")) as site:
        yield site


async def test_a_release_reaches_staging_and_a_broken_one_is_undone(lively: Site, browser: Browser) -> None:
    async with open_phone(browser, lively.page.url, "dana") as phone:
        await phone.opens("private")
        await phone.begins()
        await phone.sees("You are Dana")
        await phone.presses("Deploy")
        await phone.presses("shop")
        await phone.presses("staging")
        await phone.sees(r"📋 Plan: shop → staging v1\.3(?s:.*)image v1\.1\s→ v1\.3")
        await phone.presses("Deploy to staging")
        await phone.sees(r"🔄 shop → staging v1\.3(?s:.*)Rollout")
        await phone.sees(r"✅ shop → staging v1\.3")

        await phone.picks("deploy")
        await phone.presses("shop")
        await phone.presses("staging")
        await phone.presses("Other version")
        await phone.presses("Older")
        await phone.presses("v2.0-crash")
        await phone.presses("Deploy to staging")
        await phone.sees(r"↩️ shop → staging v1\.3 is back(?s:.*)Why:(?s:.*)KeyError: 'DATABASE_URL'")
        assert phone.typed == 0


async def test_production_is_told_to_the_community_and_withdrawn(lively: Site, browser: Browser) -> None:
    async with open_phone(browser, lively.page.url, "dana") as phone:
        await phone.opens("team")
        await phone.turns_to("deploys")
        await phone.picks("deploy")
        await phone.presses("shop")
        await phone.presses("production")
        await phone.sees(r"Plan: shop → PRODUCTION v1\.3")

        await phone.becomes("vic")
        await phone.opens("team")
        await phone.presses("Deploy to PRODUCTION")
        await phone.is_told("This button is for the person who asked")
        await phone.repeats("deploy")
        await phone.sees("🚫 Refused(?s:.*)Needs: deploy")

        await phone.becomes("dana")
        await phone.opens("team")
        await phone.presses("Deploy to PRODUCTION")
        await phone.sees(r"✅ shop → PRODUCTION v1\.3")

        await phone.becomes("kim")
        await phone.opens("team")
        await phone.presses("Publish")
        await phone.becomes("eve")
        await phone.opens("news")
        await phone.sees(r"Shop 1\.3 is out")

        await phone.becomes("dana")
        await phone.opens("team")
        await phone.presses("Roll back to v1.1")
        await phone.sees(r"Roll back: shop → PRODUCTION v1\.1")
        await phone.presses("Roll back to v1.1 in PRODUCTION")
        await phone.sees(r"↩️ shop → PRODUCTION v1\.1 is back")
        await phone.becomes("eve")
        await phone.opens("news")
        await phone.sees(r"Shop 1\.3 was withdrawn at (?s:.*)Shop 1\.1 is back")
        assert phone.typed == 0
