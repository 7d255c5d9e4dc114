"""How many taps and typed characters the commonest jobs take, counted on the page: docs/taps.md.

`python -m tests.page.taps` counts and writes it anew; a test counts and compares.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from bot.sandbox.objects import delete_objects
from tests.page.browsers import INSTALL, chromium, open_browser
from tests.page.phones import Phone, open_phone
from tests.page.sites import Site, open_site_with_bot

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "taps.md"

_HEAD: Final = """# Taps

What the commonest jobs cost on a phone: taps, and characters that are typed. A test does each of them on the
sandbox's chat page and compares; `python -m tests.page.taps` counts again and writes this file.

| job | from | taps | typed | the way |
|---|---|---|---|---|
"""

Before = Callable[[Phone, Site], Awaitable[None]]


@dataclass(frozen=True)
class Job:
    """Something that people do all the time."""

    title: str
    begins: str
    """What is on the screen before."""
    presses: tuple[str, ...]
    """How the labels begin of the buttons that are touched."""
    ends: str
    """What is seen in the end, a pattern."""
    before: Before
    """Brings onto the screen what it begins from; not counted."""
    types: str = ""
    """What is written and sent first."""


@dataclass(frozen=True)
class Counted:
    """What a job took."""

    job: Job
    taps: int
    typed: int
    labels: tuple[str, ...]

    def __str__(self) -> str:
        way = [f"`{self.job.types}`"] if self.job.types else []
        way += [f"[{label}]" for label in self.labels]
        return f"| {self.job.title} | {self.job.begins} | {self.taps} | {self.typed} | {' '.join(way)} |"


async def _at_home(phone: Phone, _site: Site) -> None:
    await phone.picks("start")
    await phone.sees("You are Dana")


async def _there(_phone: Phone, _site: Site) -> None:
    """It is on the screen already, from the job before."""


async def _well_begun(phone: Phone, _site: Site) -> None:
    """Long enough for a tap to be no slip after that on [Deploy]."""
    await phone.sees(r"🔄 shop → staging v2\.0-slow · ([4-9]|\d\d)s")


async def _with_a_draft(phone: Phone, _site: Site) -> None:
    await phone.sees(
        "✅ shop → staging v1\\.3"
    )  # from the job before: production is offered what is healthy here
    await phone.picks("deploy")
    for label in ("shop", "production", "Deploy to PRODUCTION"):
        await phone.presses(label)
    await phone.sees("✅ shop → PRODUCTION v1\\.3")
    await phone.becomes("kim")
    await phone.opens("team")


async def _back_as_dana(phone: Phone, _site: Site) -> None:
    await phone.becomes("dana")
    await phone.opens("private")


async def _in_trouble(phone: Phone, site: Site) -> None:
    cluster = site.sandbox.servers.cluster
    site.sandbox.servers.behaviours.order("registry/shop:v1.3", "crash")
    with cluster.storage.changes() as changes:
        await delete_objects(cluster, "pod/shop-*", "shop-staging")
        async for change in changes:
            if change.key.resource == "pods" and "CrashLoopBackOff" in str(change.object):
                break
    await phone.picks("status")
    await phone.sees("in trouble")


JOBS: Final[Sequence[Job]] = (
    Job("Status of everything", "/start", ("Status",), "All is well", _at_home),
    Job(
        "Restart an app",
        "its status",
        ("shop staging", "Restart", "Restart in staging"),
        r"✅ shop → staging restarted",
        _there,
    ),
    Job(
        "Lock an app in an environment",
        "anywhere",
        (),
        "🔒 shop in staging locked",
        _there,
        "/lock shop staging for the campaign",
    ),
    Job("Unlock it", "the lock's message", ("Unlock",), "🔓 shop in staging unlocked", _there),
    Job(
        "Deploy the newest version",
        "/start",
        ("Deploy", "shop", "staging", "Deploy to staging"),
        r"🔄 shop → staging v1\.3",
        _at_home,
    ),
    Job("Publish a notice", "its draft", ("Publish",), "✅ Published: shop v1\\.3", _with_a_draft),
    Job(
        "Roll back",
        "the result's message",
        ("Roll back to v1.1", "Roll back to v1.1"),
        "↩️ shop → PRODUCTION v1\\.1 is back",
        _back_as_dana,
    ),
    Job(
        "Deploy another version",
        "/start",
        ("Deploy", "shop", "staging", "Other version", "v2.0-slow", "Deploy to staging"),
        r"🔄 shop → staging v2\.0-slow",
        _at_home,
    ),
    Job(
        "Cancel a running deploy",
        "its message",
        ("Cancel deploy",),
        r"⏹ shop → staging cancelled[\s\S]*Job shop-migrate ran for v2\.0-slow: not undone",
        _well_begun,
    ),
    Job(
        "Logs of a failing pod", "/status", ("shop staging", "Logs"), "KeyError: 'DATABASE_URL'", _in_trouble
    ),
)


async def counted(site: Site, browser: Browser) -> list[Counted]:
    """Do all of them on a phone, in this order, in a world as it is at its start."""
    async with open_phone(browser, site.page.url, "dana") as phone:
        await phone.opens("private")
        await phone.begins()
        return [await _count(job, phone, site) for job in JOBS]


async def _count(job: Job, phone: Phone, site: Site) -> Counted:
    await job.before(phone, site)
    phone.forget()
    if job.types:
        await phone.types(job.types)
    labels = [await phone.presses(label) for label in job.presses]
    found = Counted(job, phone.taps, phone.typed, tuple(labels))
    await phone.sees(job.ends)
    return found


def document(found: Sequence[Counted]) -> str:
    """docs/taps.md."""
    return _HEAD + "".join(f"{each}\n" for each in found)


async def _write() -> None:
    program = chromium()
    if program is None:
        raise SystemExit(f"Chromium is not installed: {INSTALL}")
    with tempfile.TemporaryDirectory() as folder:
        async with open_site_with_bot(Path(folder)) as site, open_browser(program) as browser:
            text = document(await counted(site, browser))
    await asyncio.to_thread(DOCUMENT.write_text, text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
