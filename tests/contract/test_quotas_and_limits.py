"""What a namespace has room for, and what its limits make of pods."""

import asyncio
from typing import Any

import pytest

from tests.contract import objects
from tests.contract.asking import Answer, Both, Object, Side
from tests.contract.waiting import LONGEST, until

SERVICES, PODS = "v1/services", "v1/pods"


async def furnished(side: Side) -> None:
    """Until the namespace has what every one is given a moment after it is made."""
    await until(side, "v1/configmaps", lambda items: len(items) == 1)
    await until(side, "v1/serviceaccounts", lambda items: len(items) == 1)


async def counted(side: Side, place: str, body: Object) -> Answer:
    """The answer to a creation once what is there has been counted, and the server knows of it.

    Both take a moment: before, it says that it does not know, or lets what is one too many through.
    """
    await until(side, "v1/resourcequotas", lambda items: "used" in (items[0].get("status") or {}))
    async with asyncio.timeout(LONGEST):
        while True:
            tried = await side.create(place, body, dryRun="All")
            if tried.code == 403 and "status unknown for quota" not in tried.message:
                return await side.create(place, body)
            await asyncio.sleep(0.05)


QUOTAS: dict[str, tuple[Object, str, Object]] = {
    "too many": (objects.quota("small", configmaps="1"), "v1/configmaps", objects.config_map()),
    "too many by count": (
        objects.quota("small", **{"count/deployments.apps": "0"}),
        "apps/v1/deployments",
        objects.workload(),
    ),
    "too much": (
        objects.quota("small", **{"requests.cpu": "500m", "limits.memory": "1Gi"}),
        PODS,
        objects.pod(
            containers=[
                objects.container(
                    resources={"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "3Gi"}}
                )
            ]
        ),
    ),
    "nothing said": (objects.quota("small", **{"requests.cpu": "1", "pods": "5"}), PODS, objects.pod()),
    "too many pods": (objects.quota("small", pods="0"), PODS, objects.pod()),
    "too many of two quotas": (
        objects.quota("small", services="0", **{"count/services": "0"}),
        SERVICES,
        objects.service(),
    ),
}


@pytest.mark.parametrize("what", QUOTAS)
async def test_a_quota_refuses_in_the_same_words(both: Both, what: str) -> None:
    quota, place, body = QUOTAS[what]

    async def refused(side: Side) -> Any:
        await furnished(side)
        await side.create("v1/resourcequotas", quota)
        return await counted(side, place, body)

    code, _, _ = await both.agree(refused)
    assert code == 403


def limits(**of_containers: Any) -> Object:
    return {"metadata": {"name": "limits"}, "spec": {"limits": [{"type": "Container", **of_containers}]}}


def asking(**resources: Any) -> Object:
    return objects.pod(containers=[objects.container(resources=resources)])


LIMITS: dict[str, tuple[Object, Object]] = {
    "nothing said": (limits(default={"cpu": "1", "memory": "1Gi"}, defaultRequest={"cpu": "500m"}), asking()),
    "something said": (limits(default={"cpu": "1"}), asking(limits={"memory": "1Gi"})),
    "all said": (limits(default={"cpu": "1"}), asking(limits={"cpu": "500m"})),
    "the largest as the default": (limits(max={"cpu": "2"}), asking()),
    "too little": (limits(min={"cpu": "100m"}), asking(requests={"cpu": "50m"})),
    "too little allowed": (limits(min={"memory": "1Gi"}), asking(limits={"memory": "1Mi"})),
    "too much": (limits(max={"memory": "1Gi"}), asking(limits={"memory": "2Gi"})),
    "too much asked for and none allowed": (
        limits(max={"memory": "1Gi"}, default={"memory": "1Gi"}),
        asking(requests={"memory": "2Gi"}, limits={"memory": "3Gi"}),
    ),
    "too far apart": (
        limits(maxLimitRequestRatio={"cpu": "2"}),
        asking(requests={"cpu": "100m"}, limits={"cpu": "1"}),
    ),
    "no ratio": (limits(maxLimitRequestRatio={"cpu": "2"}), asking()),
    "too little and too far apart": (
        limits(min={"cpu": "100m"}, maxLimitRequestRatio={"cpu": "2"}),
        asking(requests={"cpu": "50m"}, limits={"cpu": "1"}),
    ),
    "too much in all": (
        {"metadata": {"name": "limits"}, "spec": {"limits": [{"type": "Pod", "max": {"cpu": "2"}}]}},
        asking(limits={"cpu": "3"}),
    ),
}


@pytest.mark.parametrize("what", LIMITS)
async def test_limits_complete_a_pod_or_refuse_it(both: Both, what: str) -> None:
    limit, pod = LIMITS[what]

    async def made(side: Side) -> list[Any]:
        await furnished(side)
        return [await side.create("v1/limitranges", limit), await side.create(PODS, pod)]

    await both.agree(made)


async def test_a_claim_has_limits_too(both: Both) -> None:
    async def made(side: Side) -> list[Any]:
        limit = {"type": "PersistentVolumeClaim", "max": {"storage": "2Gi"}, "min": {"storage": "1Gi"}}
        await side.create("v1/limitranges", {"metadata": {"name": "limits"}, "spec": {"limits": [limit]}})
        sizes = ("512Mi", "2Gi", "3Gi")
        claims = [objects.claim(f"c{n}", resources={"requests": {"storage": s}}) for n, s in enumerate(sizes)]
        return [await side.create("v1/persistentvolumeclaims", claim) for claim in claims]

    answers = await both.agree(made)
    assert [answer[0] for answer in answers] == [403, 201, 403]
