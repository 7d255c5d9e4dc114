"""What is new between two versions of an app, in plain words: from its CHANGELOG, else from its commits.

Pure. Readers are people outside the team, so whatever only developers care for is left out, and Markdown is taken
off. The CHANGELOG is read here because keepachangelog, the one library for it, makes two entries of a wrapped line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.images import versions

MOST = 8
"""Lines of a notice: more is a changelog, not a notice."""

LONGEST = 200
"""Characters of a line: what is longer is an essay."""

SECTIONS = {
    "added": "",
    "changed": "",
    "": "",
    "fixed": "Fixed: ",
    "security": "Security: ",
    "deprecated": "Going away: ",
    "removed": "Removed: ",
}
"""Keep a Changelog's sections in the order they are told, with what opens their lines; "" is before any section."""

_RELEASE = re.compile(r"##\s+\[?(?P<version>[^\]\s]+)\]?")
_SECTION = re.compile(r"###\s+(?P<name>\w+)")
_ENTRY = re.compile(r"[-*+]\s+(?P<text>.+)")

_CONVENTIONAL = re.compile(r"(?P<type>[a-z]+)(?:\([^)]*\))?!?:\s+(?P<text>.+)", re.IGNORECASE)
_TOLD = {"feat": "", "feature": "", "fix": "Fixed: ", "perf": "", "security": "Security: "}
_INTERNAL = frozenset(
    (
        "build",
        "chore",
        "ci",
        "deps",
        "docs",
        "doc",
        "refactor",
        "release",
        "revert",
        "style",
        "test",
        "tests",
        "wip",
    )
)
_NOT_TOLD = re.compile(
    r"(merge|revert|bump|release|wip|initial commit|update dependenc\w+)\b|fixup!|squash!|v?\d+\.\d+",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[(?P<text>[^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_REFERENCE = re.compile(
    r"\s*(?:\((?:[#!]\d+|[0-9a-f]{7,40})(?:,\s*[#!]\d+)*\)|\[[A-Z][A-Z0-9]*-\d+\]|\[skip ci\])\s*"
)


def from_changelog(text: str, previous: str | None, version: str) -> list[str]:
    """The lines of every release after `previous` up to `version` in a CHANGELOG in Keep a Changelog's format.

    Without `previous`, those of `version` alone; [] when there are none.
    """
    told = [
        (section, line)
        for release, section, line in _entries(text)
        if section in SECTIONS and _is_between(release, previous, version)
    ]
    lines = [
        _opened(opening, line)
        for name, opening in SECTIONS.items()
        for section, line in told
        if section == name
    ]
    return list(dict.fromkeys(filter(None, lines)))[:MOST]


def _is_between(release: str, previous: str | None, version: str) -> bool:
    if versions.is_newer(release, version):
        return False
    return versions.is_newer(release, previous) if previous else not versions.is_newer(version, release)


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Release, section in lower case, and text of each entry; wrapped lines are joined."""
    release = section = entry = ""
    for line in [*text.splitlines(), "## end"]:
        if entry and line.startswith((" ", "\t")) and not _ENTRY.match(line.strip()):
            entry = f"{entry} {line.strip()}"
            continue
        if entry:
            yield release, section, entry
            entry = ""
        if found := _RELEASE.match(line):
            release, section = found["version"], ""
        elif found := _SECTION.match(line):
            section = found["name"].lower()
        elif found := _ENTRY.match(line):
            entry = found["text"].strip()


def from_commits(subjects: Iterable[str]) -> list[str]:
    """The lines that commit subjects make: merges, chores and version bumps are left out."""
    lines = [line for subject in subjects if (line := _told(subject))]
    return list(dict.fromkeys(lines))[:MOST]


def _told(subject: str) -> str | None:
    text = _plain(subject)
    if not text or _NOT_TOLD.match(text):
        return None
    found = _CONVENTIONAL.fullmatch(text)
    if found is None or (kind := found["type"].lower()) not in (*_TOLD, *_INTERNAL):
        return _opened("", text)
    return None if kind in _INTERNAL else _opened(_TOLD[kind], found["text"])


def _opened(opening: str, text: str) -> str:
    """The line as readers get it: one that an opening does not begin, begins large."""
    plain = _plain(text)
    if not opening:
        plain = plain[:1].upper() + plain[1:]
    return f"{opening}{plain}" if plain else ""


def _plain(text: str) -> str:
    """Text without Markdown, references to issues and commits, and line ends."""
    bare = _MARKS.sub("", _LINK.sub(lambda found: found["text"], text))
    line = " ".join(_REFERENCE.sub(" ", bare).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def public_name(version: str) -> str:
    """The version as people outside know it: `1.2` for `v1.2`."""
    return version[1:] if re.match(r"[vV]\d", version) else version


def is_news(version: str, announced: Sequence[str]) -> bool:
    """Whether the version is above all announced ones: redeploys, older versions and pre-releases are no news."""
    return all(versions.is_newer(version, other) for other in announced)
