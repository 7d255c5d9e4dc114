"""Logs as they are asked for and shown: the options of /logs, and lines made fit for a chat. Pure.

The order matters. Escape sequences go first, since they could stand in the middle of a secret; then secrets, in the
whole text, since some have several lines; then the lines that were asked for are picked, so that nobody can find out
a secret by searching for its beginnings; what is too long is cut at last.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.config.fields import seconds
from bot.patterns import PatternInvalid, compiled
from bot.planning.errors import PlanRefused
from bot.telegram.text import clean

USUAL = 20
"""Lines that a look without options shows: about a phone's screen."""

MOST = 5000
"""Lines that may be asked for: a document of them is read on a computer."""

SEARCHED = 5000
"""Lines that are searched by `grep=`."""

BEFORE = 100
"""Lines read before the ones that are shown, so that a secret of several lines is whole when it is masked."""

IN_MESSAGE = 2500
"""Characters of a log in a message; a longer one is a document."""

IN_CAPTION = 500
"""Characters of the newest lines in a document's caption."""

LONGEST = 300
"""Characters of a line in a message."""

_EXAMPLE = "/logs shop staging since=10m grep=error"


@dataclass(frozen=True)
class Look:
    """What somebody asked to see."""

    words: tuple[str, ...] = ()
    """A pod and a container, in this order, as they were typed."""
    since: str = ""
    """A duration, `10m`."""
    tail: int = 0
    """Lines; 0 where nobody said how many."""
    grep: str = ""
    """A text, or a regular expression between slashes."""
    run: str = ""
    """`previous` or `current` run of the container; "" for the one that says most."""

    @property
    def is_plain(self) -> bool:
        """Whether nobody said which lines."""
        return not (self.since or self.tail or self.grep)

    @property
    def shown(self) -> int:
        """The most lines to show."""
        return self.tail or (USUAL if self.is_plain else MOST)

    @property
    def read(self) -> int:
        """The lines to ask the cluster for."""
        return (SEARCHED if self.grep else self.shown) + BEFORE

    def command(self, app: str, environment: str) -> str:
        """The command that asks for the same."""
        options = [
            f"since={self.since}" if self.since else "",
            f"tail={self.tail}" if self.tail else "",
            f"grep={self.grep}" if self.grep else "",
            self.run,
        ]
        words = [shlex.quote(word) for word in (app, environment, *self.words, *options) if word]
        return " ".join(["/logs", *words])


def read_look(words: Sequence[str]) -> Look:
    """The options among the words of /logs, and what is left.

    Raises: PlanRefused with what is wrong with one of them.
    """
    look = Look()
    for word in words:
        key, separator, value = word.partition("=")
        name = key.lower()
        if not separator and name in ("previous", "current"):
            look = replace(look, run=name)
        elif not separator:
            look = replace(look, words=(*look.words, word))
        elif name == "since":
            look = replace(look, since=_duration(value))
        elif name == "tail":
            look = replace(look, tail=_lines(value))
        elif name == "grep" and value:
            pattern(value)
            look = replace(look, grep=value)
        else:
            raise PlanRefused(f"/logs knows no {key}=", advice=f"Example: {_EXAMPLE}")
    if len(look.words) > 2:
        raise PlanRefused("/logs takes one pod and one container", advice=f"Example: {_EXAMPLE}")
    return look


def _duration(value: str) -> str:
    try:
        if seconds(value) >= 1:
            return value
    except ValueError:
        pass
    raise PlanRefused("since= takes a duration", advice="Such as since=90s, since=10m or since=2h")


def _lines(value: str) -> int:
    if value.isdecimal() and value.isascii() and 0 < int(value) <= MOST:
        return int(value)
    raise PlanRefused(f"tail= takes a number of lines, {MOST} at most", advice="Such as tail=100")


def pattern(grep: str) -> Callable[[str], bool]:
    """Whether a line has the text in it, in any case; between slashes it is a regular expression.

    RE2 needs time in proportion to the line, whatever the expression is: nobody can hang the bot by one.
    Raises: PlanRefused when it is no regular expression.
    """
    if len(grep) < 3 or not (grep.startswith("/") and grep.endswith("/")):
        wanted = grep.casefold()
        return lambda line: wanted in line.casefold()
    try:
        expression = compiled(grep[1:-1], ignore_case=True)
    except PatternInvalid as error:
        raise PlanRefused(
            "grep= is no regular expression",
            quote=str(error),
            advice="Without the slashes it is a plain text",
        ) from error
    return lambda line: expression.search(line) is not None


def lines_of(text: str, mask: Callable[[str], str], look: Look) -> list[str]:
    """The lines to show, oldest first: clean, masked, picked, and no more than were asked for."""
    plain = "\n".join(_plain(line) for line in text.replace("\r\n", "\n").split("\n"))
    lines = [line.rstrip() for line in mask(plain).split("\n")]
    lines = [line for line in lines if line]
    if look.grep:
        matches = pattern(look.grep)
        lines = [line for line in lines if matches(line)]
    return lines[-look.shown :]


def newest(lines: Sequence[str], most: int) -> list[str]:
    """The last lines that fit `most` characters, each shortened; oldest first."""
    found: list[str] = []
    for line in reversed(lines):
        short = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
        most -= len(short) + 1
        if most < 0:
            break
        found.append(short)
    return found[::-1]


def _plain(line: str) -> str:
    """A line as a terminal shows it: of what was written over (progress bars), the last; without its codes."""
    if line.isascii() and line.isprintable():
        return line
    written = [part for part in line.split("\r") if part.strip()]
    return clean(written[-1]) if written else ""
