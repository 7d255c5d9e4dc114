"""Which workloads a restart replaces the pods of, how many these are, and which of them are away meanwhile."""

from typing import Any

import pytest

from bot.cluster import Cluster
from bot.planning.plan import ObjectRef, refs
from bot.planning.restarting import is_down, left_out, pods, restarting
from tests.planning.objects import NAMESPACE, deployment, objects


def ref(kind: str = "Deployment") -> ObjectRef:
    return ObjectRef("apps/v1", kind, "shop-staging", "web")


@pytest.mark.parametrize(
    ("kind", "item", "words"),
    [
        ("Deployment", {"spec": {"replicas": 2}}, ""),
        ("Deployment", {}, ""),
        ("Deployment", {"spec": {"paused": True}}, "web is paused: left as it is"),
        ("Deployment", {"spec": {"replicas": 0}}, "web has no pods: left as it is"),
        (
            "StatefulSet",
            {"spec": {"updateStrategy": {"type": "OnDelete"}}},
            "StatefulSet web changes pods by hand alone: left as it is",
        ),
        ("StatefulSet", {"spec": {"updateStrategy": {"type": "RollingUpdate"}}}, ""),
        ("DaemonSet", {}, "DaemonSet web has no pods: left as it is"),
        ("DaemonSet", {"status": {"desiredNumberScheduled": 3}}, ""),
    ],
)
def test_what_would_not_restart_says_why(kind: str, item: dict[str, Any], words: str) -> None:
    assert left_out(ref(kind), item) == words


@pytest.mark.parametrize(
    ("kind", "item", "count"),
    [
        ("Deployment", {}, 1),
        ("Deployment", {"spec": None}, 1),
        ("Deployment", {"spec": {"replicas": 0}}, 0),
        ("StatefulSet", {"spec": {"replicas": 3}, "status": {"desiredNumberScheduled": 9}}, 3),
        ("DaemonSet", {"spec": {"replicas": 9}, "status": {"desiredNumberScheduled": 4}}, 4),
        ("DaemonSet", {"status": {}}, 0),
        ("DaemonSet", {"status": None}, 0),
    ],
)
def test_pods_are_counted_as_each_kind_counts_them(kind: str, item: dict[str, Any], count: int) -> None:
    assert pods(kind, item) == count


@pytest.mark.parametrize(
    ("kind", "spec", "down"),
    [
        ("Deployment", {"strategy": {"type": "Recreate"}}, True),
        ("Deployment", {"strategy": {"type": "RollingUpdate"}}, False),
        ("Deployment", {"replicas": 1}, False),
        ("Deployment", None, False),
        ("StatefulSet", {"replicas": 1}, True),
        ("StatefulSet", {}, True),
        ("StatefulSet", {"replicas": 2}, False),
        ("DaemonSet", {}, False),
    ],
)
def test_what_ends_before_its_successor_is_there_is_down(
    kind: str, spec: dict[str, Any] | None, down: bool
) -> None:
    assert is_down(kind, {"spec": spec, "status": {"desiredNumberScheduled": 1}}) is down


WORKLOADS = (
    deployment(replicas=2)
    + deployment(name="once", replicas=1).replace(
        "spec:\n  replicas", "spec:\n  strategy: {type: Recreate}\n  replicas"
    )
    + deployment(name="db", replicas=1).replace("kind: Deployment", "kind: StatefulSet")
    + deployment(name="paused").replace("spec:\n  replicas", "spec:\n  paused: true\n  replicas")
    + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: env}}\n"
)


async def test_the_workloads_that_are_there_restart_and_the_others_say_why_not(cluster: Cluster) -> None:
    made = objects(WORKLOADS)
    for each in made:
        await cluster.create(str(each.object["apiVersion"]), each.key.kind, NAMESPACE, each.object)
    gone = ObjectRef("apps/v1", "Deployment", NAMESPACE, "gone")
    elsewhere = ObjectRef("apps/v1", "Deployment", "elsewhere", "shop")
    found = await restarting(cluster, NAMESPACE, [*refs(made), gone, elsewhere])
    assert [each.name for each in found.objects] == ["shop", "once", "db"]
    assert [(line.text, line.weight) for line in found.comparison.lines] == [
        ("shop: 2 pods", "change"),
        ("once: 1 pod", "change"),
        ("StatefulSet db: 1 pod", "change"),
        ("once is down meanwhile", "warning"),
        ("StatefulSet db is down meanwhile", "warning"),
    ]
    assert found.comparison.notes == ("paused is paused: left as it is",)
    rest = found.comparison
    assert (rest.diff, rest.added, rest.removed, rest.unchanged) == ("", 0, 0, False)
