"""PersistentVolumeClaims: bound to a disk at once, or pending because their class is unknown."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.admission import CLAIM_FINALIZER
from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending
from bot.sandbox.kubernetes.controllers.kinds import CLAIM, POD, STORAGE_CLASS, VOLUME
from bot.sandbox.kubernetes.controllers.nodes import DEFAULT_CLASS, PROVISIONER
from bot.sandbox.kubernetes.controllers.pods import phase
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "persistentvolume-controller"
RETRY = 15.0
"""Seconds between two tries to provision, as the real controller's."""


BOUND = {
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
    "volume.beta.kubernetes.io/storage-provisioner": PROVISIONER,
    "volume.kubernetes.io/storage-provisioner": PROVISIONER,
}
"""What a claim says of how it came to its disk."""


class ClaimController:
    """Provisions and binds volumes."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder

    def concerns(self, change: Change) -> Iterable[Key]:
        if CLAIM.has(change.key):
            if change.type == "DELETED":
                self._release(change.object)
                return []
            return [change.key]
        if POD.has(change.key):
            return [CLAIM.key(change.key.namespace, name) for name in claims_of(change.object)]
        if STORAGE_CLASS.has(change.key):
            return [CLAIM.key_of(claim) for claim in self._cluster.all(CLAIM)]
        return []

    def reconcile(self, key: Key) -> float | None:
        claim = self._cluster.get(key)
        if claim is not None and is_ending(claim):
            self._let_go(key)
            return None
        if claim is None or (claim.get("status") or {}).get("phase") == "Bound":
            return None
        if (claim.get("status") or {}).get("phase") != "Pending":
            self._cluster.edit(key, lambda obj: obj.update(status={"phase": "Pending"}))
        name = self._class_of(claim)
        if name is None:
            text = "no persistent volumes available for this claim and no storage class is set"
            self._recorder.normal(claim, COMPONENT, "FailedBinding", text)
            return RETRY
        if self._cluster.get(STORAGE_CLASS.key("", name)) is None:
            text = f'storageclass.storage.k8s.io "{name}" not found'
            self._recorder.warning(claim, COMPONENT, "ProvisioningFailed", text)
            return RETRY
        self._bind(key, claim, name)
        return None

    def _class_of(self, claim: Object) -> str | None:
        """The claim's storage class, or the default one; None when there is neither."""
        asked: str | None = claim["spec"].get("storageClassName")
        if asked is not None:
            return asked or None
        for found in self._cluster.all(STORAGE_CLASS):
            if (found["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
                return str(found["metadata"]["name"])
        return None

    def _bind(self, key: Key, claim: Object, storage_class: str) -> None:
        volume, spec = disk_name(claim), disk_of(claim, storage_class)
        metadata = new_metadata(volume, at=self._cluster.now)
        self._cluster.create(VOLUME, {"metadata": metadata, "spec": spec, "status": {"phase": "Bound"}})
        size, modes = spec["capacity"], spec["accessModes"]

        def bind(obj: Object) -> None:
            obj["metadata"].setdefault("annotations", {}).update(BOUND)
            obj["spec"].update(volumeName=volume, storageClassName=storage_class)
            obj["status"] = {"phase": "Bound", "capacity": size, "accessModes": modes}

        self._cluster.edit(key, bind)
        text = f"Successfully provisioned volume {volume}"
        self._recorder.normal(claim, PROVISIONER, "ProvisioningSucceeded", text)

    def _let_go(self, key: Key) -> None:
        """A claim that is being deleted stays for as long as a pod uses it."""
        pods = self._cluster.all(POD, key.namespace)
        if not any(key.name in claims_of(pod) for pod in pods if phase(pod) not in ("Succeeded", "Failed")):
            self._cluster.finalize(key, CLAIM_FINALIZER)

    def _release(self, claim: Object) -> None:
        """The reclaim policy is Delete: the disk goes with its claim."""
        if volume := claim["spec"].get("volumeName"):
            self._cluster.delete(VOLUME.key("", volume))


def claims_of(pod: Object) -> list[str]:
    """The names of the claims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or []
    return [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in volumes
        if "persistentVolumeClaim" in volume
    ]


def disk_name(claim: Object) -> str:
    """What the claim's PersistentVolume is called."""
    return f"pvc-{claim['metadata']['uid']}"


def disk_of(claim: Object, storage_class: str) -> Object:
    """The spec of the PersistentVolume that is made for a claim."""
    metadata, spec = claim["metadata"], claim["spec"]
    asked = (spec.get("resources") or {}).get("requests") or {}
    reference = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return {
        "capacity": {"storage": asked.get("storage", "1Gi")},
        "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
        "claimRef": reference,
        "storageClassName": storage_class,
        "persistentVolumeReclaimPolicy": "Delete",
        "volumeMode": "Filesystem",
        "hostPath": {"path": f"/var/lib/sandbox/{disk_name(claim)}"},
    }
