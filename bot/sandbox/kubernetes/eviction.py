"""Evictions: a delete of a pod that PodDisruptionBudgets may hold back."""

from typing import Any

from bot.sandbox.kubernetes.errors import too_many_requests
from bot.sandbox.kubernetes.selectors import selects
from bot.sandbox.kubernetes.storage import Storage

Object = dict[str, Any]


def check_budgets(storage: Storage, pod: Object) -> None:
    """Raises: ApiError 429 when a budget of the pod's namespace would be broken by its eviction."""
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
    pods = storage.scan("", "pods", namespace)
    for budget in storage.scan("policy", "poddisruptionbudgets", namespace):
        spec = budget.get("spec") or {}
        if not selects(spec.get("selector"), labels):
            continue
        covered = [p for p in pods if selects(spec.get("selector"), p["metadata"].get("labels") or {})]
        healthy = sum(map(_ready, covered))
        needed = _needed(spec, len(covered))
        if _ready(pod) and healthy - 1 < needed:
            name = budget["metadata"]["name"]
            raise too_many_requests(
                "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget "
                f"{name} needs {needed} healthy pods and has {healthy} currently"
            )


def _needed(spec: Object, covered: int) -> int:
    """How many pods must stay healthy."""
    if "minAvailable" in spec:
        return _count(spec["minAvailable"], covered)
    return covered - _count(spec.get("maxUnavailable", 0), covered)


def _count(value: int | str, total: int) -> int:
    """A number, or a percentage of all, rounded up as Kubernetes does for budgets."""
    if isinstance(value, str) and value.endswith("%"):
        return -(-int(value[:-1]) * total // 100)
    return int(value)


def _ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
