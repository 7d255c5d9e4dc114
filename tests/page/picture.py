"""The README's picture: the chat page while a deploy runs. `python -m tests.page.picture` draws it anew."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, expect
from telegram import Bot

from bot.clock import SystemClock
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.servers import TOKEN
from tests.page.browsers import INSTALL, chromium, open_browser
from tests.page.shapes import TEAM_SHAPES, send
from tests.page.sites import DANA, DEPLOYS, TEAM, Site, open_site

PICTURE: Final = Path(__file__).parents[2] / "docs" / "chat.png"
SIZE: Final = (1200, 800)
_NOW: Final = datetime(2026, 11, 27, 14, 2, 31, tzinfo=UTC)
_LEE: Final = 1003
_PODS: Final = (
    ("shop-staging", "shop-7c9f4d-x2k4p", "v1.2-slow", timedelta(seconds=20)),
    ("shop-staging", "shop-7c9f4d-9mwtz", "v1.2", timedelta(seconds=14)),
    ("shop-staging", "shop-5b8d66-jq7vn", "v1.1", timedelta(days=2)),
    ("blog-staging", "blog-64cbf8-tt2hd", "v0.9", timedelta(days=9)),
    ("shop", "shop-5b8d66-k8r2c", "v1.1", timedelta(days=2)),
    ("shop", "shop-5b8d66-wz5ml", "v1.1", timedelta(days=2)),
)
"""What there is to see of the truth: namespace, name, version, age."""


class Still(SystemClock):
    """It is always the same moment."""

    def now(self) -> datetime:
        return _NOW


async def draw(site: Site, browser: Browser, path: Path) -> None:
    """Draw it; `site` is as it was opened, by a clock that stands still."""
    await _talk(site)
    for namespace, name, version, age in _PODS:
        _put_pod(site, namespace, name, version, age)
    width, height = SIZE
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(_NOW)
    await page.goto(f"{site.page.url}/#/dana/team")
    await page.wait_for_selector("body[data-ready]")
    for _, name, version, _ in _PODS:
        words = "0/1 ready" if version.endswith("slow") else "1/1 ready"
        await expect(page.locator(f"li[data-pod='{name}']")).to_contain_text(words, timeout=60_000)
    await page.screenshot(path=path, animations="disabled")
    await context.close()


async def _talk(site: Site) -> None:
    telegram = site.sandbox.servers.telegram
    telegram.state.clock = Still()
    for opening in telegram.world.messages(TEAM):  # of the topics, at the time of day of the machine
        telegram.world.delete_message(TEAM, opening.id)
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot") as bot:
        telegram.world.says(_LEE, TEAM, "v1.2 is built. Dana, can you take it to staging?", topic=DEPLOYS)
        said = telegram.world.says(DANA, TEAM, "/deploy shop v1.2 staging", topic=DEPLOYS)
        await send(bot, TEAM, TEAM_SHAPES["running"], topic=DEPLOYS, answers=said.id)


def _put_pod(site: Site, namespace: str, name: str, version: str, age: timedelta) -> None:
    """A pod that somebody made so long ago; the cluster's nodes take it from there."""
    app = name.partition("-")[0]
    image = f"{site.sandbox.servers.registry.host}/{app}:{version}"
    site.sandbox.servers.registry.add(app, version)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": name,
            "labels": {"app.kubernetes.io/instance": app},
            "creationTimestamp": (_NOW - age).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "spec": {"containers": [{"name": app, "image": image}], "terminationGracePeriodSeconds": 0},
        "status": {"phase": "Pending"},
    }
    site.sandbox.servers.cluster.storage.put(Key("", "pods", namespace, name), pod)


async def _write() -> None:
    program = chromium()
    if program is None:
        raise SystemExit(f"Chromium is not installed: {INSTALL}")
    with tempfile.TemporaryDirectory() as folder:
        async with open_site(Path(folder), Still()) as site, open_browser(program) as browser:
            await draw(site, browser, PICTURE)


if __name__ == "__main__":
    asyncio.run(_write())
