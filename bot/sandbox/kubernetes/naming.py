"""Names, labels, annotations and finalizers: what Kubernetes takes for one, and its words for what it does not."""

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import Cause
from bot.sandbox.kubernetes.fields import canonical
from bot.sandbox.kubernetes.resources import Resource

Object = dict[str, Any]

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_OLD_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
OLD_LABEL_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
QUALIFIED_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
LABEL_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
LABEL_NAMES = frozenset({"Namespace", "Service"})
"""Kinds whose names are labels, at most 63 characters; all others are subdomains, at most 253."""

SHORTER = {"CronJob": 52}
"""Kinds whose names must leave room for what their controllers append."""

FREE_NAMES = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})
"""Kinds whose names only must fit into a path."""

STANDARD_FINALIZERS = frozenset({"kubernetes", "foregroundDeletion", "orphan"})


def metadata_refused(resource: Resource, metadata: Object) -> Iterator[Cause]:
    """What is wrong with an object's metadata."""
    name = metadata.get("name") or ""
    if not name:
        yield Cause("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")
    elif resource.kind in FREE_NAMES and not resource.custom:
        if "/" in name or "%" in name or name in (".", ".."):
            yield invalid_value("metadata.name", name, "may not contain '/'")
    elif resource.kind in LABEL_NAMES and not resource.custom:
        yield from label_refused("metadata.name", name)
    else:
        yield from subdomain_refused("metadata.name", name)
        limit = SHORTER.get(resource.kind)
        if limit is not None and len(name) > limit and not resource.custom:
            yield invalid_value("metadata.name", name, f"must be no more than {limit} characters")
    yield from labels_refused("metadata.labels", metadata.get("labels") or {})
    for key in metadata.get("annotations") or {}:
        yield from _qualified_refused("metadata.annotations", key)
    for number, finalizer in enumerate(metadata.get("finalizers") or []):
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid_value(f"metadata.finalizers[{number}]", finalizer, words)


def metadata_changes_refused(before: Object, after: Object) -> Iterator[Cause]:
    """What a change may not make of an object's metadata."""
    if after.get("uid") not in (None, before["uid"]):
        yield invalid_value("metadata.uid", after["uid"], "field is immutable")
    held, wanted = before.get("finalizers") or [], after.get("finalizers") or []
    new = [f'"{finalizer}"' for finalizer in wanted if finalizer not in held]
    if new and before.get("deletionTimestamp"):
        words = "no new finalizers can be added if the object is being deleted, found new finalizers []string"
        yield forbidden_field("metadata.finalizers", f"{words}{{{', '.join(new)}}}")


def labels_refused(path: str, labels: dict[str, str]) -> Iterator[Cause]:
    """What is wrong with a map of labels."""
    for key, value in labels.items():
        yield from _qualified_refused(path, key)
        if len(value) > 63:
            yield invalid_value(path, value, "must be no more than 63 bytes")
        elif not _LABEL_VALUE.fullmatch(value):
            yield invalid_value(path, value, LABEL_VALUE_RULE)


def label_refused(path: str, name: str) -> Iterator[Cause]:
    """What is wrong with a name that is to be a DNS label."""
    if "." in name:
        yield invalid_value(path, name, "must not contain dots")
    elif not _LABEL.fullmatch(name):
        yield invalid_value(path, name, LABEL_RULE)
    elif len(name) > 63:
        yield invalid_value(path, name, "must be no more than 63 characters")


def subdomain_refused(path: str, name: str) -> Iterator[Cause]:
    """What is wrong with a name that is to be a DNS subdomain."""
    if not _SUBDOMAIN.fullmatch(name):
        yield invalid_value(path, name, SUBDOMAIN_RULE)
    elif len(name) > 253:
        yield invalid_value(path, name, "must be no more than 253 characters")


def _qualified_refused(path: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        yield invalid_value(path, key, f"prefix part {SUBDOMAIN_RULE}")
    if not _QUALIFIED.fullmatch(name):
        yield invalid_value(path, key, QUALIFIED_RULE)


def invalid_value(path: str, value: Any, words: str) -> Cause:
    """The refusal of a plain value, which it quotes."""
    return invalid_raw(path, f'"{value}"' if isinstance(value, str) else canonical(value), words)


def invalid_raw(path: str, shown: str, words: str) -> Cause:
    """The refusal of a value, of which `shown` is what it quotes."""
    return Cause(path, "FieldValueInvalid", f"Invalid value: {shown}: {words}")


def required(path: str, words: str = "") -> Cause:
    """The refusal of a field that is missing."""
    return Cause(path, "FieldValueRequired", f"Required value: {words}" if words else "Required value")


def unsupported(path: str, value: Any, supported: tuple[str, ...]) -> Cause:
    """The refusal of a value that is not among the supported ones."""
    shown = f'"{value}"' if isinstance(value, str) else canonical(value)
    listed = ", ".join(f'"{each}"' for each in supported)
    words = f"Unsupported value: {shown}: supported values: {listed}"
    return Cause(path, "FieldValueNotSupported", words)


def forbidden_field(path: str, words: str) -> Cause:
    """The refusal of a field that may not be there."""
    return Cause(path, "FieldValueForbidden", f"Forbidden: {words}")


def duplicate(path: str, value: str) -> Cause:
    """The refusal of a second one of its name."""
    return Cause(path, "FieldValueDuplicate", f"Duplicate value: {value}")
