"""One page for all tests of a module, since most only look at it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.page.browsers import INSTALL, chromium, open_browser
from tests.page.sites import Site, open_site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The page of a world without a bot; tests talk in its name."""
    async with open_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser; its tests are skipped where there is none, which in CI is a failure."""
    program = chromium()
    if program is None:
        pytest.skip(f"Chromium is not installed: {INSTALL}")
    async with open_browser(program) as opened:
        yield opened
