"""Server-side apply, and who owns which field (`metadata.managedFields`).

An apply owns exactly the fields it sends: fields it sent before and no longer sends are removed unless
another manager owns them too; fields of others with other values are conflicts unless it is forced. Any
other write owns what it changed. Follows Kubernetes' "Server-Side Apply" reference.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.kubernetes.errors import Cause, apply_conflicts
from bot.sandbox.kubernetes.fields import (
    Flat,
    Path,
    flatten,
    from_fields_v1,
    in_order,
    merge,
    readable,
    to_fields_v1,
    without,
)
from bot.sandbox.kubernetes.schemas import Schema, Schemas

Object = dict[str, Any]


REPLICAS: Path = ("f:spec", "f:replicas")
KUBECTL = "kubectl"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Where kubectl's client-side apply notes what it sent, from which its server-side apply takes over."""
BEFORE_APPLY = "before-first-apply"
"""Who owns what was there before anyone's fields were noted."""

_POD_SPEC: Object = {"containers": None}
_TEMPLATE: Object = {"metadata": {}, "spec": _POD_SPEC}
_BLANK: Mapping[str, Object] = {
    "Pod": {"spec": _POD_SPEC},
    "Deployment": {"spec": {"template": _TEMPLATE, "strategy": {}}},
    "ReplicaSet": {"spec": {"template": _TEMPLATE}},
    "StatefulSet": {"spec": {"template": _TEMPLATE, "updateStrategy": {}}},
    "DaemonSet": {"spec": {"template": _TEMPLATE, "updateStrategy": {}}},
    "Job": {"spec": {"template": _TEMPLATE}},
    "CronJob": {"spec": {"jobTemplate": {"metadata": {}, "spec": {"template": _TEMPLATE}}}},
    "PersistentVolumeClaim": {"spec": {"resources": {}}},
    "NetworkPolicy": {"spec": {"podSelector": {}}},
    "HorizontalPodAutoscaler": {"spec": {"scaleTargetRef": {}}},
    "Role": {"rules": None},
    "ClusterRole": {"rules": None},
    "RoleBinding": {"roleRef": {}},
    "ClusterRoleBinding": {"roleRef": {}},
    "EndpointSlice": {"endpoints": None, "ports": None},
    "Event": {"involvedObject": {}, "source": {}},
}
"""What there is in a new value of the kind's type, beside its metadata, spec and status."""


@dataclass(frozen=True)
class Manager:
    """Who writes, and how: one entry of managedFields."""

    name: str
    operation: str
    """`Apply` or `Update`."""
    api_version: str
    subresource: str = ""

    def __str__(self) -> str:
        through = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.name}"{through}' + (
            f" using {self.api_version}" if self.operation == "Update" else ""
        )


@dataclass
class Ownership:
    """What one manager owns, since when."""

    fields: set[Path]
    time: str


Managers = dict[Manager, Ownership]


def managers_of(obj: Object) -> Managers:
    """The managers of an object as its metadata tells them."""
    found: Managers = {}
    for entry in obj.get("metadata", {}).get("managedFields") or []:
        if entry.get("manager") and entry.get("operation") in ("Apply", "Update"):
            manager = Manager(
                entry["manager"],
                entry["operation"],
                entry.get("apiVersion", obj.get("apiVersion", "")),
                entry.get("subresource", ""),
            )
            owned = from_fields_v1(entry.get("fieldsV1") or {})
            found[manager] = Ownership(owned, entry.get("time", ""))
    return found


def write_managers(obj: Object, managers: Managers) -> None:
    """Put the managers into the object's metadata; those that own nothing are left out."""
    entries = []
    for manager, ownership in sorted(managers.items(), key=_order):
        if ownership.fields:
            entry: Object = {
                "manager": manager.name,
                "operation": manager.operation,
                "apiVersion": manager.api_version,
                "time": ownership.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": to_fields_v1(ownership.fields),
            }
            if manager.subresource:
                entry["subresource"] = manager.subresource
            if not ownership.time:
                del entry["time"]
            entries.append(entry)
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _order(entry: tuple[Manager, Ownership]) -> tuple[str, ...]:
    manager, ownership = entry
    return manager.operation, ownership.time, manager.name, manager.api_version, manager.subresource


def apply(
    schemas: Schemas,
    schema: Schema,
    live: Object | None,
    applied: Object,
    manager: Manager,
    *,
    force: bool,
    now: str,
) -> Object:
    """The object after `manager` applied `applied` to `live`, managedFields included.

    Raises: ApiError 409 naming each conflict, when not forced.
    """
    managers = managers_of(live) if live is not None else {}
    if live is not None and not managers:
        unknown = Manager(BEFORE_APPLY, "Update", live["apiVersion"])
        managers[unknown] = Ownership(set(flatten(schemas, schema, live, nodes=True)), now)
    wanted = flatten(schemas, schema, applied)
    others = {other: owned for other, owned in managers.items() if other != manager}
    if live is not None:
        contested = _contested(flatten(schemas, schema, live), wanted, others)
        mine = _said_before(schemas, schema, live) if manager.name == KUBECTL else frozenset[Path]()
        if not force and (refused := [entry for entry in contested if entry[1] not in mine]):
            raise apply_conflicts([_cause(other, path) for other, path in refused])
        for other, path in contested:
            others[other].fields.discard(path)
    merged: Object = merge(schemas, schema, live, applied) if live is not None else applied
    before = managers.get(manager)
    owned_by_others = set[Path]().union(*(other.fields for other in others.values()))
    dropped = (before.fields if before else set()) - wanted.keys() - owned_by_others
    dropped = {path for path in dropped if not _prefix_of_any(path, wanted.keys() | owned_by_others)}
    if dropped:
        merged = without(schemas, schema, merged, dropped)
    fields = set(wanted)
    changes = live is None or flatten(schemas, schema, merged) != flatten(schemas, schema, live)
    time = now if changes else before.time if before is not None else ""
    merged = {**merged, "metadata": dict(merged.get("metadata") or {})}
    write_managers(merged, {**others, manager: Ownership(fields, time)})
    if manager.name == KUBECTL:
        _say_again(merged, applied)
    return merged


def _said_before(schemas: Schemas, schema: Schema, live: Object) -> frozenset[Path]:
    """The fields that kubectl's client-side apply set, by its own note, and that nobody has changed since."""
    noted = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    if noted is None:
        return frozenset()
    present = flatten(schemas, schema, live)
    said = flatten(schemas, schema, json.loads(noted))
    return frozenset(path for path, value in said.items() if path in present and present[path] == value)


def _say_again(merged: Object, applied: Object) -> None:
    """Keep the note of kubectl's client-side apply true, where there is one."""
    annotations = merged["metadata"].get("annotations") or {}
    if LAST_APPLIED in annotations:
        noted = json.dumps(applied, separators=(",", ":"), sort_keys=True) + "\n"
        merged["metadata"]["annotations"] = {**annotations, LAST_APPLIED: noted}


def _contested(live: Flat, wanted: Flat, others: Mapping[Manager, Ownership]) -> list[tuple[Manager, Path]]:
    differing = [path for path, value in wanted.items() if path in live and live[path] != value]
    differing.sort(key=in_order)
    named = sorted(others.items(), key=lambda entry: entry[0].name)
    return [(other, path) for other, owned in named for path in differing if path in owned.fields]


def _cause(other: Manager, path: Path) -> Cause:
    return Cause(readable(path), "FieldManagerConflict", f"conflict with {other}")


def _prefix_of_any(path: Path, wanted: Iterable[Path]) -> bool:
    """Whether the applier still sends, or somebody owns, something inside what it used to own as a whole."""
    return any(other[: len(path)] == path for other in wanted)


def blank(obj: Object) -> Object:
    """An object of that kind in which nothing is said yet: what of it is a value in Go is there, with no fields.

    Of custom resources nothing is.
    """
    group = obj["apiVersion"].rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io"):
        return {"metadata": {}}
    return {"metadata": {}, "status": {}, **_BLANK.get(obj["kind"], {"spec": {}})}


def update(
    schemas: Schemas, schema: Schema, before: Object | None, after: Object, manager: Manager, now: str
) -> None:
    """Note in `after` that `manager` changed what differs from `before` (a create: from `blank`).

    A writer that sends other managedFields than the object has means it (Helm and kubectl migrate from
    client-side apply so); sending none keeps those there are.
    """
    kept = before if before is not None else blank(after)
    sent = after["metadata"].get("managedFields")
    managers = managers_of(kept if sent is None else after)
    old = flatten(schemas, schema, kept, nodes=True)
    new = flatten(schemas, schema, after, nodes=True)
    if manager.subresource == "scale" and new.get(REPLICAS) == 0:
        del new[REPLICAS]  # a Scale leaves out none, so that nobody owns it
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    removed = old.keys() - new.keys()
    for other, ownership in managers.items():
        ownership.fields -= removed if other == manager else removed | changed
    if changed:
        mine = managers.setdefault(manager, Ownership(set(), now))
        mine.fields |= changed
        mine.time = "" if manager.subresource == "scale" else now  # the API server forgets that one's
    write_managers(after, managers)
