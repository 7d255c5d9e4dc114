"""What is new between two versions of an app, in plain words: from its CHANGELOG, else from its commits.

Pure. Readers are people outside the team, so whatever only developers care for is left out.
"""

import re
from collections.abc import Iterable, Sequence

import keepachangelog

from bot.images import versions

MOST = 8
"""Lines of a notice: more is a changelog, not a notice."""

SECTIONS = (
    ("added", ""),
    ("changed", ""),
    ("uncategorized", ""),
    ("fixed", "Fixed: "),
    ("security", "Security: "),
    ("deprecated", "Going away: "),
    ("removed", "Removed: "),
)
"""Keep a Changelog's sections in the order they are told, with the word that opens their lines."""

_CONVENTIONAL = re.compile(r"^(?P<type>[a-z]+)(?:\([^)]*\))?!?:\s+(?P<text>.+)$")
_TOLD_TYPES = {"feat": "", "fix": "Fixed: ", "perf": "", "security": "Security: "}
_NOT_TOLD = re.compile(r"^(merge\b|revert\b|bump\b|release\b|wip\b|fixup!|squash!|v?\d+\.\d+)", re.IGNORECASE)
_TRAILER = re.compile(r"\s*\((?:#|!)\d+\)$|\s*\[[A-Z]+-\d+\]\s*")


def from_changelog(text: str, previous: str | None, version: str) -> list[str]:
    """The lines of every release after `previous` up to `version` in a CHANGELOG in Keep a Changelog's format.

    [] when it has no entry for them.
    """
    releases = keepachangelog.to_dict(text.splitlines(keepends=True))
    told = [
        entry
        for name, entry in releases.items()
        if not versions.is_newer(name, version)
        and (versions.is_newer(name, previous) if previous else not versions.is_newer(version, name))
    ]
    lines = [
        f"{opening}{line.strip()}"
        for section, opening in SECTIONS
        for entry in told
        for line in entry.get(section, ())
    ]
    return lines[:MOST]


def from_commits(subjects: Iterable[str]) -> list[str]:
    """The lines that commit subjects make: merges, chores and version bumps are left out."""
    lines = [line for subject in subjects if (line := _told(subject))]
    return list(dict.fromkeys(lines))[:MOST]


def _told(subject: str) -> str | None:
    text = _TRAILER.sub("", subject.strip())
    if not text or _NOT_TOLD.match(text):
        return None
    found = _CONVENTIONAL.match(text)
    if found is None:
        return text
    opening = _TOLD_TYPES.get(found["type"])
    return f"{opening}{_first_upper(found['text'])}" if opening is not None else None


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def public_name(version: str) -> str:
    """The version as people outside know it: `1.2` for `v1.2`."""
    return version.removeprefix("v")


def is_news(version: str, announced: Sequence[str]) -> bool:
    """Whether the version is above all announced ones: redeploys and older versions are no news."""
    return all(versions.is_newer(version, other) for other in announced)
