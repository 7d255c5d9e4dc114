"""The whole of a plan: what its document adds, what it takes over, and why there may be none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.access import ClusterAccess
from bot.planning.drift import Drift
from bot.planning.errors import NoneHealthy, OwnedByOthers, PlanRefused, ReleaseStuck
from bot.planning.foreign import Foreign, LostValue
from bot.planning.manifests import parse
from bot.planning.owners import Owner
from bot.planning.plan import MOVED, ObjectRef, digest_of, refs, with_takes
from bot.planning.site import Site
from bot.planning.trial import Contest, Refusal, Trial
from tests.planning.objects import deployment
from tests.texts.plans import CONTESTED, DRIFT, PLAN

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
LOST = Foreign(7, "helm", 60.0, lost=(LostValue("web.replicas", "5"), LostValue("debug", "true")))


def test_a_document_begins_with_what_a_message_has_no_room_for() -> None:
    assert replace(PLAN, foreign=LOST, drift=DRIFT[:1]).document == (
        "# Values of revision 7 that the configuration lacks; they would be lost:\n"
        "# web.replicas: 5\n# debug: true\n"
        "\n"
        "# Changed in the cluster since the release was made:\n"
        f"# {DRIFT[0].line}\n"
        "\n" + PLAN.diff
    )


@pytest.mark.parametrize("foreign", [None, Foreign(7, "helm", 60.0)])
def test_a_document_without_losses_and_drift_is_the_diff(foreign: Foreign | None) -> None:
    assert replace(PLAN, foreign=foreign).document == PLAN.diff


def test_taking_over_is_part_of_what_is_confirmed() -> None:
    plan = replace(PLAN, trial=CONTESTED)
    taking = plan.taking()
    ids = tuple(each.id for each in CONTESTED.contests)
    assert taking.taken == ids
    assert taking.inputs == {"kind": "deploy", "takes": "\n".join(ids)}
    assert taking.digest != plan.digest
    assert taking.moved(plan.inputs) == ["what is taken over changed"]
    assert with_takes(taking.inputs, ()) == plan.inputs


def test_a_plan_is_open_once_every_contested_field_is_agreed_to() -> None:
    assert PLAN.is_open
    plan = replace(PLAN, trial=CONTESTED)
    assert not plan.is_open
    assert plan.taking().is_open
    assert not replace(plan, taken=(CONTESTED.contests[0].id,)).is_open
    refused = Trial(refusals=(Refusal("Deployment shop", "no"),))
    assert not replace(PLAN, trial=refused).is_open


def test_helm_takes_fields_over_only_where_the_server_merges_and_somebody_keeps_one() -> None:
    contests, autoscaled = CONTESTED.contests, CONTESTED.autoscaled
    assert replace(PLAN, trial=Trial(contests=contests)).forces
    assert replace(PLAN, trial=Trial(autoscaled=autoscaled)).forces
    assert not PLAN.forces
    assert not replace(PLAN, trial=Trial(contests=contests, by_server=False)).forces


def test_a_contested_field_that_the_drift_tells_is_not_told_twice() -> None:
    replicas = Contest("Deployment shop", ".spec.replicas", "kubectl-edit", "5", "3")
    mode = Contest("ConfigMap shop-env", ".data.MODE", "kubectl-edit")
    told = Drift("Deployment shop", "spec.replicas", "replicas", "kubectl-edit", NOW, "set back", True)
    plan = replace(PLAN, trial=Trial(contests=(replicas, mode)), drift=(told,))
    assert plan.untold == tuple(each for each in (replicas, mode) if not told.tells(each))
    assert mode in plan.untold
    assert replace(plan, drift=()).untold == (replicas, mode)


def test_what_moved_is_told_once_in_the_order_of_the_plan() -> None:
    plan = replace(PLAN, inputs={"revision": "7", "chart": "b", "unheard_of": "x"})
    before = {"chart": "a", "revision": "6", "image": "y"}
    assert plan.moved(before) == [MOVED["revision"], MOVED["chart"], "unheard_of", MOVED["image"]]
    assert plan.moved(plan.inputs) == []


def test_the_digest_of_the_same_inputs_is_the_same_after_an_upgrade_of_the_bot() -> None:
    """What was confirmed before it is pressed after it."""
    assert digest_of({"kind": "deploy", "revision": "6 deployed"}) == (
        "5134acd672c30094182f66f7dc3ee8e6a930f81af1105d4c5d105b71c69d9469"
    )


def test_references_say_whether_they_are_hooks() -> None:
    (found,) = refs(parse({"a.yaml": deployment()}, "shop-staging"))
    assert found == ObjectRef("apps/v1", "Deployment", "shop-staging", "shop", False)


def test_a_digest_without_its_algorithm_is_shown_as_well() -> None:
    assert replace(PLAN, image_digest="abcdef0123").short_digest == "abcd…23"


def test_a_refusal_carries_where_it_is_and_how_to_mend_it() -> None:
    error = PlanRefused("no", where="a.yaml, line 3", advice="mend it", quote="their words")
    assert (str(error), error.words, error.where, error.advice, error.quote) == (
        "no", "no", "a.yaml, line 3", "mend it", "their words",
    )  # fmt: skip
    bare = PlanRefused("no")
    assert (bare.where, bare.advice, bare.quote) == ("", "", "")


def test_why_there_is_no_plan_is_kept_for_whoever_answers() -> None:
    site = Site(access=ClusterAccess(in_cluster=True), cluster_uid="uid", namespace="shop", release="web")
    stuck = ReleaseStuck(site, 7, "pending-upgrade", NOW, "Dana")
    assert stuck.words == "An earlier run of web did not finish (pending-upgrade)"
    assert (stuck.site, stuck.revision, stuck.status, stuck.since, stuck.maker) == (
        site, 7, "pending-upgrade", NOW, "Dana",
    )  # fmt: skip
    none = NoneHealthy("web", [3, 4])
    assert none.words == "No earlier revision of web is known to have been healthy"
    assert (none.advice, none.revisions) == ("Name one of /history's revisions: 3, 4", [3, 4])


def test_what_others_own_says_who_and_where() -> None:
    owner = Owner("Argo CD", "Application", "shop", "argocd")
    error = OwnedByOthers(owner, "Deployment web")
    assert (error.owner, error.words, error.where) == (
        owner,
        "Argo CD's Application shop in argocd manages it",
        "Deployment web",
    )
    assert error.advice == "Change it there; here it can be looked at"
