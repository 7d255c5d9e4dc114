"""Evictions: a delete of a pod that PodDisruptionBudgets may hold back."""

from typing import Any, NamedTuple

from bot.sandbox.kubernetes.errors import Cause, too_many_requests
from bot.sandbox.kubernetes.selectors import selects
from bot.sandbox.kubernetes.storage import Storage

Object = dict[str, Any]

GROUP, PLURAL = "policy", "poddisruptionbudgets"


class Standing(NamedTuple):
    """How many pods a budget covers, how many of them must be healthy, and how many are."""

    expected: int
    needed: int
    healthy: int

    @property
    def allowed(self) -> int:
        """How many may be disrupted now."""
        return max(0, self.healthy - self.needed) if self.expected else 0


def standing(storage: Storage, budget: Object) -> Standing:
    """How a budget's pods stand."""
    spec = budget.get("spec") or {}
    pods = storage.scan("", "pods", budget["metadata"]["namespace"])
    covered = [pod for pod in pods if _covers(budget, pod) and _counts(pod)]
    return Standing(len(covered), _needed(spec, len(covered)), sum(map(_ready, covered)))


def check_budgets(storage: Storage, pod: Object) -> None:
    """Raises: ApiError 429 when a budget of the pod's namespace would be broken by its eviction."""
    for budget in storage.scan(GROUP, PLURAL, pod["metadata"]["namespace"]):
        if not _covers(budget, pod) or not _ready(pod):
            continue
        found = standing(storage, budget)
        if not found.allowed:
            words = (
                f"The disruption budget {budget['metadata']['name']} needs {found.needed} healthy pods and has "
                f"{found.healthy} currently"
            )
            raise too_many_requests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                causes=[Cause("", "DisruptionBudget", words)],
            )


def _covers(budget: Object, pod: Object) -> bool:
    return selects((budget.get("spec") or {}).get("selector"), pod["metadata"].get("labels") or {})


def _counts(pod: Object) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ("Succeeded", "Failed") and not pod["metadata"].get("deletionTimestamp")


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
