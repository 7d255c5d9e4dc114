"""How each change in the cluster is put into words, and what the apply that is planned makes of it."""

from copy import deepcopy
from typing import Any

import pytest

from bot.masking import HIDDEN, Masker
from bot.planning.drift import Drift, drifted
from bot.planning.hiding import mask_for
from bot.planning.manifests import Manifest
from bot.planning.trial import Contest
from tests.planning.objects import deployment, objects
from tests.planning.test_changes_by_hand_are_told import SHOP, Live, in_container, with_replicas, without


@pytest.mark.parametrize(
    ("field", "place", "tells"),
    [
        ("spec.replicas", ".spec.replicas", True),
        ("spec.replica", ".spec.replicas", False),
        ("spec.replicas", ".spec.replica", False),
        ("containers.web.image", '.containers[name="web"].image', True),
        ("containers.web", '.containers[name="web"].image', True),
        ("containers.other", '.containers[name="web"].image', False),
        ("ports.8080", '.ports[containerPort=8080,protocol="TCP"].name', True),
    ],
)
def test_a_change_says_all_of_a_field_that_somebody_keeps_where_it_is_that_or_above_it(
    field: str, place: str, tells: bool
) -> None:
    drift = Drift("Deployment shop", field, "", "", None, contested=True)
    assert drift.tells(Contest("Deployment shop", place, "kubectl")) is tells
    assert not drift.tells(Contest("Deployment other", place, "kubectl"))
    assert not Drift("Deployment shop", field, "", "", None).tells(
        Contest("Deployment shop", place, "kubectl")
    )


def planned(**container: Any) -> Manifest:
    """The Deployment that comes next; what is None its container lacks."""
    item = deepcopy(SHOP.object)
    given = item["spec"]["template"]["spec"]["containers"][0]
    given |= container
    for name in [name for name, value in container.items() if value is None]:
        del given[name]
    return Manifest(SHOP.key, item)


def test_what_somebody_removed_stays_away_where_nobody_wants_it_any_more() -> None:
    live = Live()
    del live.container["args"]
    without(live.object["metadata"]["managedFields"][0]["fieldsV1"], in_container({"f:args": {}}))
    (drift,) = live.drift(planned(args=None))
    assert (drift.line, drift.changes) == ("shop: args removed: stays away", False)


def debugged() -> Live:
    """A hand added a variable and changed another one."""
    live = Live()
    live.container["env"] = [{"name": "GREETING", "value": "bye"}, {"name": "DEBUG", "value": "1"}]
    added: dict[str, Any] = {'k:{"name":"DEBUG"}': {".": {}, "f:name": {}, "f:value": {}}}
    return live.written(
        "kubectl-edit", in_container({"f:env": {**added, 'k:{"name":"GREETING"}': {"f:value": {}}}})
    )


@pytest.mark.parametrize(
    ("env", "fates"),
    [
        ([{"name": "GREETING", "value": "hello"}], ["taken over, set back", "stays"]),
        ([{"name": "GREETING", "value": "bye"}, {"name": "DEBUG", "value": "1"}],
         ["as this plan has it", "as this plan has it"]),
        ([{"name": "GREETING", "value": "hi"}, {"name": "DEBUG", "value": "2"}],
         ["taken over, overwritten", "taken over, overwritten"]),
    ],
)  # fmt: skip
def test_of_variables_neither_the_old_nor_the_new_value_is_told(
    env: list[dict[str, str]], fates: list[str]
) -> None:
    drifts = debugged().drift(planned(env=env))
    by = "by kubectl-edit at 2026-11-29 07:30 UTC"
    told = {
        "variable GREETING changed": fates[0],
        "variable DEBUG added": fates[1],
    }
    assert {each.line for each in drifts} == {f"shop: {what}, {by}: {fate}" for what, fate in told.items()}


def test_a_variable_that_is_gone_is_put_back() -> None:
    live = Live()
    live.container["env"] = []
    assert live.told() == ["shop: variable GREETING removed: put back"]


def test_what_must_be_taken_over_is_told_first() -> None:
    live = Live()
    del live.container["args"]
    live.scaled(5)
    assert [(each.field.rpartition(".")[2], each.contested) for each in live.drift()] == [
        ("replicas", True),
        ("args", False),
    ]
    debug = debugged().drift()
    assert [each.contested for each in debug] == [True, False]
    assert [each.contested for each in Live(applies=False).scaled(5).drift()] == [False]


def test_where_nothing_is_planned_nothing_is_said_of_what_becomes_of_it() -> None:
    for live, words in (
        (Live().scaled(5), "shop: replicas 3 → 5, by kubectl at 2026-11-29 07:30 UTC"),
        (
            Live().scaled(5, manager="kube-controller-manager"),
            "shop: replicas 3 → 5, by the autoscaler at 2026-11-29 07:30 UTC",
        ),
    ):
        (drift,) = drifted([SHOP], {SHOP.key: live.object}, mask_for(Masker()))
        assert (drift.line, drift.fate, drift.changes, drift.contested) == (words, "", False, False)
        assert (drift.where, drift.field) == ("Deployment shop", "spec.replicas")


def test_an_autoscalers_replicas_stay_whatever_the_manifest_says() -> None:
    (drift,) = Live().scaled(5, manager="kube-controller-manager").drift(with_replicas(7))
    assert (drift.fate, drift.changes, drift.contested) == ("stays", False, False)


def test_another_field_that_an_autoscaler_wrote_is_drift() -> None:
    live = Live()
    live.container["args"] = ["other"]
    live.written("kube-controller-manager", in_container({"f:args": {}}), through="scale")
    (drift,) = live.drift()
    assert (drift.by, drift.autoscaled) == ("kube-controller-manager", False)


def test_two_secrets_that_look_alike_once_they_are_hidden_are_still_a_change() -> None:
    labelled = deepcopy(SHOP.object)
    labelled["metadata"]["labels"] = {"team": "hunter22-hunter22"}
    live = Live()
    live.manifest = Manifest(SHOP.key, labelled)
    live.object["metadata"]["labels"] = {"team": "another-secret-word"}
    live.written("kubectl-label", {"f:metadata": {"f:labels": {"f:team": {}}}})
    masker = Masker(["hunter22-hunter22", "another-secret-word"])
    by = "by kubectl-label at 2026-11-29 07:30 UTC"
    assert live.told(live.manifest, masker=masker) == [
        f"shop: label team {HIDDEN} → {HIDDEN}, {by}: taken over, set back to {HIDDEN}"
    ]
    assert live.told(masker=masker) == [f"shop: label team {HIDDEN} → {HIDDEN}, {by}: stays"]


def test_a_container_that_a_hand_added_is_told_as_one() -> None:
    live = Live()
    live.object["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "proxy:1"})
    owned: dict[str, Any] = {'k:{"name":"proxy"}': {".": {}, "f:name": {}, "f:image": {}}}
    live.written("kubectl-edit", {"f:spec": {"f:template": {"f:spec": {"f:containers": owned}}}})
    assert live.told() == ["shop: container proxy added, by kubectl-edit at 2026-11-29 07:30 UTC: stays"]


def test_members_of_a_set_are_told_one_by_one() -> None:
    finalized = deepcopy(SHOP.object)
    finalized["metadata"]["finalizers"] = ["a.org/stays", "b.org/gone"]
    live = Live()
    live.manifest = Manifest(SHOP.key, finalized)
    live.object["metadata"]["finalizers"] = ["a.org/stays", "c.org/new", "d.org/controllers"]
    members = ("a.org/stays", "c.org/new", "d.org/controllers")
    ours, hands, others = (dict[str, Any]({f'v:"{name}"': {}}) for name in members)
    live.object["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]["f:finalizers"] = {".": {}, **ours}
    live.written("kubectl-edit", {"f:metadata": {"f:finalizers": hands}})
    live.written("mesh-controller", {"f:metadata": {"f:finalizers": others}})
    assert live.told(live.manifest) == [
        "shop: finalizer b.org/gone removed: put back",
        "shop: finalizer c.org/new added, by kubectl-edit at 2026-11-29 07:30 UTC: stays",
    ]


def test_a_value_whose_name_sounds_secret_is_not_told() -> None:
    live = Live()
    live.object["metadata"]["annotations"] = {"api-token": "x"}
    live.written("kubectl-annotate", {"f:metadata": {"f:annotations": {"f:api-token": {}}}})
    assert live.told() == [
        "shop: annotation api-token added, by kubectl-annotate at 2026-11-29 07:30 UTC: stays"
    ]


def test_of_a_config_map_its_keys_are_told() -> None:
    (settings,) = objects("{apiVersion: v1, kind: ConfigMap, metadata: {name: env}, data: {a: '1', b: '2'}}")
    live = Live(settings, applies=False)
    live.object["data"] = {"a": "9"}
    live.written("kubectl-edit", {"f:data": {"f:a": {}}})
    by = "by kubectl-edit at 2026-11-29 07:30 UTC"
    assert live.told(settings) == [
        f"ConfigMap env: key a changed, {by}: set back",
        "ConfigMap env: key b removed: put back",
    ]


@pytest.mark.parametrize(
    "spec",
    ["{}", "{template: {spec: {containers: [{name: x, image: y}]}}}", "{ttlSecondsAfterFinished: null}"],
)
def test_any_other_job_that_is_gone_was_removed(spec: str) -> None:
    (job,) = objects(f"{{apiVersion: batch/v1, kind: Job, metadata: {{name: once}}, spec: {spec}}}")
    (drift,) = drifted([job, SHOP], {job.key: None}, mask_for(Masker()), planned=[job])
    assert (drift.line, drift.changes) == ("Job once is gone: made again", True)
    (drift,) = drifted([job], {job.key: None}, mask_for(Masker()), planned=[SHOP])
    assert (drift.line, drift.changes) == ("Job once is gone: stays away", False)
    assert (drift.where, drift.field) == ("Job once", "")


def test_each_object_of_the_release_is_told_of() -> None:
    gone, also, scaled = objects(
        "".join(deployment(name=name, replicas=3) for name in ("gone", "also", "scaled"))
    )
    live = {**deepcopy(scaled.object), "spec": {**deepcopy(scaled.object["spec"]), "replicas": 5}}
    found = {gone.key: None, also.key: None, scaled.key: live}
    for order in ([gone, scaled, also], [scaled, gone, also]):
        told = drifted(order, found, mask_for(Masker()))
        assert sorted(each.where for each in told) == [
            "Deployment also",
            "Deployment gone",
            "Deployment scaled",
        ]


def test_one_that_may_not_be_read_hides_none_of_the_others() -> None:
    (other,) = objects(deployment(name="other"))
    found = {SHOP.key: Live().scaled(5).object}
    told = drifted([other, SHOP], found, mask_for(Masker()))
    assert [each.where for each in told] == ["Deployment shop"]
