"""What is said beside "healthy": services without pods, autoscalers without metrics or in a fight."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import SystemClock
from bot.cluster import Cluster
from bot.rollout import ObjectRef, autoscaler_fights
from bot.rollout.causes_routing import autoscaler_blind, no_endpoints, warnings

SERVICE: dict[str, Any] = {
    "metadata": {"name": "shop"},
    "spec": {"selector": {"app": "shpo"}, "ports": [{"port": 80}]},
}
READY = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}}
NOT_READY = {"addresses": ["10.0.0.1"], "conditions": {"ready": False}}


@pytest.mark.parametrize(
    ("endpoints", "warned"),
    [([], True), ([NOT_READY], True), ([READY], False), ([{"addresses": ["10.0.0.1"]}], False)],
)
def test_a_service_needs_one_ready_address(endpoints: list[dict[str, Any]], warned: bool) -> None:
    trouble = no_endpoints(SERVICE, [{"endpoints": endpoints}])
    assert (trouble is not None) is warned


def test_a_service_without_a_selector_is_left_alone() -> None:
    assert no_endpoints({"metadata": {"name": "shop"}, "spec": {}}, []) is None


async def test_a_selector_that_fits_no_pod_is_found_on_the_cluster(cluster: Cluster) -> None:
    await cluster.create("v1", "Service", "shop", SERVICE)
    (trouble,) = await warnings(cluster, "shop", [ObjectRef("v1", "Service", "shop")], SystemClock())
    assert (trouble.words, trouble.quote) == ("The Service points at nothing", "app=shpo")


def test_an_autoscaler_without_metrics_says_so() -> None:
    condition = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}
    trouble = autoscaler_blind({"metadata": {"name": "shop"}, "status": {"conditions": [condition]}})
    assert trouble is not None
    assert trouble.words == "The autoscaler has no metrics"


def test_replicas_beside_an_autoscaler_are_a_fight() -> None:
    target = {"kind": "Deployment", "name": "shop"}
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "shop"},
        "spec": {"scaleTargetRef": target},
    }
    workload = {"kind": "Deployment", "metadata": {"name": "shop"}, "spec": {"replicas": 2}}
    (trouble,) = autoscaler_fights([scaler, workload])
    assert trouble.where == "Deployment/shop"
    assert autoscaler_fights([workload]) == []
