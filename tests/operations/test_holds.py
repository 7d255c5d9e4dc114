"""Whom a lock and a standstill keep back: decisions alone, not what becomes of operations."""

from datetime import UTC, datetime

import pytest

from bot.operations.holds import Holds
from bot.operations.operation import Author
from bot.store.holds import Lock, Standstill

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
