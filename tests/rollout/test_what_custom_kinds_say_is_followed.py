"""Objects of custom kinds: followed by their Ready condition where they have one, else told to be not followed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.cluster import Cluster, Ref
from bot.events import Event, GoesOn, Held, WorkloadProgress
from bot.rollout import ObjectRef, Rules, Verdict, judge
from bot.rollout.custom import custom_progress, custom_trouble, is_seen, says_what_it_saw
from bot.rollout.judging import unwell_now
from tests.rollout.test_following_to_the_end import RULES, SHOP, deploy, follow

TLS = ObjectRef("cert.example.com/v1", "Certificate", "shop-tls")
REF = Ref(TLS.api_version, TLS.kind, TLS.name, "shop")


@pytest.fixture
async def certificates(cluster: Cluster) -> None:
    """A kind of its own, with a status that a controller writes."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {"plural": "certificates", "kind": "Certificate"}
    body = {
        "metadata": {"name": "certificates.cert.example.com"},
        "spec": {"group": "cert.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    await cluster.create("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, body)


async def ask(cluster: Cluster) -> None:
    await cluster.create(TLS.api_version, TLS.kind, "shop", {"metadata": {"name": TLS.name}, "spec": {}})


async def say(cluster: Cluster, status: str, observed: int | None = 1, message: str = "") -> None:
    """What its controller writes."""
    condition = {"type": "Ready", "status": status, "message": message, "reason": "Said"}
    body: dict[str, Any] = {"conditions": [condition]}
    body |= {"observedGeneration": observed} if observed is not None else {}
    await cluster.patch(REF, {"status": body}, subresource="status")


def custom(*conditions: dict[str, Any], generation: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": TLS.api_version,
        "kind": TLS.kind,
        "metadata": {"name": TLS.name, "generation": generation},
        "status": {"conditions": list(conditions)} | status,
    }


@pytest.mark.parametrize(
    ("item", "done"),
    [
        (custom(), None),
        (custom({"type": "Issuing", "status": "True"}), None),
        (custom({"type": "Ready", "status": "True"}), True),
        (custom({"type": "Ready", "status": "True"}, observedGeneration=2), True),
        (custom({"type": "Ready", "status": "True"}, observedGeneration=1), False),
        (custom({"type": "Ready", "status": "True", "observedGeneration": 1}), False),
        (custom({"type": "Ready", "status": "False"}, observedGeneration=2), False),
        (custom({"type": "Ready", "status": "Unknown"}), False),
        (custom({"type": "Ready", "status": "True"}, {"type": "Reconciling", "status": "True"}), False),
        (custom({"type": "Ready", "status": "True"}, {"type": "Stalled", "status": "True"}), False),
    ],
)
def test_kstatus_is_what_decides(item: dict[str, Any], done: bool | None) -> None:
    progress = custom_progress(item)
    assert (progress.done if progress else None) == done


@pytest.mark.parametrize(
    "status",
    [
        None,
        "Ready",
        [],
        {"conditions": "Ready"},
        {"conditions": {"type": "Ready"}},
        {"conditions": [None, "x"]},
    ],
)
def test_a_status_of_any_shape_says_nothing(status: Any) -> None:
    item = custom() | {"status": status}
    assert custom_progress(item) is None
    assert custom_trouble(item, TLS.where, 60) is None


@pytest.mark.parametrize("seen", ["2", "x", [2], {}, None])
def test_a_generation_that_is_no_number_is_not_seen(seen: Any) -> None:
    item = custom({"type": "Ready", "status": "True"}, observedGeneration=seen)
    assert is_seen(item)
    assert not says_what_it_saw(item)


@pytest.mark.usefixtures("certificates")
async def test_one_that_becomes_ready_is_waited_for(cluster: Cluster) -> None:
    issuing = asyncio.Event()

    async def change() -> None:
        await ask(cluster)
        await say(cluster, "False", message="Issuing")
        issuing.set()

    async def later() -> None:
        await issuing.wait()
        await say(cluster, "True")

    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow(cluster, change, TLS))
        group.create_task(later())
    events, verdict = following.result()
    assert verdict == Verdict("healthy")
    assert events[-1] == WorkloadProgress("Certificate", "shop-tls", 1, 1, 1, done=True)
    assert (await judge(cluster, "shop", [TLS])) == Verdict("healthy")


@pytest.mark.usefixtures("certificates")
async def test_one_that_never_does_runs_out_of_time_with_its_own_words(cluster: Cluster) -> None:
    async def change() -> None:
        await ask(cluster)
        await say(cluster, "False", message="no such issuer")

    rules = Rules(timeout=0.5)
    _, verdict = await follow(cluster, change, TLS, rules=rules)
    assert verdict.health == "failed"
    assert verdict.words == "Certificate shop-tls is not ready; no progress for 0 s"
    assert verdict.troubles[0].quote == "no such issuer"


@pytest.mark.usefixtures("certificates")
async def test_an_old_ready_is_not_taken_for_a_new_one(cluster: Cluster) -> None:
    await ask(cluster)
    await say(cluster, "True")

    async def change() -> None:
        await cluster.patch(REF, {"spec": {"issuer": "other"}})

    _, verdict = await follow(cluster, change, TLS, rules=Rules(timeout=0.5))
    assert verdict.health == "failed"


@pytest.mark.usefixtures("certificates")
async def test_one_without_the_condition_is_applied_and_not_followed(cluster: Cluster) -> None:
    async def change() -> None:
        await ask(cluster)
        await deploy(cluster, "v1")

    _, verdict = await follow(cluster, change, SHOP, TLS)
    assert verdict == Verdict("healthy", not_followed=(TLS,))


@pytest.mark.usefixtures("certificates")
async def test_one_that_has_stalled_fails_after_its_grace(cluster: Cluster) -> None:
    stalled = {"type": "Stalled", "status": "True", "message": "spec.issuer is unknown"}
    ready = {"type": "Ready", "status": "False"}

    async def change() -> None:
        await ask(cluster)
        await cluster.patch(REF, {"status": {"conditions": [ready, stalled]}}, subresource="status")

    _, verdict = await follow(cluster, change, TLS)
    assert (verdict.health, verdict.words) == ("failed", "Certificate shop-tls has stalled")


async def test_a_job_of_another_group_is_not_taken_for_kubernetes_own(cluster: Cluster) -> None:
    volcano = ObjectRef("batch.volcano.sh/v1alpha1", "Job", "train")
    _, verdict = await follow(cluster, lambda: deploy(cluster, "v1"), SHOP, volcano)
    assert verdict == Verdict("healthy", not_followed=(volcano,))


async def test_a_full_cluster_holds_and_goes_on_by_itself(cluster: Cluster) -> None:
    await follow(cluster, lambda: deploy(cluster, "v1"))
    nodes = [Ref("v1", "Node", name) for name in ("worker-1", "worker-2", "worker-3")]

    async def cordon(no_more: bool) -> None:
        for node in nodes:
            await cluster.patch(node, {"spec": {"unschedulable": no_more}})

    async def change() -> None:
        await cordon(True)
        await deploy(cluster, "v2")

    async def heal(event: Event) -> None:
        if isinstance(event, Held):
            await cordon(False)

    events, verdict = await follow(cluster, change, heard=heal)
    assert verdict.health == "healthy"
    assert [it.words for it in events if isinstance(it, Held)] == ["Nodes are cordoned"]
    assert GoesOn() in events


async def test_what_was_unwell_and_is_not_touched_does_not_fail_a_deploy(cluster: Cluster) -> None:
    await follow(cluster, lambda: deploy(cluster, "v1-crash"))
    before = await unwell_now(cluster, "shop", [SHOP])
    assert before == {"Deployment/shop": 1}
    _, verdict = await follow(cluster, None, rules=RULES, unwell=before)
    assert verdict.health == "healthy"
    assert "(was so before)" in verdict.troubles[0].sentence()
    _, verdict = await follow(cluster, lambda: deploy(cluster, "v2-oom"), unwell=before)
    assert verdict.health == "failed"
