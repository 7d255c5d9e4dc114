"""Deployments: a ReplicaSet for each template, and the steps from one to the next.

What is decided here is how many pods each ReplicaSet has; what it adds up to is written by
`deployment_status`.
"""

import copy
import hashlib
import json
from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending, owner_keys
from bot.sandbox.kubernetes.controllers.deployment_status import DeploymentStatus
from bot.sandbox.kubernetes.controllers.kinds import DEPLOYMENT, POD, REPLICA_SET
from bot.sandbox.kubernetes.controllers.percentages import allowance
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.metadata import SUFFIX_ALPHABET, new_metadata, owner_reference
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "deployment-controller"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = frozenset(
    ["kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAXIMUM]
)
"""Annotations of the Deployment that its ReplicaSets do not get."""


class DeploymentController:
    """Rolls Deployments out."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._status = DeploymentStatus(cluster)

    def concerns(self, change: Change) -> Iterable[Key]:
        if DEPLOYMENT.has(change.key):
            return [change.key]
        if REPLICA_SET.has(change.key):
            return owner_keys(DEPLOYMENT, change.object)
        if POD.has(change.key) and change.type == "DELETED":  # Recreate waits for the last old pod's end
            home = change.key.namespace
            owners = owner_keys(REPLICA_SET, change.object)
            sets = [found for owner in owners if (found := self._cluster.get(owner)) is not None]
            return [key for found in sets if found["metadata"].get("namespace") == home
                    for key in owner_keys(DEPLOYMENT, found)]  # fmt: skip
        return []

    def reconcile(self, key: Key) -> float | None:
        deployment = self._cluster.get(key)
        if deployment is None or is_ending(deployment):
            return None
        self._cluster.adopt(deployment, REPLICA_SET)
        newest, old = self._sets(deployment)
        paused = bool(deployment["spec"].get("paused"))
        if not paused:
            self._prepare(deployment, newest, old)
            newest, old = self._sets(deployment)
        if newest is not None and paused:
            self._scale(deployment, newest, _replicas(deployment))
        elif newest is not None:
            self._roll(deployment, newest, old)
        return self._finish(key, paused)

    def _sets(self, deployment: Object) -> tuple[Object | None, list[Object]]:
        """The ReplicaSet of the present template, if there is one, and the others."""
        sets = self._cluster.owned(deployment, REPLICA_SET)
        newest = next((found for found in sets if _same_template(found, deployment)), None)
        return newest, [found for found in sets if found is not newest]

    def _finish(self, key: Key, paused: bool) -> float | None:
        deployment = self._cluster.get(key)
        if deployment is None:
            return None
        newest, old = self._sets(deployment)
        again = self._status.write(deployment, newest, old)
        if not paused:
            self._forget_history(deployment, old)
        return again

    def _prepare(self, deployment: Object, newest: Object | None, old: list[Object]) -> None:
        """See that there is a ReplicaSet of the present template, and that it has the highest revision."""
        revision = max(map(_revision, old), default=0) + 1
        if newest is None:
            self._create(deployment, revision)
        else:
            revision = max(revision, _revision(newest))
            self._renew(deployment, newest, revision)
        if _revision(deployment) != revision:
            marks = {REVISION: str(revision)}
            self._cluster.edit(DEPLOYMENT.key_of(deployment), lambda obj: _annotate(obj, marks))

    def _create(self, deployment: Object, revision: int) -> None:
        template = copy.deepcopy(deployment["spec"]["template"])
        digest = template_hash(template, int((deployment.get("status") or {}).get("collisionCount") or 0))
        described = template.setdefault("metadata", {})
        described["labels"] = {**(described.get("labels") or {}), HASH: digest}
        selector = copy.deepcopy(deployment["spec"].get("selector") or {})
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH: digest}
        metadata = new_metadata(
            f"{deployment['metadata']['name']}-{digest}",
            deployment["metadata"]["namespace"],
            at=self._cluster.now,
            labels=described["labels"],
            annotations={**_handed_down(deployment), **_sizes(deployment), REVISION: str(revision)},
            owners=[owner_reference(deployment)],
            generation=1,
        )
        spec = {"replicas": 0, "selector": selector, "template": template}
        if deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        self._cluster.create(REPLICA_SET, {"metadata": metadata, "spec": spec, "status": {"replicas": 0}})

    def _renew(self, deployment: Object, found: Object, revision: int) -> None:
        """Keep a ReplicaSet's marks as the Deployment's; one of an old template gets the next revision."""
        annotations, marks = found["metadata"].get("annotations") or {}, _handed_down(deployment)
        if _revision(found) < revision:
            former = (annotations.get(HISTORY, ""), annotations.get(REVISION, ""))
            marks |= {REVISION: str(revision), HISTORY: ",".join(part for part in former if part)}
        min_ready = deployment["spec"].get("minReadySeconds") or 0
        if marks.items() <= annotations.items() and min_ready == (found["spec"].get("minReadySeconds") or 0):
            return

        def renew(obj: Object) -> None:
            _annotate(obj, marks)
            obj["spec"]["minReadySeconds"] = min_ready

        self._cluster.edit(REPLICA_SET.key_of(found), renew)

    def _roll(self, deployment: Object, newest: Object, old: list[Object]) -> None:
        if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            self._recreate(deployment, newest, old)
            return
        surge, unavailable = _margins(deployment)
        wanted = _replicas(deployment)
        total = _size(newest) + sum(_size(s) for s in old)
        if _size(newest) > wanted:
            newest = self._scale(deployment, newest, wanted)
        elif _size(newest) < wanted:
            room = max(0, wanted + surge - total)
            newest = self._scale(deployment, newest, min(wanted, _size(newest) + room))
        self._shrink(deployment, newest, old, wanted - unavailable)

    def _recreate(self, deployment: Object, newest: Object, old: list[Object]) -> None:
        for former in old:
            self._scale(deployment, former, 0)
        if not any(self._cluster.owned(former, POD) for former in old):
            self._scale(deployment, newest, _replicas(deployment))

    def _shrink(self, deployment: Object, newest: Object, old: list[Object], least: int) -> None:
        """Take old pods away: the unavailable ones first, then as many as leave `least` available."""
        total = _size(newest) + sum(_size(s) for s in old)
        removable = total - least - (_size(newest) - _available(newest))
        kept: list[Object] = []
        for former in old:
            broken = min(max(0, removable), max(0, _size(former) - _available(former)))
            removable -= broken
            kept.append(self._scale(deployment, former, _size(former) - broken) if broken else former)
        spare = _available(newest) + sum(_available(s) for s in old) - least
        for former in kept:
            less = min(max(0, spare), _size(former))
            spare -= less
            self._scale(deployment, former, _size(former) - less)

    def _scale(self, deployment: Object, found: Object, size: int) -> Object:
        before = _size(found)
        sizes = _sizes(deployment)
        annotations = found["metadata"].get("annotations") or {}
        if before == size and all(annotations.get(name) == value for name, value in sizes.items()):
            return found

        def resize(obj: Object) -> None:
            _annotate(obj, sizes)
            if before != size:
                obj["spec"]["replicas"] = size
                obj["metadata"]["generation"] = obj["metadata"].get("generation", 1) + 1

        scaled = self._cluster.edit(REPLICA_SET.key_of(found), resize)
        if before != size:
            way = "up" if size > before else "down"
            text = f"Scaled {way} replica set {found['metadata']['name']} from {before} to {size}"
            self._recorder.normal(deployment, COMPONENT, "ScalingReplicaSet", text)
        return scaled if scaled is not None else found

    def _forget_history(self, deployment: Object, old: list[Object]) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit", 10)
        idle = [former for former in old if not _size(former) and not _status(former, "replicas")]
        excess = len(idle) - int(limit)
        for former in sorted(idle, key=_revision)[: max(0, excess)]:
            self._cluster.delete(REPLICA_SET.key_of(former))


def template_hash(template: Object, collisions: int = 0) -> str:
    """A short name for a template, in the alphabet of Kubernetes' hashes."""
    text = json.dumps(template, sort_keys=True, default=str) + str(collisions or "")
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(10):
        number, index = divmod(number, len(SUFFIX_ALPHABET))
        letters.append(SUFFIX_ALPHABET[index])
    return "".join(letters)


def _same_template(found: Object, deployment: Object) -> bool:
    return _bare(found["spec"]["template"]) == _bare(deployment["spec"]["template"])


def _bare(template: Object) -> Object:
    """The template without what the controller adds to it."""
    described = dict(template.get("metadata") or {})
    labels = {k: v for k, v in (described.get("labels") or {}).items() if k != HASH}
    described.pop("creationTimestamp", None)
    return {"metadata": {**described, "labels": labels}, "spec": template.get("spec") or {}}


def _annotate(obj: Object, marks: dict[str, str]) -> None:
    obj["metadata"]["annotations"] = {**(obj["metadata"].get("annotations") or {}), **marks}


def _handed_down(deployment: Object) -> dict[str, str]:
    annotations = deployment["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name not in NOT_COPIED}


def _sizes(deployment: Object) -> dict[str, str]:
    wanted = _replicas(deployment)
    surge = _margins(deployment)[0]
    return {DESIRED: str(wanted), MAXIMUM: str(wanted + surge)}


def _margins(deployment: Object) -> tuple[int, int]:
    """How many pods may be there too many and how many too few during a rollout."""
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, 0
    rolling, wanted = strategy.get("rollingUpdate") or {}, _replicas(deployment)
    surge = allowance(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = allowance(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _replicas(obj: Object) -> int:
    wanted = obj["spec"].get("replicas")
    return 1 if wanted is None else int(wanted)


def _size(found: Object) -> int:
    return int(found["spec"].get("replicas", 0))


def _status(found: Object, field: str) -> int:
    return int((found.get("status") or {}).get(field) or 0)


def _available(found: Object) -> int:
    return min(_status(found, "availableReplicas"), _size(found))


def _revision(found: Object) -> int:
    return int((found["metadata"].get("annotations") or {}).get(REVISION, 0))
