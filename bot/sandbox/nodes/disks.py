"""The provisioner of the played nodes' disks: one for each claim of its storage class, gone with the claim.

Binding a disk to its claim is the work of the cluster's own controller.
"""

from collections.abc import Iterable
from typing import Final

from bot.sandbox.kubernetes.controllers.claims import disk_name, disk_of
from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending
from bot.sandbox.kubernetes.controllers.kinds import CLAIM, STORAGE_CLASS, VOLUME
from bot.sandbox.kubernetes.controllers.nodes import PROVISIONER
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Change, Key

PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
"""By this annotation the cluster's controller knows that a disk's end is somebody else's work."""


class Provisioner:
    """Makes disks, and removes those that were released."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def concerns(self, change: Change) -> Iterable[Key]:
        if CLAIM.has(change.key) or VOLUME.has(change.key):
            return [change.key]
        if STORAGE_CLASS.has(change.key):
            return [CLAIM.key_of(claim) for claim in self._cluster.all(CLAIM)]
        return []

    def reconcile(self, key: Key) -> float | None:
        if VOLUME.has(key):
            self._remove_released(key)
        else:
            self._provide(key)
        return None

    def _provide(self, key: Key) -> None:
        claim = self._cluster.get(key)
        if claim is None or is_ending(claim) or claim["spec"].get("volumeName"):
            return
        storage_class = claim["spec"].get("storageClassName") or ""
        found = self._cluster.get(STORAGE_CLASS.key("", storage_class))
        name = disk_name(claim)
        if (found or {}).get("provisioner") != PROVISIONER or self._cluster.get(VOLUME.key("", name)):
            return
        metadata = new_metadata(name, at=self._cluster.now, annotations={PROVISIONED_BY: PROVISIONER})
        self._cluster.create(VOLUME, {"metadata": metadata, "spec": disk_of(claim, storage_class)})

    def _remove_released(self, key: Key) -> None:
        disk = self._cluster.get(key)
        if disk is None or is_ending(disk) or (disk.get("status") or {}).get("phase") != "Released":
            return
        ours = (disk["metadata"].get("annotations") or {}).get(PROVISIONED_BY) == PROVISIONER
        if ours and disk["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self._cluster.remove(key)
