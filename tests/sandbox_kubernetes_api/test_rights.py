"""Impersonated identities have what the cluster's roles grant, and are refused in Kubernetes' words."""

from typing import Any

from bot.sandbox.kubernetes.authorization import Identity
from bot.sandbox.kubernetes.cluster import KubernetesServer
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


async def test_groups_and_built_in_roles_grant_too(http: Http) -> None:
    await bind(http, {"kind": "ClusterRole", "name": "view"}, {"kind": "Group", "name": "viewers"})
    seen = {"Impersonate_User": "vic", "Impersonate_Group": "viewers"}
    assert await may(http, "list", "pods", "default", **seen)
    assert not await may(http, "list", "secrets", "default", **seen)
    assert not await may(http, "list", "pods", "kube-system", **seen)
    assert (await http.ask("GET", PODS, **seen))[0] == 200


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


async def test_a_token_that_was_asked_for_makes_its_bearer_that_account(http: Http) -> None:
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await http.create(accounts, {"metadata": {"name": "robot"}})
    await bind(
        http,
        {"kind": "ClusterRole", "name": "view"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "default"},
    )
    asked = await http.create(f"{accounts}/robot/token", {"spec": {}})
    mine = {"Authorization": f"Bearer {asked['status']['token']}"}
    assert (await http.ask("GET", PODS, **mine))[0] == 200
    status, answer = await http.ask("GET", "/api/v1/namespaces/default/secrets", **mine)
    assert (status, answer["message"].partition(" cannot")[0]) == (
        403,
        'secrets is forbidden: User "system:serviceaccount:default:robot"',
    )
