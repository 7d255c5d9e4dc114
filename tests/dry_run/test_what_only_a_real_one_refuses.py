"""Admission, quotas and controllers of a real API server: each is asked for real, and said in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from bot.cluster import Cluster, Ref
from bot.planning.trial import Autoscaled, Trial
from tests.dry_run.asking import Place, autoscaler, config, deployment, job, rendered

ADMISSION = "admissionregistration.k8s.io/v1"
LEVEL = "pod-security.kubernetes.io"

T = TypeVar("T")

HERE = "kubernetes.io/metadata.name"
"""The label by which every namespace is known."""


@pytest.fixture
def place(real_cluster: Cluster, real_namespace: str) -> Place:
    """A new namespace of a real cluster."""
    return Place(real_cluster, real_namespace)


async def test_a_policy_that_the_server_keeps_is_quoted(place: Place) -> None:
    policy = {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["deployments"],
                }
            ]
        },
        "validations": [{"expression": "object.spec.replicas <= 10", "message": "at most ten replicas"}],
    }
    binding = {
        "policyName": place.namespace,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": {HERE: place.namespace}}},
    }
    async with (
        made(place, "ValidatingAdmissionPolicy", spec=policy),
        made(place, "ValidatingAdmissionPolicyBinding", spec=binding),
    ):
        trial = await until(lambda: place.trial([], deployment(11)), lambda trial: bool(trial.refusals))
        (refusal,) = trial.refusals
        assert refusal.words == f"Policy {place.namespace} refused it"
        assert refusal.quote == "at most ten replicas"
        assert trial.is_refused
        assert await place.trial([], deployment(10)) == Trial()


async def test_a_webhook_that_is_down_is_told_and_may_be_over_soon(place: Place) -> None:
    hook = {
        "name": "down.example.org",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": "https://127.0.0.1:9/"},
        "namespaceSelector": {"matchLabels": {HERE: place.namespace}},
        "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
        ],
    }
    async with made(place, "ValidatingWebhookConfiguration", webhooks=[hook]):
        trial = await until(lambda: place.trial([], config()), lambda trial: bool(trial.refusals))
    (refusal,) = trial.refusals
    assert refusal.words == "The policy service down.example.org is down"
    assert not trial.is_refused


async def test_a_quota_of_objects_is_told_and_may_be_over_soon(place: Place) -> None:
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"count/configmaps": "0"}}}
    await place.cluster.create("v1", "ResourceQuota", place.namespace, quota)
    used_up = "The namespace's quota of count/configmaps is used up"
    trial = await until(
        lambda: place.trial([], config("one")), lambda trial: used_up in [it.words for it in trial.refusals]
    )
    assert not trial.is_refused


async def test_the_place_in_a_quota_that_a_hook_has_is_free_when_it_runs_again(place: Place) -> None:
    (hook,) = place.objects(job())
    await place.cluster.create("batch/v1", "Job", place.namespace, hook.object)
    quota = {"metadata": {"name": "jobs"}, "spec": {"hard": {"count/jobs.batch": "1"}}}
    await place.cluster.create("v1", "ResourceQuota", place.namespace, quota)
    other = place.objects(job("other"))
    refused = await until(lambda: place.trial([], "", hooks=other), lambda trial: bool(trial.refusals))
    assert refused.refusals[0].words == "The namespace's quota of count/jobs.batch is used up"
    assert await place.trial([], "", hooks=[hook]) == Trial()


async def test_a_namespace_that_lets_no_such_pods_in_closes_the_plan(place: Place) -> None:
    await labelled(place, {f"{LEVEL}/warn": "restricted"})
    warned = await place.trial([], deployment())
    assert not warned.refusals, "only warned about"
    assert warned.warnings[0].startswith("Deployment shop: The namespace forbids its settings")

    await labelled(place, {f"{LEVEL}/enforce": "restricted"})
    trial = await place.trial([], deployment())
    (refusal,) = trial.refusals
    assert refusal.words == (
        "The namespace forbids its settings: allowPrivilegeEscalation, unrestricted capabilities and 2 more"
    )
    assert trial.is_refused

    pod = rendered("v1", "Pod", "one", spec={"containers": [{"name": "a", "image": "b"}]})
    (refusal,) = (await place.trial([], pod)).refusals
    assert refusal.words.startswith("The namespace forbids its settings")


async def test_a_namespace_that_is_being_removed_takes_nothing(place: Place) -> None:
    namespace = Ref("v1", "Namespace", place.namespace)
    body = {"metadata": {"name": "held", "finalizers": ["example.org/held"]}}
    await place.cluster.create("v1", "ConfigMap", place.namespace, body)
    await place.cluster.delete(namespace)
    (refusal,) = (await place.trial([], deployment())).refusals
    assert refusal.words == f"Namespace {place.namespace} is being removed"
    await place.cluster.patch(
        Ref("v1", "ConfigMap", "held", place.namespace), {"metadata": {"finalizers": None}}
    )


async def test_what_a_real_autoscaler_sets_stays(place: Place) -> None:
    before = await place.applied(deployment(2) + autoscaler(least=4))

    async def live() -> Any:
        return await place.cluster.get(place.shop)

    await until(live, lambda item: item["spec"]["replicas"] == 4)
    trial = await place.trial(before, deployment(3) + autoscaler(least=4))
    assert trial.autoscaled == (Autoscaled("apps/v1", "Deployment", place.namespace, "shop", 4, 3),)
    assert trial.contests == ()


async def until(look: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
    """What is seen once it is enough: controllers and admission follow what was written when they come to it."""
    async with asyncio.timeout(300):
        while not enough(found := await look()):
            await asyncio.sleep(0.1)
        return found


@asynccontextmanager
async def made(place: Place, kind: str, **more: Any) -> AsyncIterator[None]:
    """An object of the whole cluster, named as the namespace is."""
    body = {"metadata": {"name": place.namespace}, **more}
    await place.cluster.create(ADMISSION, kind, None, body)
    try:
        yield
    finally:
        await place.cluster.delete(Ref(ADMISSION, kind, place.namespace))


async def labelled(place: Place, labels: dict[str, str]) -> None:
    """The namespace."""
    await place.cluster.patch(Ref("v1", "Namespace", place.namespace), {"metadata": {"labels": labels}})
