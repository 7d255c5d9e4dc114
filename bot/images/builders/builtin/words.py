"""The words of an instruction, with their quotes and variables, as a Dockerfile means them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bot.images.builders.builtin.parsing import Elsewhere
from bot.images.errors import BuildFailed
from bot.images.wording import one_line

_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = rf"""
    \$(?P<name>{_NAME})
    | \$\{{(?P<braced>{_NAME})(?:(?P<operator>:?[-+])(?P<other>[^{{}}]*))?\}}
    | \$(?![A-Za-z_{{])"""
_PART = re.compile(
    rf"""'(?P<single>[^']*)' | "(?P<double>(?:[^"\\]|\\.)*)" | \\(?P<escaped>.) | {_VARIABLE} | [^'"\\$]+ """,
    re.VERBOSE,
)
_QUOTED_PART = re.compile(rf"""\\(?P<escaped>["$\\]) | {_VARIABLE} | \\ | [^\\$]+ """, re.VERBOSE)


def split(text: str) -> list[str]:
    """Words at the blanks that are in no quotes; their quotes stay. Raises: BuildFailed."""
    if _WORD.sub("", text).strip():
        raise _unreadable(text)
    return _WORD.findall(text)


def expanded(word: str, variables: Mapping[str, str]) -> str:
    """A word without its quotes, its variables filled in; one that is not there is empty. Raises: BuildFailed."""
    return _expanded(word, variables, _PART)


def _expanded(word: str, variables: Mapping[str, str], part: re.Pattern[str]) -> str:
    made, at = [], 0
    while at < len(word):
        found = part.match(word, at)
        if found is None:
            raise _unreadable(word)
        made.append(_value(found, variables))
        at = found.end()
    return "".join(made)


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    groups = found.groupdict()
    if groups.get("single") is not None:
        return str(groups["single"])
    if groups.get("double") is not None:
        return _expanded(groups["double"], variables, _QUOTED_PART)
    if groups["escaped"] is not None:
        return str(groups["escaped"])
    name = groups["name"] or groups["braced"]
    if name is None:
        return found[0]
    if groups["operator"] is None:
        return variables.get(name, "")
    is_given = bool(variables.get(name)) if groups["operator"].startswith(":") else name in variables
    if groups["operator"].endswith("-"):
        return variables[name] if is_given else expanded(groups["other"], variables)
    return expanded(groups["other"], variables) if is_given else ""


def pairs(text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """`key=value …`, or the older `key value`, as ENV and LABEL have them. Raises: BuildFailed."""
    words = split(text)
    if not words:
        raise BuildFailed("It names nothing")
    if "=" not in words[0]:
        _, _, value = text.strip().partition(words[0])
        if not value.strip():
            raise BuildFailed(f"{one_line(words[0], longest=40)} has no value")
        return {expanded(words[0], variables): expanded(value.strip(), variables)}
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise BuildFailed(f"{one_line(word, longest=40)} is no key=value")
        found[expanded(key, variables)] = expanded(value, variables)
    return found


def listed(text: str) -> list[str] | None:
    """The words of `["a", "b"]`; None where it is not written so."""
    try:
        found = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(found, list) and all(isinstance(each, str) for each in found)
    return found if is_list else None


def _unreadable(text: str) -> BuildFailed:
    if "${" in text:
        return Elsewhere(f"{one_line(text, longest=60)} has a variable of a kind that needs another builder")
    return BuildFailed(f"{one_line(text, longest=60)} has a quote that does not end")
