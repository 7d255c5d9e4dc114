"""ResourceQuotas: what a namespace uses, and whether a new pod still fits."""

from collections.abc import Iterable
from decimal import Decimal

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import POD, QUOTA
from bot.sandbox.kubernetes.controllers.quantities import asked_by, show
from bot.sandbox.kubernetes.quantities import parse
from bot.sandbox.kubernetes.storage import Change, Key, Object

_COMPUTE = {
    "cpu": ("cpu", "requests"), "memory": ("memory", "requests"),
    "requests.cpu": ("cpu", "requests"), "requests.memory": ("memory", "requests"),
    "limits.cpu": ("cpu", "limits"), "limits.memory": ("memory", "limits"),
}  # fmt: skip
_COUNTED = {
    "pods": "pods", "services": "services", "secrets": "secrets", "configmaps": "configmaps",
    "persistentvolumeclaims": "persistentvolumeclaims", "count/pods": "pods",
    "count/deployments.apps": "deployments", "count/jobs.batch": "jobs",
}  # fmt: skip


class QuotaController:
    """Keeps each ResourceQuota's status: its limits and what is used of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def concerns(self, change: Change) -> Iterable[Key]:
        if QUOTA.has(change.key):
            return [change.key]
        if change.key.resource in _COUNTED.values():
            return [QUOTA.key_of(quota) for quota in self._cluster.all(QUOTA, change.key.namespace)]
        return []

    def reconcile(self, key: Key) -> float | None:
        quota = self._cluster.get(key)
        if quota is None:
            return None
        hard = quota["spec"].get("hard") or {}
        used = {name: show(name, _used(self._cluster, key.namespace, name)) for name in hard}
        status = {"hard": dict(hard), "used": used}
        if quota.get("status") != status:
            self._cluster.edit(key, lambda obj: obj.update(status=status))
        return None


def check_quota(cluster: Cluster, pod: Object) -> str | None:
    """Why no quota lets this pod in, in the API server's words, or None."""
    name = pod["metadata"]["name"]
    for quota in cluster.all(QUOTA, pod["metadata"]["namespace"]):
        if (why := _exceeded(cluster, quota, pod)) is not None:
            return f'pods "{name}" is forbidden: {why}'
    return None


def _exceeded(cluster: Cluster, quota: Object, pod: Object) -> str | None:
    over: list[tuple[str, Decimal, Decimal, Decimal]] = []
    name, namespace = quota["metadata"]["name"], quota["metadata"]["namespace"]
    for resource, limit in sorted((quota["spec"].get("hard") or {}).items()):
        asked = _asks(pod, resource)
        if asked is None:
            continue
        if missing := _silent(pod, resource):
            return f"failed quota: {name}: must specify {resource} for: {missing}"
        used = _used(cluster, namespace, resource)
        if used + asked > parse(limit):
            over.append((resource, asked, used, parse(limit)))
    if not over:
        return None
    requested = ",".join(f"{r}={show(r, asked)}" for r, asked, _, _ in over)
    used_text = ",".join(f"{r}={show(r, used)}" for r, _, used, _ in over)
    limited = ",".join(f"{r}={show(r, limit)}" for r, _, _, limit in over)
    return f"exceeded quota: {name}, requested: {requested}, used: {used_text}, limited: {limited}"


def _asks(pod: Object, resource: str) -> Decimal | None:
    """How much of a quota's resource the pod takes, None when pods do not count there."""
    if resource in _COMPUTE:
        return asked_by(pod["spec"], *_COMPUTE[resource])
    return Decimal(1) if _COUNTED.get(resource) == "pods" else None


def _silent(pod: Object, resource: str) -> str:
    """The containers that do not say how much they want of a compute resource that is limited."""
    if resource not in _COMPUTE:
        return ""
    one = ({"containers": [container]} for container in pod["spec"].get("containers") or ())
    return ",".join(spec["containers"][0]["name"] for spec in one if not asked_by(spec, *_COMPUTE[resource]))


def _used(cluster: Cluster, namespace: str, resource: str) -> Decimal:
    if resource in _COMPUTE:
        return sum(
            (asked_by(pod["spec"], *_COMPUTE[resource]) for pod in _living(cluster, namespace)), Decimal(0)
        )
    if _COUNTED.get(resource) == "pods":
        return Decimal(len(_living(cluster, namespace)))
    plural = _COUNTED.get(resource)
    wanted = (namespace, plural)
    return Decimal(sum(1 for key in tuple(cluster.storage.keys()) if (key.namespace, key.resource) == wanted))


def _living(cluster: Cluster, namespace: str) -> list[Object]:
    pods = cluster.all(POD, namespace)
    return [p for p in pods if (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
