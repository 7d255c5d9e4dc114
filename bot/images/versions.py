"""Which of an app's tags is newer. Pure.

Tags are sorted into classes, newest first within each: releases, then pre-releases, then tags that only
count or date a build, then other names, and last those that move (`latest`). So `v2.0-crash`, a pre-release
of 2.0, comes after every release, and a tag like `20261101` never passes for version twenty million.
Within a class semantic versions keep their order (semver.org 2.0.0, section 11); minor and patch may be
left out, a leading `v` says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal

from rapidfuzz import fuzz, process
from semver import Version

from bot.patterns import Pattern


class _Class(IntEnum):
    """From the least wanted to the most."""

    MOVING = 0
    NAMED = 1
    COUNTED = 2
    PRERELEASE = 3
    RELEASE = 4


_MOVING = re.compile(
    r"(?:.*[-._])?latest(?:[-._].*)?|edge|nightly|stable|main|master|dev|develop", re.IGNORECASE
)
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(\.\w+)?|.*\.(sig|att|sbom)")
_VERSION = re.compile(r"[vV]?(?P<numbers>\d{1,9}(?:\.\d{1,9}){0,3})(?:-?(?P<pre>[^+]+))?(?:\+(?P<build>.*))?")
_DATE = re.compile(r"(19|20)\d\d[-._]?(0?[1-9]|1[0-2])[-._T\d]*")
_COUNT = re.compile(r"\d+")
_NEAR = 60.0
"""Per cent of likeness from which a name is worth suggesting."""


@dataclass(frozen=True, slots=True)
class TagRule:
    """Which tags of a repository are versions of the app, and what makes one newer.

    `match` is searched in the tag; where it has a group named `version`, that part alone is compared.
    `created` goes by the images' build times alone, which `order` and `is_newer` are given, whatever the names say.
    """

    match: Pattern | None = None
    order: Literal["semver", "created"] = "semver"


SEMVER = TagRule()


def matching(tags: Iterable[str], rule: TagRule = SEMVER) -> list[str]:
    """The tags that are versions by the rule: signatures and other attachments never are."""
    return [
        tag for tag in tags if not _ATTACHED.fullmatch(tag) and (rule.match is None or rule.match.search(tag))
    ]


def is_moving(tag: str) -> bool:
    """Whether a tag names something else from day to day: it is never the newest version."""
    return _MOVING.fullmatch(tag) is not None


def order(
    tags: Iterable[str], rule: TagRule = SEMVER, created: Mapping[str, datetime | None] | None = None
) -> list[str]:
    """The tags that are versions by the rule, newest first.

    `created` (aware times by tag) is for rules that order by build time; tags without one come last.
    Takes 3 ms for a thousand tags: where there may be many thousands, call it off the loop.
    """
    return sorted(set(matching(tags, rule)), key=lambda tag: _key(tag, rule, created or {}), reverse=True)


def is_newer(
    tag: str, than: str, rule: TagRule = SEMVER, created: Mapping[str, datetime | None] | None = None
) -> bool:
    """Whether `tag` is a later version than the other by the order that `order` uses.

    Never true of two spellings of one version (`v1.2`, `1.2.0`), nor of names whose age is unknown.
    """
    key, other = _key(tag, rule, created or {}), _key(than, rule, created or {})
    if key[0] == other[0] == _Class.NAMED:
        return False
    return key[:-1] > other[:-1]


def nearest(tag: str, tags: Sequence[str]) -> str | None:
    """The tag likeliest meant by `tag`, or None when nothing is near; among equals the first one given."""
    bare = tag.casefold().removeprefix("v")
    for candidate in tags:
        if candidate.casefold().removeprefix("v") == bare:
            return candidate
    found = process.extractOne(tag, tags, scorer=fuzz.ratio, score_cutoff=_NEAR)
    return str(found[0]) if found else None


def _key(tag: str, rule: TagRule, created: Mapping[str, datetime | None]) -> tuple[Any, ...]:
    """What sorts a tag: class, then what counts in that class, then the spelling for a stable order."""
    if rule.order == "created":
        built = created.get(tag)
        if is_moving(tag) or built is None:
            return (_Class.MOVING if is_moving(tag) else _Class.NAMED, 0.0, tag)
        return (_Class.RELEASE, built.timestamp(), tag)
    return (*_semantic(_compared(tag, rule)), tag)


def _compared(tag: str, rule: TagRule) -> str:
    found = rule.match.search(tag) if rule.match else None
    return (found.groupdict().get("version") if found else None) or tag


def _semantic(text: str) -> tuple[Any, ...]:
    if is_moving(text):
        return (_Class.MOVING, ())
    if _DATE.fullmatch(text.removeprefix("v")) or _COUNT.fullmatch(text):
        return (_Class.COUNTED, tuple(int(n) for n in re.findall(r"\d{1,18}", text)))
    found = _VERSION.fullmatch(text)
    if found is None or not (text[0] in "vV" or "." in found["numbers"]):  # else a commit's id could pass
        return (_Class.NAMED, ())
    numbers = [int(n) for n in found["numbers"].split(".")]
    numbers += [0] * (4 - len(numbers))
    if found["pre"] is None:
        return (_Class.RELEASE, tuple(numbers))
    try:
        pre = Version.parse("0.0.0-" + found["pre"].replace("_", "-"))
    except ValueError:  # what follows the numbers is no pre-release: a name that begins with digits
        return (_Class.NAMED, ())
    return (_Class.PRERELEASE, tuple(numbers), pre)
