"""What a write is: how it is meant, what it came to, and the checks that every write passes first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.kubernetes.errors import bad_request, modified
from bot.sandbox.kubernetes.resources import Resource

Object = dict[str, Any]

SERVER_SET = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds")
"""Metadata that clients can neither set nor change."""


Admission = Callable[[Resource, Object], None]


def _admitted(_resource: Resource, _after: Object) -> None:
    """The default of `Writing.admit`."""


@dataclass(frozen=True)
class Writing:
    """How a write is meant: the query parameters of the request."""

    manager: str
    """Who owns what it changes (`fieldManager`)."""
    validation: str = "Warn"
    """`Strict` refuses undeclared fields, `Warn` drops and tells them, `Ignore` drops them."""
    dry_run: bool = False
    force: bool = False
    subresource: str = ""
    admit: Admission = _admitted
    """Raises where whoever writes may not write this very object."""


@dataclass(frozen=True)
class Written:
    """What a write came to."""

    object: Object
    created: bool = False
    deleted: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deletion:
    """How a delete is meant: DeleteOptions."""

    grace: int | None = None
    propagation: str = "Background"
    uid: str | None = None
    version: str | None = None
    dry_run: bool = False


def addressed(resource: Resource, namespace: str, name: str | None, body: Object) -> Object:
    """A copy of the body that names its kind and place as the URL does.

    Raises: ApiError 400 when it says otherwise.
    """
    kind, version = body.get("kind") or resource.kind, body.get("apiVersion") or resource.api_version
    if kind != resource.kind:
        short = version.rpartition("/")[2]
        wanted = f"{resource.group.partition('.')[0] or 'core'}.{resource.kind}"
        raise bad_request(
            f'{kind} in version "{short}" cannot be handled as a {resource.kind}: '
            f"converting ({short}.{kind}) to ({wanted}): unknown conversion"
        )
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    sent = body.get("metadata") or {}
    if not isinstance(sent, dict):
        raise bad_request("json: cannot unmarshal metadata into Go struct of type v1.ObjectMeta")
    metadata = {key: value for key, value in sent.items() if value not in ("", None)}
    if metadata.get("creationTimestamp") == {}:
        del metadata["creationTimestamp"]
    if resource.namespaced:
        if metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
    else:
        metadata.pop("namespace", None)
    if name is not None and metadata.setdefault("name", name) != name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        )
    place = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
    return {**place, **{field: value for field, value in body.items() if field not in place}}


def check_locks(resource: Resource, before: Object, body: Object) -> None:
    """Refuse a write that was made from an older state."""
    sent, present = body["metadata"], before["metadata"]
    if sent.get("resourceVersion") not in (None, "", "0", present["resourceVersion"]):
        raise modified(resource.subject(present["name"]))


def ready_to_go(resource: Resource, obj: Object) -> bool:
    """Whether an object that is being deleted has nothing left to wait for."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if resource.kind == "Namespace" and not resource.group:
        return not (obj.get("spec") or {}).get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")
