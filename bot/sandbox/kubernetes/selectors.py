"""Label and field selectors: which objects a list, a watch or a controller means."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from bot.sandbox.kubernetes.errors import bad_request

Object = dict[str, Any]
Matches = Callable[[Object], bool]

_SET = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_EXISTS = re.compile(r"^(?P<no>!\s*)?(?P<key>[^\s!=,()]+)$")
_KEY = re.compile(r"(.+/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_COMMA = re.compile(r",(?![^(]*\))")


def label_selector(text: str) -> Matches:
    """A predicate on objects from a selector as `labelSelector=` writes it; empty matches everything.

    Raises: ApiError 400 when it cannot be read.
    """
    tests = [_requirement(part.strip()) for part in _COMMA.split(text)] if text.strip() else []
    return lambda obj: all(test(obj.get("metadata", {}).get("labels") or {}) for test in tests)


def _requirement(part: str) -> Matches:
    key = part.lstrip("! ").partition("=")[0].partition("!")[0].split(" ")[0]
    if key and not _KEY.fullmatch(key):
        raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": not a label\'s name')
    if found := _SET.match(part):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["op"] == "in":
            return lambda labels: key in labels and labels[key] in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUAL.match(part):
        key, value = found["key"], found["value"]
        if found["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.match(part):
        key, wanted = found["key"], not found["no"]
        return lambda labels: (key in labels) is wanted
    raise bad_request(f"unable to parse requirement: found '{part}', expected: a label selector")


def selects(selector: Object | None, labels: dict[str, str]) -> bool:
    """Whether a LabelSelector object (of a Deployment, a Service's is `matchLabels`) matches the labels.

    None matches nothing, an empty selector everything, as in the API.
    """
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression(e, labels) for e in selector.get("matchExpressions") or [])


def _expression(expression: Object, labels: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def selector_text(selector: Object | None) -> str:
    """A LabelSelector object as text, as Scale's status and tables show it."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for expression in selector.get("matchExpressions") or []:
        key, values = expression["key"], ",".join(expression.get("values") or [])
        words = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(words.get(expression["operator"], f"!{key}"))
    return ",".join(parts)


_OWN_FIELDS = ("metadata.name", "metadata.namespace")
FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    "Event": (
        *(f"involvedObject.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
        "involvedObject.resourceVersion", "reason", "reportingComponent", "source", "type",
    ),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase", "name"),
    "Secret": ("type",),
    "Service": ("spec.clusterIP", "spec.type"),
    "ReplicaSet": ("status.replicas",),
    "ReplicationController": ("status.replicas",),
    "Job": ("status.successful",),
}  # fmt: skip
"""Kind -> the fields by which its objects may be selected, beside their name and namespace."""

_CALLED = {"status.successful": "status.succeeded"}
"""Fields that a selector calls otherwise than the object does."""


def field_selector(kind: str, text: str, declared: tuple[str, ...] = ()) -> Matches:
    """A predicate from `fieldSelector=`: paths of plain values, compared as text; absent is the empty text.
    `declared` are the fields that a custom resource's definition adds.

    Raises: ApiError 400 when it cannot be read, or names a field that the kind is not selected by.
    """
    tests = [_field(kind, part.strip(), declared) for part in text.split(",") if part.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _field(kind: str, part: str, declared: tuple[str, ...]) -> Matches:
    found = re.match(r"^(?P<path>[\w.\-/]+?)\s*(?P<op>==|=|!=)(?P<value>.*)$", part)
    if found is None:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    named = found["path"]
    if named not in (*_OWN_FIELDS, *FIELDS.get(kind, ()), *declared):
        raise bad_request(_unknown(kind, named, declared))
    path, value, equal = _CALLED.get(named, named).split("."), found["value"], found["op"] != "!="
    return lambda obj: (_text(obj, path) == value) is equal


def _unknown(kind: str, field: str, declared: tuple[str, ...]) -> str:
    if kind == "Job":
        return f'field label "{field}" not supported for Job'
    if kind in FIELDS or declared:
        return f"field label not supported: {field}"
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _text(obj: Any, path: Iterable[str]) -> str:
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    if isinstance(obj, bool):
        return str(obj).lower()
    return "" if obj is None else str(obj)
