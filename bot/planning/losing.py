"""What goes away for good when a release stops having it: disks, what holds them, and kinds with all their objects.

Pure. Objects that the chart marks to be kept are not lost. What a chart has in `crds/` is in no manifest of a
release, since Helm never removes it; a definition from a template is, and goes like everything else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.planning.immutable import HOLDS_DATA
from bot.planning.manifests import Manifest, Object, ObjectKey, annotations

KEEP = "keep"


@dataclass(frozen=True)
class Loss:
    """One object whose removal a person has to name."""

    kind: str
    name: str
    words: str
    """What goes with it, as a sentence without its full stop."""
    takes_data: bool
    """Whether data goes that no way back brings again."""


def losses(before: Sequence[Manifest], after: Iterable[Manifest]) -> tuple[Loss, ...]:
    """What is in `before` and not in `after`, and would take data or other people's objects along."""
    stays = {each.key for each in after}
    return tuple(
        Loss(each.key.kind, each.key.name, told(each.key, each.object), _takes_data(each.object))
        for each in before
        if each.key.kind in HOLDS_DATA and each.key not in stays and not is_kept(each.object)
    )


def is_kept(item: Object) -> bool:
    """Whether Helm leaves the object in place when its release goes (the annotation `helm.sh/resource-policy`)."""
    return str(annotations(item).get("helm.sh/resource-policy", "")).strip().lower() == KEEP


def told(key: ObjectKey, item: Object) -> str:
    """What the removal of an object means, for any kind that holds data."""
    spec = item.get("spec") or {}
    match key.kind:
        case "PersistentVolumeClaim":
            return f"{key} and its data go away"
        case "StatefulSet" if _takes_data(item):
            return f"{key} goes away, and its disks with their data"
        case "StatefulSet":
            disks = "; its disks stay" if spec.get("volumeClaimTemplates") else ""
            return f"{key} and its pods go away{disks}"
        case "CustomResourceDefinition":
            kind = (spec.get("names") or {}).get("kind", "object of it")
            return f"{key} goes away, and every {kind} in the cluster with it"
        case "Namespace":
            return f"{key} and everything in it go away"
    return f"{key} goes away, and its data may"


def _takes_data(item: Object) -> bool:
    spec = item.get("spec") or {}
    if item["kind"] != "StatefulSet":
        return True
    deletes = (spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted") == "Delete"
    return bool(spec.get("volumeClaimTemplates")) and deletes
