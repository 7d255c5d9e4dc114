"""What of a release was changed in the cluster: whose hand, what it was, what the next apply makes of it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.masking import HIDDEN, Masker
from bot.planning.authorship import Owners, Writer
from bot.planning.drift import Drift, drifted
from bot.planning.hiding import mask_for
from bot.planning.manifests import Manifest
from bot.planning.trial import Contest
from tests.planning.objects import deployment, objects

EARLIER = "2026-11-01T06:00:00Z"
MADE = "2026-11-29T06:00:00Z"
LATER = "2026-11-29T07:30:00Z"

SHOP = objects(
    deployment(
        replicas=3,
        more="""
        env:
        - {name: GREETING, value: hello}
        resources: {limits: {cpu: 1000m, memory: 1Gi}}
        ports:
        - {containerPort: 8080}
        args: [serve, --port, "8080"]
""",
    )
)[0]

HELM_OWNS: dict[str, Any] = {
    "f:metadata": {"f:annotations": {"f:meta.helm.sh/release-name": {}}},
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {
                "f:containers": {
                    'k:{"name":"shop"}': {
                        ".": {},
                        "f:name": {},
                        "f:image": {},
                        "f:args": {},
                        "f:env": {'k:{"name":"GREETING"}': {".": {}, "f:name": {}, "f:value": {}}},
                        "f:ports": {
                            'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}
                        },
                        "f:resources": {"f:limits": {"f:cpu": {}, "f:memory": {}}},
                    }
                }
            },
        },
    },
}


def in_container(fields: dict[str, Any]) -> dict[str, Any]:
    """FieldsV1 of something in the one container."""
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"shop"}': fields}}}}}


def entry(
    manager: str, fields: dict[str, Any], *, operation: str = "Update", at: str = LATER, through: str = ""
) -> dict[str, Any]:
    """One of managedFields."""
    more = {"subresource": through} if through else {}
    return {"manager": manager, "operation": operation, "time": at, "fieldsV1": fields, **more}


class Live:
    """SHOP as the cluster has it, with the server's defaults in it, to be changed by hands."""

    def __init__(self, manifest: Manifest = SHOP, *, applies: bool = True) -> None:
        self.manifest = manifest
        self.object: dict[str, Any] = deepcopy(manifest.object)
        operation = "Apply" if applies else "Update"
        owned = deepcopy(HELM_OWNS)
        self.object["metadata"]["managedFields"] = [entry("helm", owned, operation=operation, at=MADE)]
        self.object["metadata"] |= {"uid": "1", "creationTimestamp": MADE, "generation": 4}
        self.object["status"] = {"replicas": 3}
        if manifest is SHOP:
            self.object["spec"]["strategy"] = {"type": "RollingUpdate"}
            self.container["ports"][0]["protocol"] = "TCP"
            self.container["resources"]["limits"]["cpu"] = "1"
            self.container["terminationMessagePath"] = "/dev/termination-log"

    @property
    def container(self) -> dict[str, Any]:
        found: dict[str, Any] = self.object["spec"]["template"]["spec"]["containers"][0]
        return found

    def written(self, manager: str, fields: dict[str, Any], **more: Any) -> "Live":
        """Somebody's write: who writes a field has it from then on."""
        entries = self.object["metadata"]["managedFields"]
        for each in entries:
            _without(each["fieldsV1"], fields)
        entries.append(entry(manager, fields, **more))
        return self

    def scaled(self, replicas: int, manager: str = "kubectl") -> "Live":
        self.object["spec"]["replicas"] = replicas
        return self.written(manager, {"f:spec": {"f:replicas": {}}}, through="scale")

    def drift(
        self, planned: Manifest | None = SHOP, *, masker: Masker | None = None, discloses: bool = True
    ) -> tuple[Drift, ...]:
        there = Manifest(self.manifest.key, self.object)
        mask = mask_for(masker or Masker(), [self.manifest], [there])
        then = [planned] if planned is not None else []
        return drifted(
            [self.manifest], {self.manifest.key: self.object}, mask, planned=then, discloses=discloses
        )

    def told(self, planned: Manifest | None = SHOP, **more: Any) -> list[str]:
        return [each.line for each in self.drift(planned, **more)]


def _without(owned: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, below in fields.items():
        if name in owned and below and set(below) != {"."}:
            _without(owned[name], below)
        else:
            owned.pop(name, None)


def with_replicas(replicas: int | None) -> Manifest:
    item = deepcopy(SHOP.object)
    item["spec"]["replicas"] = replicas
    if replicas is None:
        del item["spec"]["replicas"]
    return Manifest(SHOP.key, item)


def test_what_the_server_fills_in_or_spells_otherwise_is_no_drift() -> None:
    assert Live().told() == []


def test_what_the_server_leaves_out_because_it_is_empty_is_no_drift() -> None:
    item = deepcopy(SHOP.object)
    item["metadata"]["annotations"] = {}
    item["spec"]["template"]["spec"] |= {"hostNetwork": False, "volumes": [], "securityContext": {"x": None}}
    live = Live()
    live.manifest = Manifest(SHOP.key, item)
    assert live.told() == []


def test_a_field_that_was_changed_says_who_when_and_what_it_takes_to_set_it_back() -> None:
    (drift,) = Live().scaled(5).drift()
    assert drift.line == (
        "shop: replicas 3 → 5, by kubectl at 2026-11-29 07:30 UTC: taken over, set back to 3"
    )
    assert (drift.at, drift.changes) == (datetime(2026, 11, 29, 7, 30, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("replicas", "fate"),
    [
        (4, "taken over, set to 4"),
        (5, "as this plan has it"),
        (None, "stays"),
    ],
)
def test_what_becomes_of_it_depends_on_what_is_planned(replicas: int | None, fate: str) -> None:
    (drift,) = Live().scaled(5).drift(with_replicas(replicas))
    assert drift.fate == fate


@pytest.mark.parametrize(("replicas", "fate"), [(3, "set back to 3"), (4, "set to 4"), (None, "removed")])
def test_a_client_side_apply_overwrites_and_removes_without_being_told_to(
    replicas: int | None, fate: str
) -> None:
    (drift,) = Live(applies=False).scaled(5).drift(with_replicas(replicas))
    assert drift.fate == fate
    assert drift.changes


def test_of_kinds_that_helm_does_not_know_a_client_side_apply_compares_manifests_alone() -> None:
    widget, other = objects(
        """
        apiVersion: example.org/v1
        kind: Widget
        metadata: {name: shop}
        spec: {size: 3}
        ---
        apiVersion: example.org/v1
        kind: Widget
        metadata: {name: other}
        spec: {size: 4}
        """
    )
    live = Live(widget, applies=False)
    live.object["spec"]["size"] = 5
    live.written("kubectl-edit", {"f:spec": {"f:size": {}}})
    assert [each.fate for each in live.drift(widget)] == ["stays as it is"]
    assert [each.fate for each in live.drift(Manifest(widget.key, other.object))] == ["set to 4"]


def test_an_autoscalers_replicas_are_named_as_its_own() -> None:
    (drift,) = Live().scaled(5, manager="kube-controller-manager").drift(with_replicas(None))
    assert (drift.autoscaled, drift.changes, drift.contested) == (True, False, False)
    assert drift.line == "shop: replicas 3 → 5, by the autoscaler at 2026-11-29 07:30 UTC: stays"


def test_a_variable_that_a_hand_added_is_named_without_its_value() -> None:
    live = Live()
    live.container["env"].append({"name": "DEBUG", "value": "1"})
    live.written(
        "kubectl-edit",
        in_container({"f:env": {'k:{"name":"DEBUG"}': {".": {}, "f:name": {}, "f:value": {}}}}),
    )
    assert live.told() == ["shop: variable DEBUG added, by kubectl-edit at 2026-11-29 07:30 UTC: stays"]


def test_what_a_controller_added_is_no_drift() -> None:
    live = Live()
    live.object["metadata"]["annotations"] = {
        "deployment.kubernetes.io/revision": "3",
        "mesh/injected": "yes",
    }
    live.container["env"].append({"name": "INJECTED", "value": "1"})
    live.written("mesh-controller", {"f:metadata": {"f:annotations": {"f:mesh/injected": {}}}})
    live.written("mesh-controller", in_container({"f:env": {'k:{"name":"INJECTED"}': {".": {}}}}))
    assert live.told() == []


def test_restarts_and_what_helm_keeps_its_books_by_are_no_drift() -> None:
    live = Live()
    restarted = "kubectl.kubernetes.io/restartedAt"
    live.object["spec"]["template"]["metadata"]["annotations"] = {restarted: LATER}
    live.object["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    live.object["metadata"]["annotations"] = {"meta.helm.sh/release-name": "shop"}
    for manager in ("kubectl-rollout", "pilothouse"):
        annotations: dict[str, Any] = {
            "f:template": {"f:metadata": {"f:annotations": {f"f:{restarted}": {}}}}
        }
        live.written(manager, {"f:spec": annotations})
    assert live.told() == []


def test_what_somebody_removed_is_put_back_by_whoever_cannot_be_known() -> None:
    live = Live()
    del live.container["env"]
    live.container["resources"] = {"limits": {"cpu": "1"}}
    for owned in live.object["metadata"]["managedFields"]:
        _without(
            owned["fieldsV1"], in_container({"f:env": {}, "f:resources": {"f:limits": {"f:memory": {}}}})
        )
    assert live.told() == ["shop: env removed: put back", "shop: limits.memory 1Gi → none: put back"]


def test_an_argument_that_was_changed_is_told_of_its_list() -> None:
    live = Live()
    live.container["args"] = ["serve", "--port", "9090"]
    live.written("kubectl-patch", in_container({"f:args": {}}))
    assert live.told() == [
        "shop: args changed, by kubectl-patch at 2026-11-29 07:30 UTC: taken over, set back"
    ]


def test_an_image_that_was_set_is_told_by_its_tag() -> None:
    live = Live()
    live.container["image"] = "registry.example.org/shop:v9@sha256:0000"
    live.written("kubectl-set", in_container({"f:image": {}}))
    assert live.told() == [
        "shop: image shop:v1.1 → shop:v9, by kubectl-set at 2026-11-29 07:30 UTC: "
        "taken over, set back to shop:v1.1"
    ]


def test_what_helm_itself_wrote_is_as_it_wrote_it_however_it_is_spelled_now() -> None:
    live = Live()
    live.container["image"] = "mirror.example.org/shop:v1.1"  # a webhook rewrote it as Helm applied
    assert live.told() == []


def test_without_a_word_on_who_owns_what_values_are_compared() -> None:
    live = Live().scaled(5)
    del live.object["metadata"]["managedFields"]
    live.container["env"].append({"name": "DEBUG", "value": "1"})
    assert live.told() == ["shop: replicas 3 → 5: set back to 3"]


def test_the_order_of_variables_and_ports_is_no_drift() -> None:
    item = deepcopy(SHOP.object)
    container = item["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "B", "value": "1"}, {"name": "A", "value": "2"}]
    live = Live()
    live.manifest = Manifest(SHOP.key, item)
    live.container["env"] = [{"name": "A", "value": "2"}, {"name": "B", "value": "1"}]
    assert live.told() == []


def test_objects_that_are_gone_are_made_again_where_the_plan_has_them() -> None:
    mask = mask_for(Masker())
    assert [each.line for each in drifted([SHOP], {SHOP.key: None}, mask, planned=[SHOP])] == [
        "Deployment shop is gone: made again"
    ]
    assert [each.line for each in drifted([SHOP], {SHOP.key: None}, mask, planned=[])] == [
        "Deployment shop is gone: stays away"
    ]
    assert [each.line for each in drifted([SHOP], {SHOP.key: None}, mask)] == ["Deployment shop is gone"]


def test_what_may_not_be_read_is_not_told_of() -> None:
    assert drifted([SHOP], {}, mask_for(Masker()), planned=[SHOP]) == ()


def test_a_job_that_goes_by_itself_once_it_is_done_is_no_drift() -> None:
    (job,) = objects(
        """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: once}
        spec: {ttlSecondsAfterFinished: 60, template: {spec: {containers: [{name: x, image: y}]}}}
        """
    )
    assert drifted([job], {job.key: None}, mask_for(Masker()), planned=[job]) == ()


SECRET = objects(
    """
    apiVersion: v1
    kind: Secret
    metadata: {name: shop-db}
    stringData: {password: hunter22-hunter22}
    """
)[0]


def test_of_a_secret_nothing_is_told_but_that_it_changed() -> None:
    live = Live(SECRET)
    del live.object["stringData"]
    live.object["data"] = {"password": "aHVudGVyMjItaHVudGVyMjI="}
    assert live.told(SECRET) == []
    live.object["data"] = {"password": "YW5vdGhlci1wYXNzd29yZA==", "extra": "eA=="}
    live.written("kubectl-edit", {"f:data": {"f:password": {}, "f:extra": {}}})
    assert live.told(SECRET) == [
        "Secret shop-db: key password changed, by kubectl-edit at 2026-11-29 07:30 UTC: taken over, set back",
        "Secret shop-db: key extra added, by kubectl-edit at 2026-11-29 07:30 UTC: stays",
    ]


def test_known_secrets_are_hidden_wherever_they_stand() -> None:
    live = Live()
    live.object["metadata"]["labels"] = {"team": "hunter22-hunter22"}
    live.written("kubectl-label", {"f:metadata": {"f:labels": {"f:team": {}}}})
    assert live.told(masker=Masker(["hunter22-hunter22"])) == [
        f"shop: label team none → {HIDDEN}, by kubectl-label at 2026-11-29 07:30 UTC: stays"
    ]


def test_no_value_is_told_where_the_environment_discloses_summaries_alone() -> None:
    assert Live().scaled(5).told(discloses=False) == [
        "shop: replicas changed, by kubectl at 2026-11-29 07:30 UTC: taken over, set back"
    ]


def test_who_made_an_object_before_helm_took_it_over_added_nothing_since() -> None:
    live = Live()
    live.object["spec"]["paused"] = True
    live.object["metadata"]["creationTimestamp"] = EARLIER
    live.written("kubectl-create", {"f:spec": {"f:paused": {}, "f:strategy": {"f:type": {}}}}, at=EARLIER)
    assert live.told() == []


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
    _without(live.object["metadata"]["managedFields"][0]["fieldsV1"], in_container({"f:args": {}}))
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


HELM_MARK: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:meta.helm.sh/release-name": {}}}}


def owners(*entries: dict[str, Any], created: str = MADE) -> Owners:
    return Owners.of({"metadata": {"creationTimestamp": created, "managedFields": list(entries)}})


def test_writers_are_known_by_name_time_and_way_the_newest_first() -> None:
    found = owners(
        entry("kubectl", {}, at=EARLIER),
        entry("helm", {}, operation="Apply", at=LATER),
        {"manager": "timeless", "fieldsV1": None},
        entry("kubelet", {}, through="status"),
        {"operation": "Update"},
        entry("kubectl", {}, at=EARLIER),
    )
    early, late = datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 11, 29, 7, 30, tzinfo=UTC)
    assert found.writers == (
        Writer("helm", late, True, "", True),
        Writer("kubectl", early, False, "", False),
        Writer("timeless", None, False, "", False),
    )
    assert [each.name for each in found.others] == ["kubectl", "timeless"]
    assert [each.name for each in found.hands] == ["kubectl"]


@pytest.mark.parametrize(
    ("name", "fields", "is_release"),
    [
        ("helm", {}, True),
        ("Go-http-client", HELM_MARK, True),
        ("kubectl-annotate", HELM_MARK, False),
        ("Go-http-client", {"f:metadata": {"f:annotations": {"f:other": {}}}}, False),
        ("Go-http-client", {"f:metadata": None}, False),
    ],
)
def test_who_marks_objects_as_helm_does_is_helm_but_for_a_hand(
    name: str, fields: dict[str, Any], is_release: bool
) -> None:
    (writer,) = owners(entry(name, fields)).writers
    assert writer.is_release is is_release


def test_who_made_an_object_has_not_written_to_it_since() -> None:
    made = entry("kubectl-create", {}, at=MADE)
    assert [each.made_it for each in owners(made).writers] == [True]
    assert owners(made).hands == ()
    assert [each.name for each in owners(made, entry("helm", {}, at=LATER)).hands] == []
    assert [each.made_it for each in owners(made, created=EARLIER).writers] == [False]
    assert [each.made_it for each in owners({**made, "operation": "Apply"}).writers] == [False]
    helms = owners(made, entry("helm", {}, at=MADE))
    assert [each.made_it for each in helms.writers] == [False, False]
    assert [each.name for each in helms.hands] == ["kubectl-create"]


def test_places_are_walked_to_as_the_server_writes_them() -> None:
    ports: dict[str, Any] = {
        'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}},
        'k:{"port":80,"protocol":"UDP"}': {},
    }
    root = owners(
        entry("kubectl", {"f:spec": {".": {}, "f:ports": ports, "f:names": {'v:"a"': {}, 'v:"b"': {}}}}),
        entry("helm", {"f:spec": {"f:type": {}}}),
    )
    spec = root.field("spec")
    assert (spec.is_parted, spec.is_set, spec.keys, spec.itself) == (True, False, (), True)
    found = spec.field("ports")
    assert (found.is_parted, found.is_set, found.keys) == (True, False, ("port", "protocol"))
    assert found.itself is False
    assert found.item({"port": 80}).field("name").writers == found.writers
    assert found.item({"port": 80, "protocol": "UDP"}).is_parted is False
    assert found.item({"port": 81}).writers == ()
    names = spec.field("names")
    assert (names.is_set, names.keys, names.is_parted) == (True, (), True)
    assert [len(names.member(value).writers) for value in ("a", "b", "c")] == [1, 1, 0]
    assert spec.field("type").itself is False
    assert [each.name for each in spec.field("type").writers] == ["helm"]


def test_whoever_has_a_place_that_is_owned_whole_has_all_of_it() -> None:
    whole = owners(entry("kubectl", {"f:data": {}})).field("data")
    assert whole.itself
    assert [each.name for each in whole.field("a").item({"name": "b"}).member("c").writers] == ["kubectl"]
    parted = owners(entry("kubectl", {"f:data": {}}), entry("helm", {"f:data": {"f:a": {}}})).field("data")
    assert [each.name for each in parted.field("a").writers] == ["helm"]


def test_an_object_that_says_nothing_of_its_writers_has_none() -> None:
    for item in ({}, {"metadata": None}, {"metadata": {"managedFields": None}}):
        assert Owners.of(item).writers == ()
