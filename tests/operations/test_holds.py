"""Whom a lock and a standstill keep back: decisions alone, not what becomes of operations."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.operations.errors import Held
from bot.operations.holds import Holds, check, in_words, read
from bot.operations.operation import Author
from bot.store import holds
from bot.store.database import Database
from bot.store.holds import Lock, Standstill
from bot.store.tables import OperationRow
from tests.images.moving_clock import MovingClock

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
KIM, DANA = Author(1001, "Kim"), Author(1002, "Dana")


def lock(environment: str = "production", app: str = "", holder: Author = KIM, **more: object) -> Lock:
    usual = Lock(environment, app, "migration", holder.id, holder.name, NOW, None, -100, 2, 7)
    return Lock(**{**vars(usual), **more})


@pytest.mark.parametrize(
    ("locks", "kept_back"),
    [
        ([], False),
        ([lock()], True),
        ([lock(holder=DANA)], False),
        ([lock("staging")], False),
        ([lock(app="shop")], True),
        ([lock(app="blog")], False),
        ([lock(), lock(app="shop", holder=DANA)], False),
        ([lock(holder=DANA), lock(app="shop")], True),
    ],
)
def test_a_lock_keeps_all_but_its_holder_back_and_an_apps_own_goes_first(
    locks: list[Lock], kept_back: bool
) -> None:
    assert (Holds(locks).against(DANA.id, "shop", "production") is not None) is kept_back


def test_a_standstill_keeps_everybody_back() -> None:
    stopped = Holds([], Standstill("fire", KIM.id, "Kim", NOW))
    assert stopped.against(KIM.id, "shop", "staging") == stopped.standstill


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (lock(), "Kim has locked production: “migration”"),
        (lock(app="shop", holder=DANA), "Dana has locked shop in production: “migration”"),
        (Standstill("fire", KIM.id, "Kim", NOW), "Kim has stopped all operations: “fire”"),
    ],
)
def test_a_hold_is_one_sentence(hold: Lock | Standstill, words: str) -> None:
    assert in_words(hold) == words


@pytest.mark.parametrize(
    ("app", "environment", "kept_back"),
    [("shop", "production", True), ("shop", "staging", False), (None, None, False)],
)
def test_a_stored_operation_is_kept_back_where_it_would_change_something(
    app: str | None, environment: str | None, kept_back: bool
) -> None:
    row = OperationRow(author_id=DANA.id, app=app, environment=environment)
    assert (Holds([lock()]).against_row(row) is not None) is kept_back
    assert (
        Holds([lock()]).against_row(OperationRow(author_id=KIM.id, app=app, environment=environment)) is None
    )
    assert Holds([lock(app="blog")]).against_row(row) is None


def test_a_lock_on_an_app_keeps_back_what_names_it() -> None:
    row = OperationRow(author_id=DANA.id, app="shop", environment="production")
    assert Holds([lock(app="shop")]).against_row(row) == lock(app="shop")
    assert Holds([lock(), lock(app="shop", holder=DANA)]).against_row(row) is None


def test_a_lock_on_a_whole_environment_keeps_back_what_names_no_app() -> None:
    row = OperationRow(author_id=DANA.id, app=None, environment="production")
    assert Holds([lock()]).against_row(row) == lock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as opened:
        yield opened


async def keep(store: Database, *locks: Lock) -> None:
    async with store.write() as session:
        for each in locks:
            await holds.keep_lock(session, each)


async def test_locks_are_kept_whole_those_of_environments_first(store: Database) -> None:
    kept = [lock("staging", "shop", until=NOW + timedelta(hours=1)), lock(), lock(app="shop", topic=None)]
    await keep(store, *kept)
    async with store.read() as session:
        assert await read(session, MovingClock()) == Holds([kept[1], kept[2], kept[0]])


async def test_a_lock_ends_by_itself_at_its_time(store: Database) -> None:
    clock = MovingClock()
    await keep(store, lock(until=clock.now() + timedelta(seconds=5)))
    for seconds, locked in ((4, True), (1, False)):
        await clock.sleep(seconds)
        async with store.read() as session:
            assert bool((await read(session, clock)).locks) is locked


async def test_a_lock_takes_the_place_of_the_one_before_it_there(store: Database) -> None:
    await keep(store, lock(), lock(app="shop"), lock(holder=DANA))
    async with store.read() as session:
        assert await holds.locks(session, NOW) == [lock(holder=DANA), lock(app="shop")]


async def test_the_end_of_a_lock_ends_no_other(store: Database) -> None:
    await keep(store, lock(), lock(app="shop"), lock("staging"))
    async with store.write() as session:
        await holds.end_lock(session, lock())
    async with store.read() as session:
        assert await holds.locks(session, NOW) == [lock(app="shop"), lock("staging")]


async def test_a_standstill_holds_until_it_is_ended_and_the_last_one_counts(store: Database) -> None:
    begun = Standstill("fire", KIM.id, "Kim", NOW)
    async with store.write() as session:
        await holds.begin_standstill(session, begun)
        await holds.begin_standstill(session, replace(begun, reason="flood"))
    async with store.read() as session:
        assert (await read(session, MovingClock())).standstill == replace(begun, reason="flood")
    async with store.write() as session:
        await holds.end_standstill(session)
        assert (await read(session, MovingClock())).standstill is None


async def test_what_is_kept_back_goes_no_further_and_says_why(store: Database) -> None:
    await keep(store, lock(app="shop"))
    async with store.read() as session:
        await check(session, MovingClock(), KIM.id, "shop", "production")
        await check(session, MovingClock(), DANA.id, "shop", "staging")
        await check(session, MovingClock(), DANA.id, "blog", "production")
        with pytest.raises(Held) as held:
            await check(session, MovingClock(), DANA.id, "shop", "production")
    found = held.value
    assert (found.hold, found.app, found.environment) == (lock(app="shop"), "shop", "production")
    assert str(found) == "Kim has locked shop in production: “migration”"
