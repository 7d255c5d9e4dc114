"""What a change removes for good, in words that name it."""

from typing import Any

import pytest

from bot.planning import manifests
from bot.planning.losing import losses
from bot.planning.manifests import Manifest


def made(
    kind: str, name: str = "shop-data", annotations: dict[str, str] | None = None, **spec: Any
) -> Manifest:
    item = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": spec,
    }
    return Manifest(manifests.key_of(item, "shop"), item)


TEMPLATES = [{"metadata": {"name": "data"}}]
DELETES = {"whenDeleted": "Delete"}


@pytest.mark.parametrize(
    ("removed", "words", "takes_data"),
    [
        (made("PersistentVolumeClaim"), "PersistentVolumeClaim shop-data and its data go away", True),
        (made("StatefulSet"), "StatefulSet shop-data and its pods go away", False),
        (
            made("StatefulSet", volumeClaimTemplates=TEMPLATES),
            "StatefulSet shop-data and its pods go away; its disks stay",
            False,
        ),
        (
            made("StatefulSet", volumeClaimTemplates=TEMPLATES, persistentVolumeClaimRetentionPolicy=DELETES),
            "StatefulSet shop-data goes away, and its disks with their data",
            True,
        ),
        (
            made("CustomResourceDefinition", "backups.example.org", names={"kind": "Backup"}),
            "CustomResourceDefinition backups.example.org goes away, and every Backup in the cluster with it",
            True,
        ),
        (
            made("CustomResourceDefinition", "backups.example.org"),
            "CustomResourceDefinition backups.example.org goes away, and every object of it in the cluster with it",
            True,
        ),
        (made("Namespace", "shop"), "Namespace shop and everything in it go away", True),
        (made("PersistentVolume"), "PersistentVolume shop-data goes away, and its data may", True),
    ],
)
def test_each_kind_that_holds_data_says_what_goes_with_it(
    removed: Manifest, words: str, takes_data: bool
) -> None:
    (loss,) = losses([removed], [])
    assert (loss.words, loss.takes_data) == (words, takes_data)
    assert (loss.kind, loss.name) == (removed.key.kind, removed.key.name)


def test_what_stays_is_kept_or_holds_nothing_is_no_loss() -> None:
    stays = made("PersistentVolumeClaim", "stays")
    kept = made("PersistentVolumeClaim", "kept", {"helm.sh/resource-policy": " Keep"})
    plain = made("ConfigMap")
    goes = made("PersistentVolumeClaim", "goes")
    assert [loss.name for loss in losses([stays, kept, plain, goes], [stays])] == ["goes"]
