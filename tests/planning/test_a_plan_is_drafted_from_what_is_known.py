"""What a plan has whatever it is for: what its digest covers, and what is known of the release."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.access import Identity
from bot.config import Target
from bot.helm.releases import ReleaseRecord, Revision
from bot.planning.comparing import Comparison
from bot.planning.drafting import Draft, going_back_to
from bot.planning.drift import Drift
from bot.planning.going_back import Stopping
from bot.planning.live import Live
from bot.planning.losing import Loss
from bot.planning.plan import Frozen, ObjectRef, Plan
from bot.planning.releases import Past
from bot.planning.summary import Line
from bot.planning.weighing import Weighed
from bot.store.verdicts import Judgement
from tests.planning.test_what_is_known_of_a_release import SITE
from tests.planning.test_what_is_known_of_a_release import target as configured

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
THEIRS = Revision(6, "deployed", NOW - timedelta(seconds=90), "shop", "1.4.0", "v1.1", "by hand")
NEWER = replace(THEIRS, number=7, status="failed")


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return configured(tmp_path, "release: shop")


def draft(target: Target, *revisions: Revision, verdict: Judgement | None = None, **more: Any) -> Draft:
    """A deploy where the first of these revisions is the deployed one."""
    past = Past(revisions, {verdict.revision: verdict} if verdict is not None else {})
    record = ReleaseRecord(revisions[0], "", (), {}, "", None) if revisions else None
    live = Live(past, revisions[0] if revisions else None, record, (), ())
    given: dict[str, Any] = {"kind": "deploy", "site": SITE, "at": NOW, "shouts": False, **more}
    return Draft(target=target, live=live, **given)


def test_the_digest_covers_where_it_goes_what_is_there_and_in_whose_name(target: Target) -> None:
    inputs = draft(target, THEIRS).inputs("v1.31.2")
    assert inputs == {
        "kind": "deploy",
        "cluster": "uid",
        "namespace": "shop",
        "release": "web",
        "revision": "6 deployed",
        "verdict": "",
        "cluster_version": "v1.31.2",
        "identity": "",
    }
    dana = SITE.model_copy(update={"identity": Identity("dana", ("blue", "red"))})
    assert draft(target, kind="uninstall", site=dana).inputs() == {
        **inputs,
        "kind": "uninstall",
        "revision": "",
        "cluster_version": "",
        "identity": "dana blue red",
    }


@pytest.mark.parametrize(
    ("verdict", "covered"),
    [
        (Judgement(6, "healthy", NOW, operation_id="op"), "healthy"),
        (Judgement(6, "unknown", NOW, operation_id="op"), "unknown"),
        (Judgement(6, "failed", NOW, operation_id="op"), "failed"),
        (Judgement(6, "failed", NOW), "failed"),
        (Judgement(6, "healthy", NOW), ""),
        (Judgement(6, "unknown", NOW), ""),
        (Judgement(5, "failed", NOW, operation_id="op"), ""),
    ],
)
def test_of_a_mere_look_only_trouble_is_confirmed(target: Target, verdict: Judgement, covered: str) -> None:
    assert draft(target, THEIRS, verdict=verdict).inputs()["verdict"] == covered


def test_a_rollback_covers_where_to_and_not_what_the_deploy_makes_that_it_stops() -> None:
    assert going_back_to(THEIRS, None) == {"flags": "6"}
    stopping = Stopping("op", "Dana", "v1.2", base=6)
    assert going_back_to(THEIRS, stopping) == {"flags": "6", "revision": "", "verdict": "", "stops": "op"}


OBJECTS = (ObjectRef("v1", "ConfigMap", "shop", "env"),)
GONE = (ObjectRef("v1", "ConfigMap", "shop", "old"),)
COMPARISON = Comparison((Line("image v1 → v2"),), ("a random value",), "- a\n+ b\n", 1, 1, unchanged=False)
LOSS = Loss("Namespace", "shop", "It goes", takes_data=True)


def drift(*, changes: bool) -> Drift:
    return Drift(
        "Deployment shop", "spec.replicas", "replicas 3 → 5", "kubectl", NOW, "stays", changes=changes
    )


def drafted(of: Draft, found: Weighed, version: str = "v1.2", now: str = "v1.1", **more: Any) -> Plan:
    return of.plan(found, {"kind": "deploy"}, version=version, now=now, objects=OBJECTS, **more)


def test_a_plan_has_what_was_weighed_and_what_is_known_of_the_release(target: Target) -> None:
    found = Weighed(COMPARISON, (drift(changes=True),), (LOSS,), GONE)
    frozen = Frozen(values={"a": 1})
    plan = drafted(
        draft(target, THEIRS, NEWER, shouts=True),
        found,
        chart="1.4.0",
        notes=["mind this"],
        frozen=frozen,
        image_digest="sha256:4f",
        revision=5,
    )
    assert plan.foreign is not None
    assert (plan.foreign.revision, plan.foreign.maker, plan.foreign.age) == (6, "Helm (by hand)", 90.0)
    assert plan == Plan(
        kind="deploy",
        app="shop",
        environment="staging",
        version="v1.2",
        now="v1.1",
        base=7,
        revision=5,
        chart="1.4.0",
        image_digest="sha256:4f",
        lines=COMPARISON.lines,
        notes=("mind this", "a random value"),
        diff=COMPARISON.diff,
        added=1,
        removed=1,
        unchanged=False,
        site=SITE,
        objects=OBJECTS,
        inputs={"kind": "deploy"},
        frozen=frozen,
        removes=GONE,
        losses=(LOSS,),
        foreign=plan.foreign,
        drift=found.drift,
        shouts=True,
    )


def test_a_plan_for_what_is_not_there_knows_of_nothing(target: Target) -> None:
    plan = drafted(draft(target), Weighed(COMPARISON), now="")
    assert (plan.base, plan.foreign, plan.shouts, plan.drift, plan.frozen) == (0, None, False, (), Frozen())
    assert (plan.chart, plan.image_digest, plan.revision) == ("", "", 0)
    assert plan.notes == ("a random value",)


@pytest.mark.parametrize(
    ("differs", "version", "drifts", "unchanged"),
    [
        (False, "v1.1", (), True),
        (False, "v1.1", (drift(changes=False),), True),
        (False, "v1.1", (drift(changes=False), drift(changes=True)), False),
        (False, "v1.2", (), False),
        (True, "v1.1", (), False),
    ],
)
def test_nothing_changes_where_neither_the_manifest_nor_the_version_nor_the_cluster_does(
    target: Target, differs: bool, version: str, drifts: tuple[Drift, ...], unchanged: bool
) -> None:
    found = Weighed(replace(COMPARISON, unchanged=not differs), drifts)
    assert drafted(draft(target, THEIRS), found, version=version).unchanged is unchanged
