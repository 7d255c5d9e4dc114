"""From what a chart makes to rights, and from rights to the fewest rules that grant exactly those. All pure."""

from __future__ import annotations

from typing import Any

import pytest

from bot.access import Identity
from bot.rbac import needs
from bot.rbac.needs import Made, Need, plural_of
from bot.rbac.roles import Subject, documents, rules


def made(kind: str, api_version: str = "v1", namespace: str = "shop", **more: Any) -> Made:
    return Made(api_version, kind, plural_of(kind), namespace, "it", **more)


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
        ("CronJob", "cronjobs"),
    ],
)
def test_kinds_are_called_as_kubernetes_calls_them(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_looking_never_changes_and_is_a_part_of_changing() -> None:
    objects = [made("Deployment", "apps/v1"), made("Service"), made("CronJob", "batch/v1")]
    looking, changing = needs.looking("shop", objects), needs.changing("shop", objects)
    assert {each.verb for each in looking} == {"get", "list"}
    assert looking < changing
    assert all(each.namespace == "shop" for each in changing)


def test_what_lives_outside_namespaces_is_granted_by_name_alone() -> None:
    found = needs.changing("shop", [made("PriorityClass", "scheduling.k8s.io/v1", "")])
    outside = {each for each in found if not each.namespace}
    assert {each.name for each in outside} == {"it"}
    assert {each.verb for each in outside} == set(needs.APPLY)


def test_a_statefulset_s_disks_are_watched_and_not_written() -> None:
    found = needs.changing("shop", [made("StatefulSet", "apps/v1")])
    assert {each.verb for each in found if each.resource == "persistentvolumeclaims"} == {"list", "watch"}


def test_whoever_makes_a_role_holds_what_it_grants_and_may_bind_no_other() -> None:
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["mine"]}
    role = made("Role", f"{needs.RBAC}/v1", rules=(rule,))
    binding = made("RoleBinding", f"{needs.RBAC}/v1", role=("clusterroles", "view"))
    found = needs.changing("shop", [role, binding])
    assert Need("shop", "", "configmaps", "get", "mine") in found
    assert {each for each in found if each.verb == "bind"} == {
        Need("shop", needs.RBAC, "clusterroles", "bind", "view")
    }
    assert "escalate" not in {each.verb for each in found}


def test_nobody_is_impersonated_but_who_is_mapped() -> None:
    people = [Identity("dana@example.org", ("shop-devs",)), Identity("vic@example.org", ("shop-devs",))]
    assert rules(needs.impersonating(people)) == [
        {
            "apiGroups": [""],
            "resources": ["groups"],
            "resourceNames": ["shop-devs"],
            "verbs": ["impersonate"],
        },
        {
            "apiGroups": [""],
            "resources": ["users"],
            "resourceNames": ["dana@example.org", "vic@example.org"],
            "verbs": ["impersonate"],
        },
    ]


def test_what_is_granted_for_all_is_not_granted_by_name_again() -> None:
    wanted = {
        Need("n", "", "secrets", "get"),
        Need("n", "", "secrets", "get", "a"),
        Need("n", "", "secrets", "patch", "a"),
    }
    assert rules(wanted) == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"], "verbs": ["patch"]},
    ]


def test_namespaces_come_first_and_each_role_has_its_binding() -> None:
    wanted = needs.everywhere() | needs.changing("shop", [made("Service")], create_namespace=True)
    found = documents(
        wanted, Subject.of_user("system:serviceaccount:tools:bot"), name="bot", namespaces=["shop"]
    )
    assert [each["kind"] for each in found] == [
        "Namespace", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding",
    ]  # fmt: skip
    assert found[4]["subjects"] == [{"kind": "ServiceAccount", "name": "bot", "namespace": "tools"}]
    names = [rule["resourceNames"] for rule in found[1]["rules"]]
    assert names == [["kube-system"], ["shop"]]
