"""The kubelets of all nodes: they run the pods that were bound to a node, and end those that are deleted."""

import itertools
from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import is_ending
from bot.sandbox.kubernetes.controllers.containers import Machine
from bot.sandbox.kubernetes.controllers.kinds import CONFIG_MAP, NODE, POD, SECRET
from bot.sandbox.kubernetes.controllers.pod_lives import PodLife
from bot.sandbox.kubernetes.controllers.pods import phase
from bot.sandbox.kubernetes.storage import Change, Key, Object


class Kubelet:
    """Runs pods."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._cluster = machine.cluster
        self._lives: dict[str, PodLife] = {}
        self._ends: dict[str, float] = {}
        self._keys: dict[Key, str] = {}
        self._addresses = itertools.count(2)

    def concerns(self, change: Change) -> Iterable[Key]:
        if POD.has(change.key):
            if change.type == "DELETED":
                self._drop(change.key, change.object["metadata"]["uid"])
                return []
            return [change.key] if change.object["spec"].get("nodeName") else []
        if SECRET.has(change.key) or CONFIG_MAP.has(change.key):
            return self._waiting_in(change.key.namespace)
        return []

    def _waiting_in(self, namespace: str) -> list[Key]:
        """The pods of a namespace that may have waited for a Secret or ConfigMap, told to look again."""
        here = {key: self._lives.get(uid) for key, uid in self._keys.items() if key.namespace == namespace}
        waiting = {key: life for key, life in here.items() if life is not None and life.waits_for_data}
        for life in waiting.values():
            life.retry(self._cluster.clock.monotonic())
        return list(waiting)

    def reconcile(self, key: Key) -> float | None:
        pod = self._cluster.get(key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        uid = pod["metadata"]["uid"]
        if is_ending(pod):
            return self._terminate(key, pod)
        if phase(pod) in ("Succeeded", "Failed"):
            return None
        life = self._lives.get(uid)
        if life is None:
            life = self._lives[uid] = self._begin(pod)
            self._keys[key] = uid
        again = life.advance(self._cluster.clock.monotonic())
        self._cluster.edit(key, life.write_status)
        return again

    def _begin(self, pod: Object) -> PodLife:
        node = self._cluster.get(NODE.key("", pod["spec"]["nodeName"])) or {}
        addresses = (node.get("status") or {}).get("addresses") or ()
        host = next((a["address"] for a in addresses if a["type"] == "InternalIP"), "10.0.0.1")
        number = next(self._addresses)
        return PodLife(self._machine, pod, f"10.244.{number // 250 % 250}.{number % 250 + 2}", host)

    def _terminate(self, key: Key, pod: Object) -> float | None:
        uid, now = pod["metadata"]["uid"], self._cluster.clock.monotonic()
        life = self._lives.get(uid)
        if uid not in self._ends:
            grace = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
            self._ends[uid] = now + min(self._machine.pace.terminate, grace)
            if life is not None:
                life.announce_stop()
        if self._ends[uid] > now:
            return self._ends[uid] - now
        if pod["metadata"].get("finalizers"):
            if life is not None and phase(pod) not in ("Succeeded", "Failed"):
                life.stop(now)
                self._cluster.edit(key, life.write_status)
            return None
        self._cluster.remove(key)
        return None

    def _drop(self, key: Key, uid: str) -> None:
        self._lives.pop(uid, None)
        self._ends.pop(uid, None)
        if self._keys.get(key) == uid:
            del self._keys[key]
        self._machine.logs.forget(key.namespace, uid)
