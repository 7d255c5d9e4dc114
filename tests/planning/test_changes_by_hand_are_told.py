"""What of a release was changed in the cluster: whose hand, what it was, what the next apply makes of it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.masking import HIDDEN, Masker
from bot.planning.drift import Drift, drifted
from bot.planning.hiding import mask_for
from bot.planning.manifests import Manifest
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
            without(each["fieldsV1"], fields)
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


def without(owned: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, below in fields.items():
        if name in owned and below and set(below) != {"."}:
            without(owned[name], below)
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
        without(owned["fieldsV1"], in_container({"f:env": {}, "f:resources": {"f:limits": {"f:memory": {}}}}))
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
