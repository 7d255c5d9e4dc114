"""What one changed field says in words. Pure, and without weights: bot.planning.summary decides what is shown."""

import re
from typing import Any

from bot.planning.differences import MISSING, FieldChange, ObjectChange

NOISE = (
    "metadata.labels.helm.sh/chart",
    "metadata.labels.app.kubernetes.io/version",
    "metadata.labels.app.kubernetes.io/managed-by",
    "metadata.annotations.checksum/",
    "metadata.annotations.meta.helm.sh/",
)
"""Fields that follow from other changes: they restart pods, but tell a person nothing of their own."""

LONGEST = 24
"""Characters of a value in a line: two of them and their name still fit on two lines of a phone."""

_SECRET = re.compile(r"pass(?:word|phrase|wd)?$|secret|token|credential|(?:api|private)_?key", re.IGNORECASE)
"""Names whose values are said nowhere, though nobody listed them as secrets."""

CONTAINERS = ("containers", "initContainers")


def is_secret(name: str) -> bool:
    """Whether a value of this name is said nowhere."""
    return bool(_SECRET.search(name))


def is_noise(field: FieldChange) -> bool:
    """Whether the field follows from another change."""
    return str(field).removeprefix("spec.template.").startswith(NOISE)


def warning(change: ObjectChange, field: FieldChange) -> str | None:
    """What may break others who use the object."""
    name = change.key.name
    match change.key.kind, field.path:
        case "Service", ("spec", "ports", _, ("port" | "nodePort") as which):
            return f"Service {which} {said(field.old)} → {said(field.new)}: clients may break"
        case "Service", ("spec", "ports", _) if field.new is MISSING:
            return f"Service {name} loses a port: clients may break"
        case "Service", ("spec", "type"):
            return f"Service type {said(field.old)} → {said(field.new)}"
        case "Ingress", ("spec", "rules", *_):
            return _ingress(change)
    return None


def _ingress(change: ObjectChange) -> str:
    old, new = _hosts(change.old), _hosts(change.new)
    gone, come = sorted(old - new), sorted(new - old)
    if len(gone) == len(come) == 1:
        return f"Ingress host {gone[0]} → {come[0]}"
    if gone:
        return f"Ingress {change.key.name} loses {number(len(gone), 'host')}: {_clipped(', '.join(gone))}"
    return f"Ingress {change.key.name}: its rules change"


def _hosts(item: Any) -> set[str]:
    rules = ((item or {}).get("spec") or {}).get("rules")
    return {
        str(rule.get("host", "*"))
        for rule in (rules if isinstance(rules, list) else ())
        if isinstance(rule, dict)
    }


def variable(field: FieldChange) -> str | None:
    """The environment variable that the field is part of; values of those are never shown."""
    if "env" not in field.path[:-1]:
        return None
    return field.path[field.path.index("env") + 1]


def of_workload(field: FieldChange) -> str | None:
    """Replicas, resources and whole containers; None for anything else."""
    if field.path == ("spec", "replicas") or "resources" in field.path[:-1]:
        tail = (
            ".".join(field.path[field.path.index("resources") + 1 :]) if len(field.path) > 2 else "replicas"
        )
        return f"{tail} {said(field.old)} → {said(field.new)}"
    if len(field.path) > 2 and field.path[-2] in CONTAINERS:
        if field.old is MISSING:
            return f"container {field.path[-1]} added"
        if field.new is MISSING:
            return f"container {field.path[-1]} removed"
    return None


def is_image(field: FieldChange) -> bool:
    """Whether the field is a container's image, which has a line of its own."""
    return len(field.path) > 3 and field.path[-1] == "image" and field.path[-3] in CONTAINERS


def of_field(field: FieldChange) -> str | None:
    """A plain value by the last name of its path; None for what is no plain value."""
    if field.path and is_secret(field.path[-1]):
        return f"{field.path[-1]} changed"
    if any(isinstance(side, (dict, list)) for side in (field.old, field.new)):
        return None
    return f"{field.path[-1]} {said(field.old)} → {said(field.new)}" if field.path else None


def number(count: int, noun: str) -> str:
    """`1 key`, `2 keys`, `3 NetworkPolicies`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("s"):
        return f"{count} {noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count} {noun[:-1]}ies"
    return f"{count} {noun}s"


def said(value: Any) -> str:
    """A plain value in few characters."""
    if value is MISSING or value is None:
        return "none"
    return _clipped(str(value).lower() if isinstance(value, bool) else str(value))


def _clipped(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
