"""A suspension beats every right, and holds for as long as the configuration says the same of that person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.config import PERMISSIONS, Config
from bot.permissions import Person, Place, Policy, Sender, Suspension, admitted, fingerprint, known, may

CONFIG: dict[str, Any] = {
    "telegram": {"token": "${TOKEN}"},
    "chats": {"team": {"id": -1}},
    "people": {
        "kim": {"id": 1001, "name": "Kim"},
        "lee": {"id": 1003, "name": "Lee"},
    },
    "bindings": [
        {"role": "admin", "people": ["kim", "lee"]},
        {"role": "viewer", "people": [1007]},
        {"role": "viewer", "chats": ["team"]},
    ],
}
LEE = Person(1003, "lee", "Lee")
AT = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)


def config(**changes: Any) -> Config:
    return Config.model_validate({**CONFIG, **changes})


def suspended(person_id: int = LEE.id) -> Suspension:
    return Suspension(person_id, "Lee", "lost phone", "Kim", AT, fingerprint(config(), person_id))


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_no_right_of_any_sort_is_left(permission: Any) -> None:
    policy = Policy.of(config(), suspensions=[suspended()])
    for chat in (None, -1):
        decision = may(LEE, permission, Place(chat_id=chat), policy)
        assert (decision.allowed, decision.reason) == (False, "You are suspended\nAsk: Kim")
    assert may(Person(1001, "kim", "Kim"), permission, Place(), policy)


def test_the_suspended_are_answered_and_named_to_nobody() -> None:
    policy = Policy.of(config(), suspensions=[suspended()])
    assert known(Sender(LEE.id), policy)
    assert policy.who_may("deploy.run", Place()) == ["Kim"]


def test_where_nobody_is_left_to_ask_the_files_are_named() -> None:
    policy = Policy.of(config(), suspensions=[suspended(), suspended(1001)])
    assert admitted(LEE, policy).reason == "You are suspended\nAsk: whoever keeps the bot's configuration"


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"people": {**CONFIG["people"], "nina": {"id": 1009}}}, True),
        ({"bindings": [*CONFIG["bindings"], {"role": "viewer", "people": ["kim"]}]}, True),
        ({"bindings": [{"role": "admin", "people": ["lee"]}, {"role": "viewer", "chats": ["team"]}]}, True),
        ({"bindings": [{"role": "developer", "people": ["kim", "lee"]}]}, False),
        ({"bindings": [{"role": "admin", "people": ["kim"]}]}, False),
        ({"people": {"kim": {"id": 1001}, "lee": {"id": 1003, "name": "Lee N"}}}, False),
        ({"people": {"kim": {"id": 1001}, "leo": {"id": 1003, "name": "Lee"}}, "bindings": []}, False),
    ],
)
def test_it_holds_until_that_person_s_entry_or_bindings_differ(changes: dict[str, Any], holds: bool) -> None:
    policy = Policy.of(config(**changes), suspensions=[suspended()])
    assert (LEE.id in policy.suspended) is holds


def test_whoever_is_bound_by_a_bare_id_can_be_suspended_too() -> None:
    policy = Policy.of(config(), suspensions=[suspended(1007)])
    assert not may(Person(1007, None, "1007"), "app.view", Place(), policy)
    other = replace(suspended(1007), fingerprint="of another configuration")
    assert may(Person(1007, None, "1007"), "app.view", Place(), Policy.of(config(), suspensions=[other]))
