"""Every decision carries its reason: by what a right is had, what is needed instead, and whom to ask."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config import Config
from bot.permissions import (
    Decision,
    Person,
    Place,
    Policy,
    Sender,
    Suspension,
    admitted,
    fingerprint,
    may,
    summary,
    words_for,
)
from tests.permissions.test_the_suspended_may_nothing import AT
from tests.permissions.test_who_may_do_what_where import CONFIG, KIM, LEE, policy


def test_a_right_is_had_by_a_role_in_a_scope() -> None:
    rules = policy({"role": "deployer", "people": ["lee"], "apps": ["shop"]})
    had = "deployer on shop"
    assert may(LEE, "deploy.run", Place("shop", "staging"), rules) == Decision(
        True, had, "deploy in staging", had
    )


def test_a_right_that_the_chat_gives_is_told_as_such() -> None:
    rules = policy({"role": "viewer", "chats": ["team"]})
    had = "viewer through this chat everywhere"
    assert may(LEE, "app.view", Place("shop", chat_id=-1), rules) == Decision(
        True, had, "look at apps on shop", had
    )


def test_what_is_needed_names_the_environment_or_the_app_or_neither() -> None:
    needs = {
        place: may(LEE, "logs.view", place, policy()).needs
        for place in (Place("shop", "staging"), Place(environment="staging"), Place("shop"), Place())
    }
    assert list(needs.values()) == [
        "read logs in staging",
        "read logs in staging",
        "read logs on shop",
        "read logs",
    ]


def test_a_refusal_has_all_that_there_is_and_names_three_to_ask() -> None:
    people = {f"p{n}": {"id": n, "name": f"P{n}"} for n in range(1, 5)}
    config = {
        **CONFIG,
        "people": {**people, "lee": {"id": 1003}},
        "bindings": [
            {"role": "deployer", "people": list(people)},
            {"role": "developer", "people": ["lee"], "apps": ["blog"]},
            {"role": "viewer", "people": ["lee"], "environments": ["production"]},
            {"role": "viewer", "chats": ["team"], "environments": ["staging"]},
        ],
    }
    rules = Policy.of(Config.model_validate(config))
    has = "developer on blog; viewer in production; viewer in staging through this chat"
    assert may(LEE, "deploy.run", Place("shop", "staging", -1), rules) == Decision(
        False,
        f"Needs: deploy in staging\nYou have: {has}\nAsk: P1, P2 or P3",
        "deploy in staging",
        has,
        ("P1", "P2", "P3", "P4"),
    )


def test_where_nobody_has_a_right_nobody_is_named() -> None:
    assert may(LEE, "config.reload", Place(), policy({"role": "deployer", "people": ["kim"]})) == Decision(
        False,
        "Needs: reload the configuration\nYou have: nothing here",
        "reload the configuration",
        "nothing here",
    )


def test_admins_are_named_first_whatever_else_they_are() -> None:
    rules = policy(
        {"role": "deployer", "people": ["kim", "nan", "lee"]},
        {"role": "admin", "people": ["nan"], "apps": ["shop"]},
        {"role": "developer", "people": ["nan"]},
    )
    at = Place("shop", "staging")
    assert rules.who_may("deploy.run", at) == ["Nan", "Kim", "Lee"]
    assert rules.holders("deploy.run", at) == {1001: False, 1005: True, 1003: False}
    assert rules.who_may("deploy.run", Place("blog", "staging")) == ["Kim", "Lee", "Nan"]


def test_an_admin_s_later_binding_takes_nothing_of_the_first() -> None:
    rules = policy({"role": "admin", "people": ["nan"]}, {"role": "deployer", "people": ["nan", "kim"]})
    assert rules.holders("deploy.run", Place()) == {1005: True, 1001: False}


def test_whoever_is_bound_by_a_bare_id_holds_a_right_and_has_no_name_to_be_asked_by() -> None:
    rules = policy({"role": "admin", "people": [4242, "kim"]})
    assert rules.holders("deploy.run", Place()) == {4242: True, 1001: True}
    assert rules.who_may("deploy.run", Place()) == ["Kim"]


@pytest.mark.parametrize("permission", ["config.reload", "operations.stop", "person.suspend", "audit.view"])
def test_what_concerns_the_whole_bot_is_asked_of_nobody_with_a_part_of_it(permission: Any) -> None:
    rules = policy(
        {"role": "admin", "people": ["kim"], "apps": ["shop"]}, {"role": "admin", "people": ["nan"]}
    )
    assert rules.who_may(permission, Place()) == ["Nan"]


def test_the_suspended_are_told_so_and_whom_to_ask() -> None:
    admins = {f"a{n}": {"id": n, "name": f"A{n}"} for n in range(1, 5)}
    config = Config.model_validate(
        {
            **CONFIG,
            "people": {**admins, "lee": {"id": 1003}},
            "bindings": [{"role": "admin", "people": list(admins)}],
        }
    )
    suspension = Suspension(1003, "Lee", "lost phone", "A1", AT, fingerprint(config, 1003))
    rules = Policy.of(config, suspensions=[suspension])
    ask = ("A1", "A2", "A3", "A4")
    assert admitted(LEE, rules) == Decision(
        False, "You are suspended\nAsk: A1, A2 or A3", has="suspended", ask=ask
    )
    assert admitted(Person(1, "a1", "A1"), rules) == Decision(True, "not suspended")


def test_a_suspension_outlives_an_upgrade_of_the_bot() -> None:
    """The fingerprint is stored with it: another one for the same words would let everybody suspended back in."""
    config = Config.model_validate(
        {
            **CONFIG,
            "bindings": [
                {"role": "deployer", "people": ["lee"], "apps": ["shop"], "environments": ["staging"]},
                {"role": "admin", "people": [1003]},
                {"role": "viewer", "people": ["kim"]},
            ],
        }
    )
    assert fingerprint(config, 1001) == "725ba78bfe098b410b5bc9c34abed961bd8461599bacc5fc6a5e041ef85d76b9"
    assert fingerprint(config, 1003) == "1a82ff9241d147f3c0b79914c8b0b7c6a4d5a6311a93d61f34778645951dc813"


def test_who_has_an_entry_is_the_person_of_that_entry() -> None:
    assert policy().person(Sender(1001, "Somebody")) == Person(1001, "kim", "Kim")


def test_who_has_none_is_called_as_telegram_calls_them_or_by_the_number() -> None:
    assert policy().person(Sender(4242, "Zoe")) == Person(4242, None, "Zoe")
    assert policy().person(Sender(4242)) == Person(4242, None, "4242")


@pytest.mark.parametrize(("number", "is_somebody"), [(-1, False), (0, False), (1, True)])
def test_people_have_numbers_from_one_on(number: int, is_somebody: bool) -> None:
    assert (policy().person(Sender(number, "x")) is not None) is is_somebody


def test_a_role_of_ones_own_need_not_extend_another_and_may_extend_one_that_does() -> None:
    roles = {
        "caller": {"permissions": ["notice.publish"]},
        "watcher": {"extends": "caller", "permissions": ["logs.view"]},
    }
    config = {**CONFIG, "roles": roles, "bindings": [{"role": "watcher", "people": ["lee"]}]}
    (grant,) = Policy.of(Config.model_validate(config)).grants
    assert grant.permissions == {"notice.publish", "logs.view"}


def test_permissions_are_told_in_their_usual_order() -> None:
    assert words_for(["config.reload", "logs.view", "deploy.run"]) == [
        "read logs",
        "deploy",
        "reload the configuration",
    ]


def test_a_person_s_own_binding_is_not_told_as_the_chat_s_too() -> None:
    rules = policy(
        {"role": "viewer", "people": ["kim"], "chats": ["team"]},
        {"role": "viewer", "chats": ["team"], "apps": ["shop"]},
        {"role": "viewer", "chats": ["logs"], "apps": ["blog"]},
    )
    assert summary(KIM, rules, -1) == ["viewer everywhere", "viewer on shop through this chat"]
    assert summary(LEE, rules, -1) == [
        "viewer everywhere through this chat",
        "viewer on shop through this chat",
    ]
