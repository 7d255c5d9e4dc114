"""Pods and their workloads on played nodes: tables, logs, evictions, and what pods are refused or held up by."""

from typing import Any

import pytest

from bot.cluster.errors import ClusterRefused
from tests.contract import objects
from tests.contract.asking import Answer, Both, Object, Side
from tests.contract.test_reads import TABLE, column_of, rows_of
from tests.contract.waiting import gone, until

PODS = "v1/pods"


def ready(count: int) -> Any:
    def enough(pods: list[Object]) -> bool:
        return len([pod for pod in pods if condition(pod, "Ready") == "True"]) == count

    return enough


def condition(obj: Object, kind: str) -> str:
    conditions = (obj.get("status") or {}).get("conditions") or []
    return next((each["status"] for each in conditions if each["type"] == kind), "")


def waiting(reason: str) -> Any:
    def is_so(pods: list[Object]) -> bool:
        return bool(pods) and all(
            any(
                reason == (each.get("state", {}).get("waiting") or {}).get("reason") for each in statuses(pod)
            )
            for pod in pods
        )

    return is_so


def statuses(pod: Object) -> list[Object]:
    found = pod.get("status") or {}
    return [*(found.get("initContainerStatuses") or []), *(found.get("containerStatuses") or [])]


def with_tag(tag: str, **more: Any) -> Object:
    return {"name": "web", "image": f"registry.example/web:{tag}", **more}


async def made(side: Side, body: Object, settled: Any) -> None:
    await until(side, "v1/serviceaccounts", lambda items: len(items) == 1)
    answer = await side.create(PODS, body)
    assert answer.code == 201, answer
    await until(side, PODS, settled)


STATES: dict[str, tuple[Object, Any]] = {
    "ready": (objects.pod(), ready(1)),
    "of two containers": (
        objects.pod(containers=[with_tag("v1"), {**with_tag("v1"), "name": "log"}]),
        ready(1),
    ),
    "with a sidecar": (
        objects.pod(initContainers=[{**with_tag("v1"), "name": "proxy", "restartPolicy": "Always"}]),
        ready(1),
    ),
    "ended": (
        objects.pod(restartPolicy="Never", containers=[with_tag("v1-crash")]),
        lambda pods: bool(pods) and pods[0].get("status", {}).get("phase") == "Failed",
    ),
    "without its image": (objects.pod(containers=[with_tag("v1-missing")]), waiting("ImagePullBackOff")),
    "without its secret": (
        objects.pod(containers=[with_tag("v1", envFrom=[{"secretRef": {"name": "none"}}])]),
        waiting("CreateContainerConfigError"),
    ),
    "whose first container fails": (
        objects.pod(restartPolicy="Never", initContainers=[{**with_tag("v1-crash"), "name": "first"}]),
        lambda pods: bool(pods) and pods[0].get("status", {}).get("phase") == "Failed",
    ),
    "without a node": (
        objects.pod(nodeSelector={"disk": "none"}),
        lambda pods: bool(pods) and condition(pods[0], "PodScheduled") == "False",
    ),
}


@pytest.mark.parametrize("state", STATES)
async def test_a_pod_has_the_same_row_in_the_table(played: Both, state: str) -> None:
    body, settled = STATES[state]

    async def asked(side: Side) -> list[Any]:
        await made(side, body, settled)
        answer = await side.ask("GET", PODS, accept=TABLE)
        rows = rows_of(side, answer)
        narrow = [[cells[:4], cells[7:]] for cells, _ in rows]  # without its address and its node
        return [[column_of(each) for each in answer.body["columnDefinitions"]], narrow]

    await played.agree(asked)


@pytest.mark.parametrize("state", ["without its image", "without its secret"])
async def test_what_has_not_begun_has_no_log_in_the_same_words(played: Both, state: str) -> None:
    body, settled = STATES[state]

    async def asked(side: Side) -> list[Any]:
        await made(side, body, settled)
        with pytest.raises(ClusterRefused) as refused:
            await side.cluster.logs(side.namespace, "web")
        return [
            refused.value.code,
            refused.value.words.replace("trying and failing to pull image", "(pulling)"),
        ]

    await played.agree(asked)


async def test_what_has_no_node_has_an_empty_log(played: Both) -> None:
    body, settled = STATES["without a node"]

    async def asked(side: Side) -> str:
        await made(side, body, settled)
        return await side.cluster.logs(side.namespace, "web")

    assert await played.agree(asked) == ""


LOGS: dict[str, dict[str, str]] = {
    "of a container there is not": {"container": "none"},
    "of an earlier run there was not": {"previous": "true"},
    "of a nonsensical number of lines": {"tailLines": "some"},
    "of fewer lines than none": {"tailLines": "-1"},
    "since and since when": {"sinceSeconds": "5", "sinceTime": "2026-11-29T10:00:00Z"},
}


@pytest.mark.parametrize("what", LOGS)
async def test_a_log_is_refused_in_the_same_words(played: Both, what: str) -> None:
    async def asked(side: Side) -> Answer:
        await made(side, objects.pod(), ready(1))
        return await side.ask("GET", f"{PODS}/web/log", accept="*/*", query=LOGS[what])

    code, _, _ = await played.agree(asked)
    assert code >= 400


async def test_whose_log_must_be_said_of_several_containers(played: Both) -> None:
    async def asked(side: Side) -> Answer:
        two = [with_tag("v1"), {**with_tag("v1"), "name": "log"}]
        await made(
            side, objects.pod(containers=two, initContainers=[{**with_tag("v1"), "name": "first"}]), ready(1)
        )
        return await side.ask("GET", f"{PODS}/web/log", accept="*/*")

    code, _, _ = await played.agree(asked)
    assert code == 400


async def test_a_log_is_read_by_its_end_its_bytes_and_its_times(played: Both) -> None:
    """What a container writes is the player's; how it is cut is the API's and the kubelet's."""

    async def asked(side: Side) -> list[Any]:
        await made(side, objects.pod(), ready(1))
        log = f"{PODS}/web/log"
        whole = str((await side.ask("GET", log, accept="*/*")).body)
        last = str((await side.ask("GET", log, accept="*/*", query={"tailLines": "1"})).body)
        none = (await side.ask("GET", log, accept="*/*", query={"tailLines": "0"})).body
        few = str((await side.ask("GET", log, accept="*/*", query={"limitBytes": "5"})).body)
        timed = str(
            (await side.ask("GET", log, accept="*/*", query={"timestamps": "true", "tailLines": "1"})).body
        )
        moment, _, text = timed.partition(" ")
        return [
            bool(whole),
            whole.endswith(last),
            last.count("\n"),
            none,
            few == whole[:5],
            text == last,
            moment[:2],
        ]

    assert await played.agree(asked) == [True, True, 1, "", True, True, "20"]


async def test_a_crashed_container_s_earlier_log_is_kept(played: Both) -> None:
    async def asked(side: Side) -> list[Any]:
        body = objects.pod(containers=[with_tag("v1-crash")])
        await made(side, body, waiting("CrashLoopBackOff"))
        now = await side.cluster.logs(side.namespace, "web", previous=False)
        before = (
            await side.cluster.logs(side.namespace, "web", previous=True)
            if restarted(await pod(side))
            else now
        )
        return [bool(now), bool(before)]

    await played.agree(asked)


async def pod(side: Side) -> Object:
    found: Object = (await side.get(f"{PODS}/web")).body
    return found


def restarted(found: Object) -> bool:
    return any(each.get("restartCount") for each in statuses(found))


async def test_a_budget_holds_an_eviction_back(played: Both) -> None:
    async def evicted(side: Side) -> list[Any]:
        await side.create("policy/v1/poddisruptionbudgets", objects.budget())
        body = {**objects.pod(), "metadata": {"name": "web", "labels": objects.LABELS}}
        await made(side, body, ready(1))
        counted = "policy/v1/poddisruptionbudgets"
        await until(side, counted, lambda found: (found[0].get("status") or {}).get("currentHealthy") == 1)
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web"}}
        held = await side.ask("POST", f"{PODS}/web/eviction", eviction)
        budget = (await side.get(f"{counted}/web")).body["status"]
        await side.delete(f"{counted}/web")
        free = await side.ask("POST", f"{PODS}/web/eviction", eviction)
        await gone(side, f"{PODS}/web")
        none = await side.ask("POST", f"{PODS}/web/eviction", eviction)
        return [held, budget, free, none]

    (code, body, _), *_ = await played.agree(evicted)
    assert (code, body["reason"]) == (429, "TooManyRequests")


async def test_a_pod_goes_gracefully_or_at_once(played: Both) -> None:
    async def deleted(side: Side) -> list[Any]:
        await made(side, objects.pod(terminationGracePeriodSeconds=20), ready(1))
        answer = await side.delete(f"{PODS}/web")
        grace = answer.body["metadata"]["deletionGracePeriodSeconds"]
        await gone(side, f"{PODS}/web")
        await side.create(PODS, objects.pod())
        await until(side, PODS, ready(1))
        forced = await side.delete(f"{PODS}/web", {"gracePeriodSeconds": 0})
        return [answer.code, grace, forced.code, (await side.get(f"{PODS}/web")).code]

    await played.agree(deleted)


async def test_a_deployment_s_pods_are_refused_by_a_quota_in_the_same_words(played: Both) -> None:
    async def refused(side: Side) -> list[Any]:
        await until(side, "v1/serviceaccounts", lambda items: len(items) == 1)
        await side.create("v1/resourcequotas", objects.quota("small", pods="0"))
        await until(side, "v1/resourcequotas", lambda items: "used" in (items[0].get("status") or {}))
        await side.create("apps/v1/deployments", objects.workload())
        (web,) = await until(
            side, "apps/v1/deployments", lambda items: condition(items[0], "ReplicaFailure") == "True"
        )
        (failure,) = [each for each in web["status"]["conditions"] if each["type"] == "ReplicaFailure"]
        words = failure["message"].partition('"')
        return [failure["reason"], words[0], words[2].partition('"')[2]]

    await played.agree(refused)


async def test_a_deployment_s_status_and_pods_end_the_same(played: Both) -> None:
    async def rolled_out(side: Side) -> list[Any]:
        await until(side, "v1/serviceaccounts", lambda items: len(items) == 1)
        await side.create("apps/v1/deployments", objects.workload(replicas=2))
        await until(side, "apps/v1/deployments", lambda items: done(items[0]))
        web = (await side.get("apps/v1/deployments/web")).body
        sets = (await side.get("apps/v1/replicasets")).body["items"]
        pods = (await side.get(PODS)).body["items"]
        return [
            {**web["status"], "conditions": [short(each) for each in web["status"]["conditions"]]},
            [of_set(each) for each in sets],
            [of_pod(each) for each in pods],
        ]

    await played.agree(rolled_out)


def done(web: Object) -> bool:
    status = web.get("status") or {}
    reasons = [each.get("reason") for each in status.get("conditions") or []]
    return status.get("availableReplicas") == 2 and "NewReplicaSetAvailable" in reasons


def short(condition: Object) -> list[Any]:
    return [condition["type"], condition["status"], condition.get("reason"), sorted(condition)]


def of_set(found: Object) -> list[Any]:
    metadata = found["metadata"]
    # The embedded controller makes a set first and sizes it then, which counts as a change.
    status = {name: value for name, value in found["status"].items() if name != "observedGeneration"}
    return [sorted(metadata["labels"]), metadata.get("annotations"), found["spec"]["replicas"], status]


def of_pod(found: Object) -> list[Any]:
    spec = {name: value for name, value in found["spec"].items() if name != "nodeName"}
    metadata = found["metadata"]
    owner = {**metadata["ownerReferences"][0], "name": ""}
    told = sorted(
        name for name in metadata if name != "managedFields"
    )  # controllers' own, which it does not note
    return [told, sorted(metadata["labels"]), owner, spec, sorted(found["status"])]
