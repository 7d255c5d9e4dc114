"""What the API server says of an object that it does not take (rows 35, 50 and kin), found in any text of it.

Wording: apiserver's field validation, structured-merge-diff's typed objects and the admission plug-ins, as a server
of Kubernetes 1.37 printed it.
"""

from __future__ import annotations

import re

from bot.rollout.causes import Finding, one_line

_FIELD = r"[a-zA-Z][\w.]*(?:\[[^\]\s]*\][\w.]*)*"
_IMMUTABLE = re.compile(
    rf"({_FIELD}): (?:Invalid value: .*?: (?:field is immutable|may not change once set)"
    r"|Forbidden: (?:field is immutable|spec is immutable|updates to statefulset spec))",
    re.S,
)
_INVALID = re.compile(
    rf'" is invalid: \[?({_FIELD}): (Required value|Invalid value|Unsupported value|Forbidden|Duplicate value)'
    r"(?:: )?(.*)",
    re.S,
)


def immutable(text: str) -> Finding | None:
    """A field that can't change in place; the value, which may be a whole pod template, is left out."""
    if (
        "immutable" not in text
        and "may not change once set" not in text
        and "Forbidden: updates to" not in text
    ):
        return None
    found = _IMMUTABLE.search(text)
    return Finding(f"{found[1] if found else 'A field'} cannot change in place")


def quota(text: str) -> Finding | None:
    """The namespace's quota lets no more objects in."""
    found = re.search(r"exceeded quota: ([^,]+)(?:, requested: ([^,=]+))?", text)
    if found is None:
        return None
    what = f" of {found[2]}" if found[2] else ""
    return Finding(f"The namespace's quota{what} is used up", one_line(text[found.start() :]))


def kind_missing(text: str) -> Finding | None:
    """A kind that the cluster does not know: its definition is not there, or it was removed long ago."""
    found = re.search(r'no matches for kind "([^"]+)" in version "([^"]+)"', text) or re.search(
        r"serves no (\S+) in (\S+)", text
    )
    return Finding(f"The cluster knows no {found[1]} of {found[2]}") if found else None


def namespace_missing(text: str) -> Finding | None:
    """The namespace is not there."""
    found = re.search(r'namespaces? "([^"]+)" not found', text)
    return Finding(f"There is no namespace {found[1]}") if found else None


def namespace_goes(text: str) -> Finding | None:
    """The namespace is being removed."""
    found = re.search(r"create new content in namespace (\S+) because it is being terminated", text)
    return Finding(f"Namespace {found[1]} is being removed") if found else None


def unknown_field(text: str) -> Finding | None:
    """A field that the kind does not have, mostly a slip of the pen in a chart."""
    fields = re.findall(r"\.?(\S+): field not declared in schema", text)
    fields = fields or re.findall(r'unknown field "([^"]+)"', text)
    if not fields:
        return None
    more = f" and {len(fields) - 1} more" if len(fields) > 1 else ""
    return Finding(f"There is no field {fields[0]}{more}")


def wrong_type(text: str) -> Finding | None:
    """A value that is no value of its field."""
    found = re.search(r"\.?(\S+): expected (\w+)", text)
    if found:
        return Finding(f"{found[1]} must be {'a number' if found[2] == 'numeric' else f'a {found[2]}'}")
    found = re.search(r"\.?(\S+): duplicate entries for key", text)
    return Finding(f"{found[1]} has two entries of one name") if found else None


def forbidden(text: str) -> Finding | None:
    """Whoever asks has no right to it."""
    found = re.search(
        r'User "([^"]+)" cannot (\w+) resource "([^"]+)" in API group "[^"]*"(?: in the namespace "([^"]+)")?',
        text,
    )
    if found is None:
        return None
    return Finding(f"{found[1]} may not {found[2]} {found[3]} in {found[4] or 'the cluster'}")


def escalation(text: str) -> Finding | None:
    """A role or a binding that would grant what whoever writes it does not have: Kubernetes lets nobody do so."""
    found = re.search(
        r'user "([^"]+)" .*?attempting to grant RBAC permissions not currently held:?\s*(.*)', text, re.S
    )
    return Finding(f"It grants rights that {found[1]} does not have", one_line(found[2])) if found else None


def conflicts(text: str) -> Finding | None:
    """Fields that another manager keeps, with other values."""
    found = re.search(
        r'conflicts? with "([^"]+)"(?: with subresource "[^"]*")?[^:]*:\s*(?:- )?\.?(\S+)', text
    )
    if found is None or "Apply failed with" not in text:
        return None
    return Finding(f"{found[2].removeprefix('spec.')} is kept by {found[1]}")


def invalid(text: str) -> Finding | None:
    """Anything else that the kind's own validation says."""
    found = _INVALID.search(text)
    if found is None:
        return None
    what = {"Required value": "is missing", "Duplicate value": "is there twice"}.get(found[2], "is not valid")
    return Finding(f"{found[1]} {what}", one_line(found[3]))
