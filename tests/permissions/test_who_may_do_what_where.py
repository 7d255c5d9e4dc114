"""The whole table of role, scope and place, and the words of refusals."""

from __future__ import annotations

from itertools import product

import pytest

from bot.config import BUILT_IN_ROLES, PERMISSIONS, VIEWS, Config, Permission
from bot.permissions import UNSCOPED, Person, Place, Policy, Sender, known, may, summary, webhook

CONFIG = {
    "telegram": {"token": "${TOKEN}"},
    "chats": {"team": {"id": -1}, "logs": {"id": -2}},
    "people": {
        "kim": {"id": 1001, "name": "Kim"},
        "lee": {"id": 1003, "name": "Lee", "kubernetes": {"user": "lee@example.org", "groups": ["devs"]}},
        "nan": {"id": 1005, "name": "Nan"},
    },
    "clusters": {"main": {"in_cluster": True}},
    "environments": {
        "staging": {"cluster": "main", "namespace": "s"},
        "production": {"cluster": "main", "namespace": "p"},
    },
    "apps": {
        "shop": {"chart": "c", "environments": ["staging", "production"]},
        "shop-api": {"chart": "c", "environments": ["staging"]},
        "blog": {"chart": "c", "environments": ["staging"]},
    },
    "roles": {"releaser": {"extends": "deployer", "permissions": ["notice.publish"]}},
}
KIM = Person(1001, "kim", "Kim")
LEE = Person(1003, "lee", "Lee")

SCOPES: dict[str, tuple[dict[str, list[str]], set[tuple[str | None, str | None]]]] = {
    "all": ({}, set(product(("shop", "shop-api", "blog", None), ("staging", "production", None)))),
    "shop": (
        {"apps": ["shop"]},
        {(app, env) for app in ("shop", None) for env in ("staging", "production", None)},
    ),
    "shop globs in staging": (
        {"apps": ["shop*"], "environments": ["staging"]},
        {(app, env) for app in ("shop", "shop-api", None) for env in ("staging", None)},
    ),
}
PLACES = list(product(("shop", "shop-api", "blog", None), ("staging", "production", None)))
ROLES: dict[str, frozenset[Permission]] = {
    **BUILT_IN_ROLES,
    "releaser": BUILT_IN_ROLES["deployer"] | {"notice.publish"},
}


def policy(*bindings: object) -> Policy:
    return Policy.of(Config.model_validate({**CONFIG, "bindings": list(bindings)}))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_role_gives_its_permissions_within_its_scope_and_no_others(role: str, scope: str) -> None:
    written, covered = SCOPES[scope]
    rules = policy({"role": role, "people": ["lee"], **written})
    for permission, (app, environment) in product(PERMISSIONS, PLACES):
        expected = permission in ROLES[role] and (app, environment) in covered
        if permission in UNSCOPED:
            expected = expected and scope == "all"
        decision = may(LEE, permission, Place(app, environment), rules)
        assert decision.allowed is expected, (permission, app, environment, decision.reason)
        assert decision.reason
        assert not may(KIM, permission, Place(app, environment), rules)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_chat_s_binding_gives_only_the_view_even_of_an_admin_s_role(permission: Permission) -> None:
    rules = policy({"role": "admin", "chats": ["team"]})
    assert may(LEE, permission, Place("shop", "staging", -1), rules).allowed is (permission == "app.view")
    assert not may(LEE, permission, Place("shop", "staging", -2), rules)
    assert not may(LEE, permission, Place("shop", "staging"), rules)


def test_a_chat_s_binding_gives_the_further_views_that_it_lists() -> None:
    rules = policy({"role": "viewer", "chats": ["logs"], "permissions": ["logs.view"], "apps": ["shop"]})
    at = Place("shop", "staging", -2)
    given = {each for each in PERMISSIONS if may(LEE, each, at, rules)}
    assert given == {"app.view", "logs.view"} <= VIEWS
    assert not may(LEE, "logs.view", Place("blog", "staging", -2), rules)


def test_roles_only_add_up() -> None:
    assert (
        BUILT_IN_ROLES["viewer"]
        < BUILT_IN_ROLES["developer"]
        < BUILT_IN_ROLES["deployer"]
        < BUILT_IN_ROLES["admin"]
        == set(PERMISSIONS)
    )


def test_a_refusal_says_what_is_needed_what_there_is_and_whom_to_ask() -> None:
    rules = policy(
        {"role": "deployer", "people": ["lee"], "environments": ["staging"]},
        {"role": "deployer", "people": ["nan"]},
        {"role": "admin", "people": ["kim"]},
    )
    decision = may(LEE, "deploy.run", Place("shop", "production"), rules)
    assert decision.reason.splitlines() == [
        "Needs: deploy in production",
        "You have: deployer in staging",
        "Ask: Kim or Nan",
    ]
    stranger = may(Person(9, None, "Eve"), "deploy.run", Place("shop", "staging"), rules)
    assert stranger.has == "nothing here"


def test_what_someone_has_is_told_most_first() -> None:
    rules = policy(
        {"role": "viewer", "people": ["lee"]},
        {"role": "deployer", "people": ["lee"], "apps": ["shop", "blog"], "environments": ["staging"]},
        {"role": "viewer", "chats": ["team"], "apps": ["blog"]},
    )
    assert summary(LEE, rules) == ["deployer on shop and blog in staging", "viewer everywhere"]
    assert summary(KIM, rules, -1) == ["viewer on blog through this chat"]


def test_a_webhook_has_what_bindings_give_to_it_by_name_and_nobody_else_has_that() -> None:
    rules = policy(
        {"role": "developer", "webhooks": ["shop"], "apps": ["shop"], "environments": ["staging"]},
        {"role": "admin", "people": ["kim"]},
        {"role": "viewer", "chats": ["team"]},
    )
    hook, other = webhook("shop", "GitHub push by lee"), webhook("blog", "GitHub push by kim")
    assert may(hook, "image.build", Place("shop"), rules)
    assert may(hook, "deploy.run", Place("shop", "staging"), rules)
    assert not may(hook, "deploy.run", Place("shop", "production"), rules)
    assert not may(hook, "image.build", Place("blog"), rules)
    assert not may(hook, "deploy.set", Place("shop", "staging"), rules)
    for permission in PERMISSIONS:
        for who in (other, LEE, Person(0, None, "Eve")):
            expected = permission == "app.view" and who is not other
            assert may(who, permission, Place("shop", "staging", -1), rules).allowed is expected
    assert not known(Sender(0, "Eve"), rules)
    assert rules.holders("image.build", Place("shop", "staging")) == {1001: True}


def test_a_person_may_be_bound_by_id_alone() -> None:
    rules = policy({"role": "deployer", "people": [4242]})
    sender = Sender(4242, "Zoe", -5)
    who = rules.person(sender)
    assert known(sender, rules)
    assert who is not None
    assert may(who, "deploy.run", Place("shop", "staging"), rules)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (Sender(1005, "Nan"), True),
        (Sender(9, "Eve"), False),
        (Sender(9, "Eve", chat_id=-1), True),
        (Sender(9, "Eve", chat_id=-2), False),
        (Sender(1001, "Kim", chat_id=-1, is_bot=True), False),
        (Sender(1001, "Kim", chat_id=-1, anonymous=True), False),
        (Sender(1001, "Kim", chat_id=-1, as_chat=True), False),
        (Sender(None, "News", chat_id=-1), False),
        (Sender(-1, "Team", chat_id=-1), False),
    ],
)
def test_only_people_who_are_listed_or_bound_are_known(sender: Sender, expected: bool) -> None:
    assert known(sender, policy({"role": "viewer", "chats": ["team"]})) is expected


def test_a_person_brings_the_mapped_kubernetes_identity() -> None:
    lee, kim = (policy().person(Sender(each)) for each in (1003, 1001))
    assert lee is not None
    assert lee.identity is not None
    assert (lee.identity.user, lee.identity.groups) == ("lee@example.org", ("devs",))
    assert kim is not None
    assert kim.identity is None
