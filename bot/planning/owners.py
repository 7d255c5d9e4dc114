"""Whether Argo CD or Flux manages an object: what another tool keeps as its git says is read-only here. Pure.

The marks are those that the tools themselves go by (Argo CD's resource tracking, the origin labels of Flux's helm
and kustomize controllers). Fetching the objects is left to the callers; metadata is all that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TRACKING_ID = "argocd.argoproj.io/tracking-id"
"""Annotation: `application:group/kind:namespace/name`. One that names another object was copied and marks nothing."""

INSTANCE = "argocd.argoproj.io/instance"
"""Label: the application, where Argo CD tracks by a label of its own."""

COMMON_INSTANCE = "app.kubernetes.io/instance"
"""Label: the application, where Argo CD tracks by labels and was told no other; most charts set it as well, so it
counts only on what Argo CD has written."""

FLUX = {"helm.toolkit.fluxcd.io": "HelmRelease", "kustomize.toolkit.fluxcd.io": "Kustomization"}
"""By the group of the labels `name` and `namespace`: the kind that they point to."""


@dataclass(frozen=True)
class Owner:
    """The thing in another tool that manages an object."""

    tool: str
    kind: str
    name: str
    namespace: str = ""
    """Where that thing is; "" where the mark does not say."""

    def __str__(self) -> str:
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.tool}'s {self.kind} {self.name}{place}"

    @property
    def words(self) -> str:
        """Why nothing is changed here."""
        return f"{self} manages it"


def owner_of(objects: Iterable[Mapping[str, Any]]) -> Owner | None:
    """Who manages the first of these objects that is managed; None where nobody does.

    An object needs no more than its `metadata`; with apiVersion and kind, copied marks are told from real ones.
    """
    return next((owner for item in objects if (owner := _owner(item)) is not None), None)


def _owner(item: Mapping[str, Any]) -> Owner | None:
    metadata = item.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    for group, kind in FLUX.items():
        if name := labels.get(f"{group}/name"):
            return Owner("Flux", kind, str(name), str(labels.get(f"{group}/namespace") or ""))
    tracked = str(annotations.get(TRACKING_ID) or "")
    if tracked and _points_to(tracked, item):
        return _application(tracked.partition(":")[0])
    if name := labels.get(INSTANCE):
        return _application(str(name))
    if labels.get(COMMON_INSTANCE) and any(each.startswith("argocd") for each in managers(item)):
        return _application(str(labels[COMMON_INSTANCE]))
    return None


def managers(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of those that wrote fields of the object itself (not its status), in the server's order."""
    entries = (item.get("metadata") or {}).get("managedFields") or ()
    names = (str(entry.get("manager") or "") for entry in entries if not entry.get("subresource"))
    return tuple(dict.fromkeys(filter(None, names)))


def _application(name: str) -> Owner:
    """An application outside Argo CD's own namespace is named `namespace_name`."""
    namespace, separator, bare = name.partition("_")
    return (
        Owner("Argo CD", "application", bare, namespace)
        if separator
        else Owner("Argo CD", "application", name)
    )


def _points_to(tracking_id: str, item: Mapping[str, Any]) -> bool:
    """Whether the id is of this very object, as far as both are known; a mark in another form counts."""
    _, _, rest = tracking_id.partition(":")
    what, separator, place = rest.partition(":")
    if not separator:
        return True
    kind, (namespace, _, name) = what.rpartition("/")[2], place.rpartition("/")
    metadata = item.get("metadata") or {}
    pairs = (
        (kind, item.get("kind")),
        (namespace, metadata.get("namespace")),
        (name, metadata.get("name")),
    )
    return all(not marked or not mine or marked == mine for marked, mine in pairs)
