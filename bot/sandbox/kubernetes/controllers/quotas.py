"""Keeps the status of ResourceQuotas: their limits, and what is used of them."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import QUOTA
from bot.sandbox.kubernetes.quantities import show
from bot.sandbox.kubernetes.quotas import concerns, used
from bot.sandbox.kubernetes.storage import Change, Key


class QuotaController:
    """Keeps each ResourceQuota's status."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def concerns(self, change: Change) -> Iterable[Key]:
        if QUOTA.has(change.key):
            return [change.key]
        if not change.key.namespace:
            return []
        return [
            QUOTA.key_of(quota)
            for quota in self._cluster.all(QUOTA, change.key.namespace)
            if any(concerns(resource, change.key) for resource in quota["spec"].get("hard") or {})
        ]

    def reconcile(self, key: Key) -> float | None:
        quota = self._cluster.get(key)
        if quota is None:
            return None
        hard = quota["spec"].get("hard") or {}
        use = {name: show(name, used(self._cluster.storage, key.namespace, name)) for name in hard}
        status = {"hard": dict(hard), "used": use}
        if quota.get("status") != status:
            self._cluster.edit(key, lambda obj: obj.update(status=status))
        return None
