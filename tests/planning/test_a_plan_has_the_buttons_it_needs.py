"""What may be done with a plan, as buttons: what each says, carries and is for."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.commands.choices import LIFETIME, Choice, copying, run
from bot.commands.plan_buttons import excerpt_of, other_version, plan_choices
from bot.commands.requests import EXPIRY, Request
from bot.planning.plan import Plan, PlanKind
from bot.planning.trial import Contest, Trial
from tests.texts.plans import CONTESTED, PLAN, REFUSED

REQUEST = Request("deploy", "shop", "staging", "v1.2")
PLACE = ("shop", "staging")
CLOSE = Choice("Close", "plan.close")


def choices(plan: Plan = PLAN, request: Request = REQUEST, **more: Any) -> list[Choice]:
    return plan_choices(plan, request, **{"discloses": True, "stops": "", **more})


def of_kind(kind: PlanKind, **changes: Any) -> tuple[Plan, Request]:
    return replace(PLAN, kind=kind, **changes), replace(REQUEST, kind=kind)


def test_a_deploy_may_be_confirmed_read_whole_planned_otherwise_or_closed() -> None:
    again = {"request": asdict(REQUEST)}
    confirmed = {**again, "digest": PLAN.digest, "inputs": {"kind": "deploy"}}
    assert choices() == [
        Choice("Deploy to staging", "deploy.go", confirmed, "primary", *PLACE, lifetime=EXPIRY),
        Choice("Full diff", "plan.diff", again, None, *PLACE),
        Choice("Other version", "deploy.versions", {**again, "skip": 0}, None, *PLACE),
        CLOSE,
    ]


def test_a_plan_holds_for_five_minutes() -> None:
    assert choices()[0].lifetime == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("kind", "label", "style", "loud"),
    [
        ("deploy", "Deploy to staging", "primary", "Deploy to PRODUCTION · v1.2"),
        ("rollback", "Roll back to v1.2", "primary", "Roll back to v1.2 in PRODUCTION"),
        ("uninstall", "Uninstall from staging", "danger", "Uninstall from PRODUCTION · v1.2"),
        ("restart", "Restart in staging", "primary", "Restart in PRODUCTION · v1.2"),
    ],
)
def test_the_button_says_what_it_does_and_where_mistakes_reach_users_it_is_loud(
    kind: PlanKind, label: str, style: str, loud: str
) -> None:
    plan, request = of_kind(kind)
    quiet = choices(plan, request)[0]
    assert (quiet.label, quiet.button, quiet.style) == (label, f"{kind}.go", style)
    shouted = choices(replace(plan, environment="production", shouts=True), request)[0]
    assert (shouted.label, shouted.style, shouted.environment) == (loud, "danger", "production")


def test_what_stops_a_deploy_first_says_so_and_is_dangerous() -> None:
    plan, request = of_kind("rollback")
    go = choices(plan, request, stops="Stop and roll back to v1.1")[0]
    assert (go.label, go.style) == ("Stop and roll back to v1.1", "danger")


def contested(*names: str) -> Trial:
    return Trial(contests=tuple(Contest("Deployment shop", f".spec.{name}", "kubectl") for name in names))


@pytest.mark.parametrize(
    ("kind", "more", "label"),
    [
        ("deploy", {}, "Take over replicas and deploy"),
        ("rollback", {}, "Take over replicas and roll back"),
        ("uninstall", {}, "Take over replicas and uninstall"),
        ("restart", {}, "Take over replicas and restart"),
        ("deploy", {"shouts": True}, "Take over replicas, deploy to STAGING · v1.2"),
    ],
)
def test_what_others_keep_is_named_on_the_button(kind: PlanKind, more: dict[str, Any], label: str) -> None:
    plan, request = of_kind(kind, trial=contested("replicas"), **more)
    go = choices(plan, request)[0]
    assert (go.label, go.style) == (label, "danger")


def test_what_others_keep_is_named_beside_what_is_stopped() -> None:
    plan, request = of_kind("rollback", trial=contested("replicas"))
    go = choices(plan, request, stops="Stop it and roll back")[0]
    assert (go.label, go.style) == ("Take over replicas, stop it and roll back", "danger")


def test_several_fields_are_counted_and_a_long_name_is_cut() -> None:
    assert choices(replace(PLAN, trial=CONTESTED))[0].label == "Take over 2 fields and deploy"
    long = replace(PLAN, trial=contested("n" * 31))
    assert choices(long)[0].label == f"Take over {'n' * 29}… and deploy"
    fits = replace(PLAN, trial=contested("n" * 30))
    assert choices(fits)[0].label == f"Take over {'n' * 30} and deploy"


def test_only_the_button_that_confirms_carries_what_is_taken_over() -> None:
    plan = replace(PLAN, trial=CONTESTED)
    ids = tuple(each.id for each in CONTESTED.contests)
    go, *others = choices(plan, replace(REQUEST, takes=("of an earlier plan",)))
    assert go.arguments == {
        "request": asdict(replace(REQUEST, takes=ids)),
        "digest": plan.taking().digest,
        "inputs": {"kind": "deploy", "takes": "\n".join(ids)},
    }
    assert {str(each.arguments.get("request")) for each in others[:-1]} == {str(asdict(REQUEST))}


def test_what_the_cluster_refuses_can_only_be_planned_again() -> None:
    first, *others = choices(replace(PLAN, trial=REFUSED), replace(REQUEST, takes=("x",)))
    assert first == Choice("Plan again", "plan.again", {"request": asdict(REQUEST)}, "primary", *PLACE)
    assert [each.label for each in others] == ["Full diff", "Other version", "Close"]


@pytest.mark.parametrize(
    ("plan", "discloses"), [(PLAN, False), (replace(PLAN, diff=""), True), (replace(PLAN, diff=""), False)]
)
def test_a_diff_that_is_empty_or_not_to_be_shown_has_no_button(plan: Plan, discloses: bool) -> None:
    assert [each.label for each in choices(plan, discloses=discloses)] == [
        "Deploy to staging",
        "Other version",
        "Close",
    ]


def test_values_set_for_one_version_are_not_carried_to_another() -> None:
    assert "Other version" not in [
        each.label for each in choices(request=replace(REQUEST, sets=[("a", "1")]))
    ]


@pytest.mark.parametrize("kind", ["rollback", "uninstall", "restart"])
def test_only_a_deploy_has_other_versions(kind: PlanKind) -> None:
    assert [each.label for each in choices(*of_kind(kind))][1:] == ["Full diff", "Close"]


def test_other_versions_are_asked_for_without_what_was_taken_over() -> None:
    assert other_version(replace(REQUEST, takes=("x",))).arguments == {"request": asdict(REQUEST), "skip": 0}


DIFF = """--- live/Deployment shop
+++ plan/Deployment shop
 spec:
-  replicas: 2
+  replicas: 3
--- live/Service shop
+++ plan/Service shop
+  port: 8080
"""


def test_an_excerpt_has_the_changed_lines_under_the_names_of_their_objects() -> None:
    assert excerpt_of(replace(PLAN, diff=DIFF)).splitlines() == [
        "Deployment shop",
        "-  replicas: 2",
        "+  replicas: 3",
        "Service shop",
        "+  port: 8080",
    ]


def test_an_excerpt_of_a_removal_is_empty() -> None:
    assert excerpt_of(replace(PLAN, kind="uninstall", diff=DIFF)) == ""


def test_an_excerpt_ends_after_24_lines_and_80_signs_and_says_how_much_more_there_is() -> None:
    lines = [f"+{'x' * 79}{n % 10}" for n in range(26)]
    found = excerpt_of(replace(PLAN, diff="\n".join(lines))).splitlines()
    assert found == [*(line[:80] for line in lines[:24]), "and 2 more lines"]
    whole = excerpt_of(replace(PLAN, diff="\n".join(lines[:24])))
    assert whole.splitlines() == [line[:80] for line in lines[:24]]


def test_a_choice_is_for_who_asked_and_lives_for_a_week() -> None:
    plain = Choice("Logs", "logs")
    assert (plain.anyone, plain.lifetime, LIFETIME) == (False, LIFETIME, timedelta(days=7))


def test_a_button_that_runs_a_command_is_for_whoever_presses_it() -> None:
    assert run("Logs", "/logs shop") == Choice(
        "Logs", "run", {"command": "/logs shop", "fresh": False, "skip": 0}, anyone=True
    )
    assert run("More", "/logs shop", "primary", fresh=True, skip=8) == Choice(
        "More", "run", {"command": "/logs shop", "fresh": True, "skip": 8}, "primary", anyone=True
    )


def test_what_is_too_long_for_the_clipboard_has_no_button() -> None:
    assert copying("Copy", "x" * 256) == [Choice("Copy", "", copy="x" * 256)]
    assert copying("Copy", "x" * 257) == []
