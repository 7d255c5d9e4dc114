"""PersistentVolumeClaims: bound to a disk at once, or pending because their class is unknown."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending
from bot.sandbox.kubernetes.controllers.kinds import CLAIM, STORAGE_CLASS, VOLUME
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "persistentvolume-controller"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
RETRY = 15.0
"""Seconds between two tries to provision, as the real controller's."""


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
        if STORAGE_CLASS.has(change.key):
            return [CLAIM.key_of(claim) for claim in self._cluster.all(CLAIM)]
        return []

    def reconcile(self, key: Key) -> float | None:
        claim = self._cluster.get(key)
        if claim is None or is_ending(claim) or (claim.get("status") or {}).get("phase") == "Bound":
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
        volume = f"pvc-{claim['metadata']['uid']}"
        asked = (claim["spec"].get("resources") or {}).get("requests") or {}
        size = {"storage": asked.get("storage", "1Gi")}
        modes = claim["spec"].get("accessModes") or ["ReadWriteOnce"]
        reference = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": key.namespace,
            "name": key.name,
            "uid": claim["metadata"]["uid"],
        }
        spec = {
            "capacity": size,
            "accessModes": modes,
            "claimRef": reference,
            "storageClassName": storage_class,
            "persistentVolumeReclaimPolicy": "Delete",
            "hostPath": {"path": f"/var/lib/sandbox/{volume}"},
        }
        metadata = new_metadata(volume, at=self._cluster.now)
        self._cluster.create(VOLUME, {"metadata": metadata, "spec": spec, "status": {"phase": "Bound"}})

        def bind(obj: Object) -> None:
            obj["spec"].update(volumeName=volume, storageClassName=storage_class)
            obj["status"] = {"phase": "Bound", "capacity": size, "accessModes": modes}

        self._cluster.edit(key, bind)
        text = f"Successfully provisioned volume {volume}"
        self._recorder.normal(claim, "sandbox.local/disk", "ProvisioningSucceeded", text)

    def _release(self, claim: Object) -> None:
        """The reclaim policy is Delete: the disk goes with its claim."""
        if volume := claim["spec"].get("volumeName"):
            self._cluster.delete(VOLUME.key("", volume))
