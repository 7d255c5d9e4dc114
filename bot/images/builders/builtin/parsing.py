"""A Dockerfile's text as instructions, in the order of its lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.images.errors import BuildFailed
from bot.images.wording import one_line

MADE_HERE = frozenset(
    ("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "LABEL", "USER", "WORKDIR"),
)
MADE_ELSEWHERE = frozenset(
    ("ADD", "HEALTHCHECK", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "VOLUME"),
)
"""All others that there are (Dockerfile reference)."""

_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S+)\s*", re.IGNORECASE)
_GOES_ON = re.compile(r"\\[ \t]*$")
_FLAG = re.compile(r"--(?P<name>[a-z]+)(?:=(?P<value>\S*))?(?:\s+|$)")


class Elsewhere(BuildFailed):
    """Another builder can do it."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One of them; `text` is all of it on one line."""

    text: str
    name: str
    flags: tuple[tuple[str, str], ...]
    rest: str


def parse(dockerfile: str) -> list[Instruction]:
    """All instructions; whether they can be followed is not looked at.

    Raises: BuildFailed.
    """
    lines = dockerfile.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    found = _ESCAPE.fullmatch(lines[0].strip())
    if found is not None and found[1] != "\\":
        raise Elsewhere(f"Lines that go on with {found[1][:10]} need another builder")
    return [_instruction(line) for line in _logical(lines)]


def refusal(instruction: Instruction) -> BuildFailed | None:
    """Why an instruction can't be followed here, as far as itself tells."""
    if instruction.name == "COPY" and any(word.startswith("<<") for word in instruction.rest.split()):
        return Elsewhere("COPY of text that stands in the Dockerfile needs another builder")
    if instruction.name in MADE_ELSEWHERE:
        return Elsewhere(f"{instruction.name} needs another builder")
    if instruction.name not in MADE_HERE:
        return BuildFailed(f"{one_line(instruction.name, longest=20)} is no instruction")
    return None


def _logical(lines: list[str]) -> Iterator[str]:
    """The lines, those that go on in one; comments and empty lines may stand between."""
    whole = ""
    for line in lines:
        text = line.strip() if not whole else line.rstrip()
        if not text or text.lstrip().startswith("#"):
            continue
        whole += _GOES_ON.sub("", text)
        if not _GOES_ON.search(text):
            yield whole.strip()
            whole = ""
    if whole.strip():
        yield whole.strip()


def _instruction(text: str) -> Instruction:
    name, *after = text.split(None, 1)
    rest = after[0] if after else ""
    flags = []
    while flag := _FLAG.match(rest):
        flags.append((flag["name"], flag["value"] or ""))
        rest = rest[flag.end() :]
    return Instruction(text, name.upper(), tuple(flags), rest)
