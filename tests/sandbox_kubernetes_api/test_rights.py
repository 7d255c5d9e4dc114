"""Impersonated identities have what the cluster's roles grant, and are refused in Kubernetes' words."""

from typing import Any

from bot.sandbox.kubernetes.authorization import Identity
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.sandbox_kubernetes_api.builders import CONFIG_MAPS, config_map
from tests.sandbox_kubernetes_api.conftest import Http

RBAC = "/apis/rbac.authorization.k8s.io/v1"
PODS = "/api/v1/namespaces/default/pods"


async def bind(http: Http, role: dict[str, Any], subject: dict[str, Any]) -> None:
    body = {"metadata": {"generateName": "b-"}, "roleRef": role, "subjects": [subject]}
    await http.create(f"{RBAC}/namespaces/default/rolebindings", body)


async def may(http: Http, verb: str, resource: str, namespace: str, **headers: str) -> bool:
    attributes = {"verb": verb, "resource": resource, "namespace": namespace}
    review = {"kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    status, answer = await http.ask("POST", path, review, **headers)
    assert status == 201
    allowed: bool = answer["status"]["allowed"]
    return allowed


async def test_whoever_asks_in_their_own_name_may_do_all(http: Http) -> None:
    assert await may(http, "delete", "nodes", "", Authorization="Bearer anything")


async def test_a_stranger_is_refused_by_name(http: Http) -> None:
    status, answer = await http.ask("GET", PODS, Impersonate_User="eve")
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert answer["message"] == (
        'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "default"'
    )
    status, answer = await http.ask("DELETE", "/api/v1/nodes/n1", Impersonate_User="eve")
    assert answer["message"] == (
        'nodes "n1" is forbidden: User "eve" cannot delete resource "nodes" in API group "" at the cluster scope'
    )


async def test_a_role_grants_what_it_says_and_only_in_its_namespace(http: Http) -> None:
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["settings"], "verbs": ["get"]}
    ]
    await http.create(f"{RBAC}/namespaces/default/roles", {"metadata": {"name": "reader"}, "rules": rules})
    await bind(http, {"kind": "Role", "name": "reader"}, {"kind": "User", "name": "vic"})
    for name in ("settings", "other"):
        await http.create(CONFIG_MAPS, config_map(name))
    assert (await http.ask("GET", f"{CONFIG_MAPS}/settings", Impersonate_User="vic"))[0] == 200
    assert (await http.ask("GET", f"{CONFIG_MAPS}/other", Impersonate_User="vic"))[0] == 403
    other = "/api/v1/namespaces/kube-system/configmaps/settings"
    assert (await http.ask("GET", other, Impersonate_User="vic"))[0] == 403


async def test_groups_and_built_in_roles_grant_too(http: Http) -> None:
    await bind(http, {"kind": "ClusterRole", "name": "view"}, {"kind": "Group", "name": "viewers"})
    seen = {"Impersonate_User": "vic", "Impersonate_Group": "viewers"}
    assert await may(http, "list", "pods", "default", **seen)
    assert not await may(http, "list", "secrets", "default", **seen)
    assert not await may(http, "list", "pods", "kube-system", **seen)
    assert (await http.ask("GET", PODS, **seen))[0] == 200


async def test_rules_are_listed_for_who_asks(http: Http) -> None:
    await bind(http, {"kind": "ClusterRole", "name": "view"}, {"kind": "User", "name": "vic"})
    review = {"kind": "SelfSubjectRulesReview", "spec": {"namespace": "default"}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    _, answer = await http.ask("POST", path, review, Impersonate_User="vic")
    assert any("pods" in rule["resources"] for rule in answer["status"]["resourceRules"])
    assert answer["status"]["incomplete"] is False


ROBOT = "system:serviceaccount:tools:robot"


async def test_an_account_is_told_by_its_token_and_everybody_else_is_the_administrator(
    http: Http, cluster: KubernetesServer
) -> None:
    cluster.gate.accounts["robots-token"] = Identity(ROBOT)
    status, answer = await http.ask("GET", PODS, Authorization="Bearer robots-token")
    assert status == 403
    assert answer["message"].startswith(f'pods is forbidden: User "{ROBOT}" cannot list resource "pods"')
    assert (await http.ask("GET", PODS, Authorization="Bearer of-another"))[0] == 200


async def test_acting_as_somebody_takes_the_right_to_it_by_name(
    http: Http, cluster: KubernetesServer
) -> None:
    cluster.gate.accounts["robots-token"] = Identity(ROBOT)
    rule = {"apiGroups": [""], "resources": ["users"], "resourceNames": ["dana"], "verbs": ["impersonate"]}
    await http.create(f"{RBAC}/clusterroles", {"metadata": {"name": "as-dana"}, "rules": [rule]})
    robot = {"kind": "ServiceAccount", "namespace": "tools", "name": "robot"}
    role = {"kind": "ClusterRole", "name": "as-dana"}
    body = {"metadata": {"name": "as-dana"}, "roleRef": role, "subjects": [robot]}
    await http.create(f"{RBAC}/clusterrolebindings", body)
    await bind(http, {"kind": "ClusterRole", "name": "view"}, {"kind": "User", "name": "dana"})
    mine = {"Authorization": "Bearer robots-token"}
    assert (await http.ask("GET", PODS, Impersonate_User="dana", **mine))[0] == 200
    _, answer = await http.ask("GET", PODS, Impersonate_User="kim", **mine)
    assert answer["message"] == (
        f'users "kim" is forbidden: User "{ROBOT}" cannot impersonate resource "users" in API group "" '
        "at the cluster scope"
    )
    as_group = {"Impersonate_User": "dana", "Impersonate_Group": "system:masters"}
    _, answer = await http.ask("GET", PODS, **as_group, **mine)
    assert 'cannot impersonate resource "groups"' in answer["message"]


async def test_applying_what_is_not_there_takes_the_right_to_create_it(
    http: Http, cluster: KubernetesServer
) -> None:
    cluster.gate.accounts["robots-token"] = Identity(ROBOT)
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"]}
    await http.create(f"{RBAC}/namespaces/default/roles", {"metadata": {"name": "patch"}, "rules": [rule]})
    await bind(http, {"kind": "Role", "name": "patch"}, {"kind": "User", "name": ROBOT})
    await http.create(CONFIG_MAPS, config_map("there"))
    for name, code in (("there", 200), ("not-there", 403)):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}}
        status, answer = await http.ask(
            "PATCH", f"{CONFIG_MAPS}/{name}?fieldManager=it&force=true", body,
            kind="application/apply-patch+yaml", Authorization="Bearer robots-token",
        )  # fmt: skip
        assert status == code, answer
    assert 'cannot create resource "configmaps"' in answer["message"]


async def test_nobody_grants_what_they_do_not_hold(http: Http, cluster: KubernetesServer) -> None:
    cluster.gate.accounts["robots-token"] = Identity(ROBOT)
    mine = {"Authorization": "Bearer robots-token"}
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]},
        {
            "apiGroups": ["rbac.authorization.k8s.io"],
            "resources": ["roles", "rolebindings"],
            "verbs": ["create"],
        },
        {
            "apiGroups": ["rbac.authorization.k8s.io"],
            "resources": ["clusterroles"],
            "resourceNames": ["view"],
            "verbs": ["bind"],
        },
    ]
    await http.create(f"{RBAC}/namespaces/default/roles", {"metadata": {"name": "robot"}, "rules": rules})
    await bind(http, {"kind": "Role", "name": "robot"}, {"kind": "User", "name": ROBOT})

    async def grant(name: str, rule: dict[str, Any]) -> tuple[int, Any]:
        body = {"metadata": {"name": name}, "rules": [rule]}
        return await http.ask("POST", f"{RBAC}/namespaces/default/roles", body, **mine)

    held = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"], "verbs": ["get"]}
    assert (await grant("held", held))[0] == 201
    status, answer = await grant("beyond", {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]})
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert answer["message"] == (
        f'roles.rbac.authorization.k8s.io "beyond" is forbidden: user "{ROBOT}" (groups=["system:serviceaccounts", '
        '"system:serviceaccounts:tools", "system:authenticated"]) is attempting to grant RBAC permissions not '
        'currently held:\n{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}'
    )
    for role, code in (("view", 201), ("edit", 403)):
        reference = {"kind": "ClusterRole", "name": role, "apiGroup": "rbac.authorization.k8s.io"}
        body = {
            "metadata": {"name": role},
            "roleRef": reference,
            "subjects": [{"kind": "User", "name": "vic"}],
        }
        status, _ = await http.ask("POST", f"{RBAC}/namespaces/default/rolebindings", body, **mine)
        assert status == code
