"""Keeps the status of PodDisruptionBudgets: how their pods stand, and how many may be disrupted."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import Cluster, set_condition
from bot.sandbox.kubernetes.controllers.kinds import BUDGET, POD
from bot.sandbox.kubernetes.eviction import standing
from bot.sandbox.kubernetes.storage import Change, Key, Object


class BudgetController:
    """Keeps each PodDisruptionBudget's status."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def concerns(self, change: Change) -> Iterable[Key]:
        if BUDGET.has(change.key):
            return [change.key]
        if POD.has(change.key):
            return [BUDGET.key_of(budget) for budget in self._cluster.all(BUDGET, change.key.namespace)]
        return []

    def reconcile(self, key: Key) -> float | None:
        budget = self._cluster.get(key)
        if budget is None:
            return None
        found, stamp = standing(self._cluster.storage, budget), self._cluster.stamp
        generation = budget["metadata"].get("generation", 1)

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.update(
                observedGeneration=generation,
                disruptionsAllowed=found.allowed,
                currentHealthy=found.healthy,
                desiredHealthy=found.needed,
                expectedPods=found.expected,
            )
            reason = "SufficientPods" if found.allowed else "InsufficientPods"
            set_condition(status, "DisruptionAllowed", bool(found.allowed), reason, stamp=stamp)
            for condition in status["conditions"]:
                condition.setdefault("message", "")
                condition["observedGeneration"] = generation

        self._cluster.edit(key, write)
        return None
