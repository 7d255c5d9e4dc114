"""Rows 35 to 38: admission of a real API server refuses pods, and every kind of workload tells of it in its own way."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cluster import ClusterRefused, Ref
from bot.events import Event, PodTrouble, Trouble
from bot.rollout import Rules
from tests.control_plane.certificates import Authority
from tests.real_failures.following import LONGEST, Place, made
from tests.real_failures.objects import Object, deployment, item, job, template, workload

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADMISSION = "admissionregistration.k8s.io/v1"
PATIENT = Rules(image_grace=LONGEST, timeout=LONGEST)
EVERY_KIND = (
    deployment("shop"),
    workload("StatefulSet", "db", spec={"serviceName": "db"}),
    workload("DaemonSet", "agent"),
    job("import"),
)
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


async def test_a_quota_that_is_used_up(own_place: Place) -> None:
    quota = item("v1", "ResourceQuota", "none-left", spec={"hard": {"pods": "0"}})
    await own_place.create(quota)
    await own_place.until("v1", "ResourceQuota", lambda it: "hard" in (it.get("status") or {}))
    for each in await refused(own_place, *EVERY_KIND):
        assert (each.cause, each.words) == ("quota", "The namespace's quota of pods is used up")
        assert "exceeded quota: none-left, requested: pods=1, used: pods=0, limited: pods=0" in each.quote
        assert each.fault == "version"


async def test_a_policy_that_the_server_keeps(own_place: Place) -> None:
    message = "images come from registry.example.com"
    spec = {
        "matchConstraints": {"resourceRules": [PODS]},
        "validations": [{"expression": "false", "message": message}],
    }
    binding = {
        "policyName": own_place.namespace,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": here(own_place)}},
    }
    name = own_place.namespace
    async with made(
        own_place.cluster,
        item(ADMISSION, "ValidatingAdmissionPolicy", name, spec=spec),
        item(ADMISSION, "ValidatingAdmissionPolicyBinding", name, spec=binding),
    ):
        await in_force(own_place)
        for each in await refused(own_place, *EVERY_KIND):
            assert (each.cause, each.words) == ("policy-denies", f"Policy {name} refused it")
            assert each.quote == message
            assert each.fatal_early


async def test_a_webhook_that_denies(own_place: Place, tmp_path: Path) -> None:
    async with (
        denying("no pods on Fridays", tmp_path) as (url, authority),
        made(own_place.cluster, webhook(own_place, url, authority)),
    ):
        await in_force(own_place)
        for each in await refused(own_place, *EVERY_KIND):
            assert (each.cause, each.words) == ("policy-denies", "Policy pods.example.org refused it")
            assert each.quote == "no pods on Fridays"
            assert each.fatal_early


async def test_a_webhook_that_is_down(own_place: Place) -> None:
    async with made(own_place.cluster, webhook(own_place, "https://127.0.0.1:9/", None)):
        await in_force(own_place)
        for each in await refused(own_place, *EVERY_KIND):
            assert each.cause == "policy-down"
            assert each.words == "The policy service pods.example.org is down"
            assert "connect: connection refused" in each.quote
            assert each.fault == "cluster"


async def test_a_namespace_that_forbids_such_settings(own_place: Place) -> None:
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    await own_place.cluster.patch(
        Ref("v1", "Namespace", own_place.namespace), {"metadata": {"labels": label}}
    )
    await in_force(own_place)
    for each in await refused(own_place, *EVERY_KIND):
        assert each.cause == "pod-security"
        assert each.words == (
            "The namespace forbids its settings: allowPrivilegeEscalation, unrestricted capabilities and 2 more"
        )
        assert each.fatal_early


async def test_what_no_row_knows_is_quoted(own_place: Place) -> None:
    unknown: Object = {"serviceAccountName": "nobody-made-it"}
    for each in await refused(own_place, deployment("shop", **unknown), job("import", **unknown)):
        assert (each.cause, each.words) == ("pods-refused", "The cluster refuses to create its pods")
        assert 'serviceaccount "nobody-made-it" not found' in each.quote


async def refused(place: Place, *items: Object) -> list[Trouble]:
    """What is told of each of these workloads, whose pods are refused."""
    return [await _refused(place, each) for each in items]


async def _refused(place: Place, item: Object) -> Trouble:
    def is_told(event: Event) -> bool:
        return isinstance(event, PodTrouble)

    seen = await place.followed(lambda: place.create(item), item, until=is_told, rules=PATIENT)
    return seen.troubles[0]


async def in_force(place: Place) -> None:
    """Until pods are refused: what admits them hears of its rules a moment later."""
    pod = item("v1", "Pod", "tried", spec=template("tried")["spec"])
    async with asyncio.timeout(LONGEST):
        while True:
            try:
                await place.cluster.dry_run(place.ref(pod), pod, "create", manager="tests")
            except ClusterRefused:
                return
            await asyncio.sleep(0.05)


def here(place: Place) -> Mapping[str, str]:
    """The label by which every namespace is known."""
    return {"kubernetes.io/metadata.name": place.namespace}


def webhook(place: Place, url: str, authority: bytes | None) -> Object:
    """A service that is asked about every pod of the namespace."""
    client: dict[str, Any] = {"url": url}
    if authority is not None:
        client["caBundle"] = base64.b64encode(authority).decode()
    hook = {
        "name": "pods.example.org",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": client,
        "namespaceSelector": {"matchLabels": here(place)},
        "rules": [PODS],
    }
    return item(ADMISSION, "ValidatingWebhookConfiguration", place.namespace, webhooks=[hook])


@asynccontextmanager
async def denying(message: str, folder: Path) -> AsyncIterator[tuple[str, bytes]]:
    """A policy service on loopback that says no: its URL and the authority that vouches for it."""

    async def answer(request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        verdict = {"uid": asked["uid"], "allowed": False, "status": {"message": message}}
        return web.json_response(
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": verdict}
        )

    authority = Authority()
    signed = authority.server("policy")
    for name, content in (("policy.crt", signed.certificate), ("policy.key", signed.key)):
        (folder / name).write_bytes(content)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(folder / "policy.crt", folder / "policy.key")
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}/", authority.certificate
    finally:
        await runner.cleanup()
