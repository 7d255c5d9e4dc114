"""What Helm sends for an object, and in which way: the same is tried before anybody confirms it. Pure.

Source: Helm 4's pkg/kube/client.go (`createPatch`, `patchResourceServerSide`) and pkg/action/validate.go.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.cluster.writing import Way
from bot.planning.manifests import Manifest, Object
from bot.planning.site import Site

MANAGER = "helm"
"""Whose fields Helm's are: the name of the program, which our workers have too (`bot.helm.workers`)."""

BUILT_IN = re.compile(
    r"|apps|batch|autoscaling|policy|extensions|(?:admissionregistration|apiextensions|certificates|coordination"
    r"|discovery|events|flowcontrol\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage)\.k8s\.io"
)
"""Groups whose kinds Helm knows and merges list by list; of all others it compares two manifests."""


@dataclass(frozen=True)
class Sending:
    """One request."""

    way: Way
    body: Object


def sending(
    before: Object | None,
    after: Manifest,
    site: Site,
    *,
    by_server: bool,
    is_there: bool,
    is_namespaced: bool,
) -> Sending:
    """The request for an object of the release: `before` is what the deployed manifest says of it.

    Helm 3 merged three ways itself, and Helm 4 goes on so with a release of that form. Its patch has what differs
    from the live object and takes away what only the old manifest had. Here the whole new manifest is sent with
    that taken away: for the server it comes to the same object, but for items of lists that go, whose absence the
    server has nothing to say about that `bot.planning.immutable` does not say.
    """
    body = marked(after.object, site)
    if is_namespaced:
        body["metadata"].setdefault("namespace", after.key.namespace)
    if by_server:
        return Sending("apply", body)
    if not is_there:
        return Sending("create", body)
    if BUILT_IN.fullmatch(after.key.group):
        return Sending("strategic", _without(before or {}, body))
    return Sending("merge", _difference(before, body) if before is not None else body)


def marked(item: Object, site: Site) -> Object:
    """A copy with the marks by which Helm knows its own (`setMetadataVisitor`)."""
    metadata = dict(item.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        "meta.helm.sh/release-name": site.release,
        "meta.helm.sh/release-namespace": site.namespace,
    }
    return {**item, "metadata": metadata}


def _without(before: Mapping[str, Any], after: Mapping[str, Any]) -> Object:
    """`after`, with a null for each field that only `before` has."""
    found: Object = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            found[name] = _without(old, value)
        else:
            found[name] = value
    return found


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Object:
    """The merge patch (RFC 7386) that makes `after` of `before`."""
    patch: Object = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            if inner := _difference(old, value):
                patch[name] = inner
        elif name not in before or old != value:
            patch[name] = value
    return patch
