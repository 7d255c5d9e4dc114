"""Who may do what: RBAC's refusals, impersonation of users and groups, reviews, and that nobody grants more."""

from typing import Any

import pytest

from bot.access import Identity
from bot.cluster.errors import ClusterRefused, IdentityMissing
from tests.contract import objects
from tests.contract.asking import Answer, Both, Object, Side

RBAC = "rbac.authorization.k8s.io"
ROLES, BINDINGS = f"{RBAC}/v1/roles", f"{RBAC}/v1/rolebindings"


def as_(user: str, *groups: str) -> list[tuple[str, str]]:
    return [("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups)]


async def allow(side: Side, name: str, rule: Object, subject: Object) -> None:
    """Let somebody do something in the test's namespace; from the return on it holds."""
    await side.create(ROLES, {"metadata": {"name": name}, "rules": [rule]})
    answer = await side.create(BINDINGS, {**objects.binding(name, name), "subjects": [subject]})
    assert answer.code == 201, answer
    user = {"User": subject["name"], "ServiceAccount": account(side, subject["name"])}.get(
        subject["kind"], "anyone"
    )
    groups = [subject["name"]] if subject["kind"] == "Group" else []
    attributes = {
        "namespace": side.namespace,
        "verb": rule["verbs"][0].replace("*", "get"),
        "group": rule["apiGroups"][0].replace("*", ""),
        "resource": rule["resources"][0].partition("/")[0].replace("*", "pods"),
        "subresource": rule["resources"][0].partition("/")[2],
        "name": next(iter(rule.get("resourceNames", ())), ""),
    }
    review = {"spec": {"user": user, "groups": groups, "resourceAttributes": attributes}}
    allowed = False
    while not allowed:  # the real one's authorizer learns of a binding a moment after it is made
        answer = await side.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        allowed = answer.body["status"]["allowed"]


def account(side: Side, name: str) -> str:
    return f"system:serviceaccount:{side.namespace}:{name}"


def user(name: str) -> Object:
    return {"kind": "User", "name": name, "apiGroup": RBAC}


def group(name: str) -> Object:
    return {"kind": "Group", "name": name, "apiGroup": RBAC}


READ_PODS: Object = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}

REFUSED: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", "v1/pods", None),
    "list in all namespaces": ("GET", "/api/v1/pods", None),
    "read": ("GET", "v1/secrets/web", None),
    "create": ("POST", "v1/configmaps", objects.config_map()),
    "create in a group": ("POST", "apps/v1/deployments", objects.workload()),
    "replace": ("PUT", "v1/configmaps/web", objects.config_map()),
    "remove": ("DELETE", "v1/configmaps/web", None),
    "remove all": ("DELETE", "v1/configmaps", None),
    "read a log": ("GET", "v1/pods/web/log", None),
    "evict": ("POST", "v1/pods/web/eviction", {}),
    "scale": ("PUT", "apps/v1/deployments/web/scale", {}),
    "read a node": ("GET", "/api/v1/nodes/worker", None),
    "make a namespace": ("POST", "/api/v1/namespaces", {"metadata": {"name": "web"}}),
    "read a namespace": ("GET", "/api/v1/namespaces/kube-system", None),
    "what there is not": ("GET", "v1/things", None),
    "what there is not in a group": ("GET", "example.org/v1/things/web", None),
    "metrics": ("GET", "/metrics", None),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_stranger_is_refused_in_the_same_words(both: Both, what: str) -> None:
    method, place, body = REFUSED[what]
    answer = await both.agree(
        lambda side: side.ask(method, place, body, headers=as_("vera", "team-a", "team-b"))
    )
    assert answer[0] == 403


async def test_a_watch_is_refused_to_a_stranger_before_it_begins(both: Both) -> None:
    query = {"watch": "true"}
    answer = await both.agree(lambda side: side.ask("GET", "v1/pods", headers=as_("vera"), query=query))
    assert answer[0] == 403


async def test_a_role_lets_its_user_do_what_it_says(both: Both) -> None:
    async def asked(side: Side) -> list[Answer]:
        await allow(side, "reader", READ_PODS, user("vera"))
        return [
            await side.ask("GET", "v1/pods", headers=as_("vera")),
            await side.ask("GET", "v1/pods/web", headers=as_("vera")),
            await side.ask("GET", "v1/pods", headers=as_("otto")),
            await side.ask("DELETE", "v1/pods/web", headers=as_("vera")),
            await side.ask("GET", "v1/configmaps", headers=as_("vera")),
            await side.ask("GET", "/api/v1/namespaces/kube-system/pods", headers=as_("vera")),
        ]

    answers = await both.agree(asked)
    assert [answer[0] for answer in answers] == [200, 404, 403, 403, 403, 403]


async def test_each_of_several_groups_counts(both: Both) -> None:
    async def asked(side: Side) -> list[int]:
        maps = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}
        await allow(side, "readers", READ_PODS, group("readers"))
        await allow(side, "writers", maps, group("writers"))
        codes = []
        for groups in (("readers", "writers"), ("readers",), ("writers",), ()):
            read = await side.ask("GET", "v1/pods", headers=as_("vera", *groups))
            made = await side.ask(
                "POST",
                "v1/configmaps",
                objects.config_map(),
                headers=as_("vera", *groups),
                query={"dryRun": "All"},
            )
            codes += [read.code, made.code]
        return codes

    assert await both.agree(asked) == [200, 201, 200, 403, 403, 201, 403, 403]


async def test_groups_without_a_user_are_no_identity(both: Both) -> None:
    headers = [("Impersonate-Group", "team-a")]
    answer = await both.agree(lambda side: side.ask("GET", "v1/pods", headers=headers))
    assert answer[0] >= 400


async def test_who_may_not_act_as_others_is_refused(both: Both) -> None:
    """Asked by a stranger: what an administrator impersonates may itself impersonate no one."""

    async def asked(side: Side) -> Any:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": "impersonate", "resource": "users", "name": "otto"}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return (await side.ask("POST", path, review, headers=as_("vera"))).body["status"]

    assert await both.agree(asked) == {"allowed": False}


async def test_a_service_account_is_known_by_its_name_and_groups(both: Both) -> None:
    async def asked(side: Side) -> list[Any]:
        await allow(side, "accounts", READ_PODS, group(f"system:serviceaccounts:{side.namespace}"))
        bot = account(side, "bot")
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        who = await side.ask("POST", path, review, headers=as_(bot))
        read = await side.ask("GET", "v1/pods", headers=as_(bot))
        made = await side.ask("POST", "v1/configmaps", objects.config_map(), headers=as_(bot))
        return [
            who.body["status"]["userInfo"]["username"],
            who.body["status"]["userInfo"]["groups"],
            read.code,
            made,
        ]

    await both.agree(asked)


async def test_a_service_account_in_a_binding_is_its_user(both: Both) -> None:
    async def asked(side: Side) -> int:
        subject = {"kind": "ServiceAccount", "name": "bot", "namespace": side.namespace}
        await allow(side, "account", READ_PODS, subject)
        bot = account(side, "bot")
        return (await side.ask("GET", "v1/pods", headers=as_(bot))).code

    assert await both.agree(asked) == 200


RULES: dict[str, Object] = {
    "one by name": {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "verbs": ["get"],
        "resourceNames": ["web"],
    },
    "everything": {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    "one subresource": {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]},
    "any subresource of a name": {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["patch"]},
}
QUESTIONS = (
    ("get", "", "configmaps", "web", ""),
    ("get", "", "configmaps", "other", ""),
    ("list", "", "configmaps", "", ""),
    ("patch", "apps", "deployments", "web", ""),
    ("patch", "apps", "deployments", "web", "scale"),
    ("delete", "batch", "jobs", "web", ""),
)


@pytest.mark.parametrize("which", RULES)
async def test_a_review_answers_as_the_rule_says(both: Both, which: str) -> None:
    async def asked(side: Side) -> list[Any]:
        await allow(side, "rule", RULES[which], user("vera"))
        cluster = side.cluster.as_(Identity("vera", ("team-a", "team-b")))
        answers = [
            await cluster.may(verb, group, plural, side.namespace, name=name, subresource=sub)
            for verb, group, plural, name, sub in QUESTIONS
        ]
        return [[answer.allowed, answer.reason] for answer in answers]

    await both.agree(asked)


async def test_an_administrator_may_do_everything(both: Both) -> None:
    async def asked(side: Side) -> list[Any]:
        answer = await side.cluster.may("delete", "", "namespaces", None, name="kube-system")
        return [answer.allowed, answer.reason]

    assert await both.agree(asked) == [True, ""]


async def test_nobody_grants_what_they_do_not_hold(both: Both) -> None:
    async def asked(side: Side) -> list[Any]:
        manage = {
            "apiGroups": [RBAC],
            "resources": ["roles", "rolebindings"],
            "verbs": ["create", "update", "patch"],
        }
        await allow(side, "manager", manage, user("vera"))
        await allow(side, "reader", READ_PODS, user("vera"))
        secrets = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
        one = {**secrets, "resourceNames": ["web"]}
        await side.create(ROLES, objects.role("powerful", secrets))
        answers = [
            await side.ask("POST", ROLES, objects.role("same", READ_PODS), headers=as_("vera", "team-a")),
            await side.ask(
                "POST", ROLES, objects.role("more", READ_PODS, secrets), headers=as_("vera", "team-a")
            ),
            await side.ask(
                "POST", BINDINGS, objects.binding("bound", "powerful"), headers=as_("vera", "team-a")
            ),
            await side.ask("POST", ROLES, objects.role("one", one), headers=as_("vera", "team-a")),
            await side.ask(
                "POST", BINDINGS, objects.binding("none", "nothing"), headers=as_("vera", "team-a")
            ),
        ]
        return [(answer.code, answer.body.get("message"), answer.body.get("details")) for answer in answers]

    answers = await both.agree(asked)
    assert [answer[0] for answer in answers] == [201, 403, 403, 403, 404]


async def test_applying_what_is_not_there_takes_the_right_to_create_it(both: Both) -> None:
    async def applied(side: Side) -> list[Answer]:
        patch = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]}
        await allow(side, "patcher", patch, user("vera"))
        body = {"apiVersion": "v1", "kind": "ConfigMap", **objects.config_map()}
        query = {"fieldManager": "helm"}
        kind = "application/apply-patch+yaml"
        return [
            await side.ask(
                "PATCH", "v1/configmaps/web", body, content_type=kind, headers=as_("vera"), query=query
            ),
        ]

    ((code, _, _),) = await both.agree(applied)
    assert code == 403


async def test_the_bot_s_words_for_a_person_without_rights_are_the_server_s(both: Both) -> None:
    async def asked(side: Side) -> str:
        with pytest.raises(ClusterRefused) as refused:
            await side.cluster.as_(Identity("vera", ("team-a", "team-b"))).list("v1", "Pod", side.namespace)
        assert not isinstance(refused.value, IdentityMissing)
        return refused.value.words

    await both.agree(asked)


async def test_the_rules_of_whoever_asks_are_listed(both: Both) -> None:
    async def asked(side: Side) -> list[Object]:
        await allow(side, "reader", READ_PODS, user("vera"))
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": side.namespace},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        answer = await side.ask("POST", path, body, headers=as_("vera"))
        rules = [rule for rule in answer.body["status"]["resourceRules"] if "pods" in rule["resources"]]
        return [*rules, {"incomplete": answer.body["status"]["incomplete"]}]

    await both.agree(asked)
