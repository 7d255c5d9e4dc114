"""Order by build time where there are hundreds of tags: against Debian's registry, and against a slow one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.images import dates as dates_of_images
from bot.images import registry
from bot.images.access import Credentials, ServerAccess
from bot.images.dates import Dates
from bot.images.errors import RegistryRefused, RegistryUnreachable
from bot.images.registry import Registries
from bot.images.transport import Answer
from bot.images.versions import TagRule, matching, order
from bot.sandbox.registry import RegistryServer
from tests.images import real_registry
from tests.images.moving_clock import MovingClock

BUILT = datetime(2026, 10, 19, 9, tzinfo=UTC)
RULE = TagRule(order="created")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[str]:
    async with real_registry.running(tmp_path) as host:
        yield host


async def test_a_real_registry_tells_which_build_is_the_newest(host: str) -> None:
    names = ["main-9f", "main-1a", "fix-2b", "v1.0", "v2.0-rc.1"]
    for days, name in enumerate(names):
        await real_registry.push(host, "shop", name, BUILT + timedelta(days=days), index=days % 2 == 0)
    for name in ("latest", "sha256-" + "a" * 64 + ".sig"):
        await real_registry.push(host, "shop", name, BUILT + timedelta(days=99), index=False)
    access = ServerAccess(Credentials("ci", lambda: "s3cret"))
    async with Registries({host: access}) as registries:
        tags = matching(await registries.tags(f"{host}/shop"), RULE)
        built = await registries.built(f"{host}/shop", tags)
        assert order(tags, RULE, built) == [*names[::-1], "latest"]


class Counting(Registries):
    """Counts what is asked of a registry, and how much of it at once; after `enough` nothing is answered any more."""

    asked = 0
    most = 0
    now = 0
    enough = 10_000
    answered = 0

    async def _ask(self, *args: Any, **kwargs: Any) -> Answer:
        self.asked += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if self.asked > self.enough:
                await asyncio.Event().wait()
            answer = await super()._ask(*args, **kwargs)
            self.answered += 1
            return answer
        finally:
            self.now -= 1


async def test_hundreds_of_tags_are_paged_and_each_image_is_read_once() -> None:
    clock = MovingClock()
    async with RegistryServer(page=100) as server, Counting(clock=clock) as registries:
        for number in range(40):
            server.add("shop", f"build-{number}", created=BUILT + timedelta(hours=number))
        for number in range(300):
            server.tag("shop", "build-39", f"alias-{number}")
        repository = f"{server.host}/shop"
        tags = await registries.tags(repository)
        assert (len(tags), registries.asked) == (340, 4)
        registries.asked = 0
        built = await registries.built(repository, tags)
        assert order(tags, RULE, built)[300:303] == ["alias-0", "build-38", "build-37"]
        assert (
            registries.asked <= 340 + 40 * 3 + registry._AT_ONCE * 3
        )  # several may ask for one at the same time
        assert registries.most <= registry._AT_ONCE
        registries.asked = 0
        assert await registries.built(repository, tags) == built
        assert registries.asked == 0
        clock.passed += registry.TAG_FRESH
        assert await registries.built(repository, tags) == built
        assert registries.asked == 340  # what tags name is asked again, what images say is not


async def test_what_takes_too_long_is_told_and_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with RegistryServer() as server, Counting() as registries:
        tags = [f"v{number}" for number in range(60)]
        for tag in tags:
            server.add("shop", tag)
        repository = f"{server.host}/shop"
        monkeypatch.setattr(registry, "BUILT_WITHIN", 0.5)
        registries.enough = 100
        with pytest.raises(RegistryUnreachable, match="did not tell within"):
            await registries.built(repository, tags)
        monkeypatch.setattr(registry, "BUILT_WITHIN", 60.0)
        known = registries.answered
        registries.enough, registries.asked = 10_000, 0
        assert len(await registries.built(repository, tags)) == 60
        assert (
            registries.asked <= 60 * 3 - known + registry._AT_ONCE * 2
        )  # of an image half read, nothing is kept


async def test_what_images_said_is_known_after_a_restart(tmp_path: Path) -> None:
    async with RegistryServer() as server:
        for number in range(20):
            server.add("shop", f"v{number}", created=BUILT + timedelta(hours=number) if number else None)
        repository = f"{server.host}/shop"
        told = []
        for expected in (20 * 3, 20):
            dates = Dates(tmp_path / "cache" / "dates.jsonl")
            await dates.read()
            async with Counting(dates=dates) as registries:
                told.append(await registries.built(repository, server.tags("shop")))
                assert registries.asked == expected
        assert told[0] == told[1]


DIGESTS = [f"sha256:{number:064x}" for number in range(7)]


async def test_a_file_of_dates_that_is_damaged_or_too_long_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dates_of_images, "MOST", 3)
    file = tmp_path / "dates.jsonl"
    for digest in DIGESTS[:4]:
        dates = Dates(file)
        await dates.read()
        dates.learn(digest, BUILT)
        await dates.write()
    with file.open("a") as stream:
        stream.write('{"x": 1}\n["sha256:no", null]\n\x00\xff[1\n["' + DIGESTS[4] + '", "yesterday"]\n[')
    dates = Dates(file)
    await dates.read()
    assert [digest in dates for digest in DIGESTS[:5]] == [False, True, True, True, False]
    assert dates.of(DIGESTS[3]) == BUILT
    assert len(file.read_text().splitlines()) == 3


async def test_where_nothing_can_be_kept_it_is_asked_anew(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    dates = Dates(tmp_path / "file" / "dates.jsonl")
    await dates.read()
    dates.learn(DIGESTS[0], None)
    with capture_logs() as logs:
        await dates.write()
    assert dates.of(DIGESTS[0]) is None
    assert [each["event"] for each in logs] == ["dates of images can't be kept"]


async def test_too_many_are_refused_before_anything_is_asked() -> None:
    async with Counting() as registries:
        with pytest.raises(RegistryRefused, match=r"tags\.match"):
            await registries.built(
                "127.0.0.1:1/shop", (f"b{number}" for number in range(registry.MOST_ASKED + 1))
            )
        assert registries.asked == 0
