"""What a person typed, cut into words: phones turn quotes and dashes into typographic ones, and dots follow.

What says nothing is left out: punctuation around words, arrows and emoji between them, wide letters' width.

Pure: which word is which argument is decided in bot.commands.arguments.
"""

import re
import shlex
import unicodedata
from dataclasses import dataclass, field, replace

from bot.telegram.text import clean

MOST_CHARACTERS = 1000
"""Longer input is no command: it is answered as such, with nothing parsed."""

_TYPOGRAPHIC = str.maketrans(
    {
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("‘’‚", "'"),
        **dict.fromkeys("–—", "--"),
        "‑": "-",
        "−": "-",
    }
)
_COMMAND = re.compile(
    r"(?:@(?P<before>[A-Za-z0-9_]{3,64})[:,]?\s+)?"  # people who mention the bot first, as they would a person
    r"/(?P<command>[A-Za-z0-9_]{1,64})(?:@(?P<after>[A-Za-z0-9_]{3,64}))?[.,:;!?…]*(?:\s|$)"
)
_AROUND = "()[]`*"
_BEHIND = f"{_AROUND}.,;:!?…"
_PAIR = re.compile(r"^(app|env|environment|version|revision)=(.+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """A command as typed: its name in lower case, whom it addresses, and its arguments."""

    command: str
    addressee: str | None
    positional: tuple[str, ...] = ()
    named: dict[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    """The `a.b=c` of every `--set`."""
    flags: tuple[str, ...] = ()
    """Words that begin with a dash and are no known option: refused, never passed on."""
    too_long: bool = False
    more: bool = False
    """Whether another command follows on a line of its own: several were pasted, and this is the first."""
    typed: tuple[str, ...] = field(default=(), compare=False)
    """The positional words as they were typed, for what is neither a name nor a version: a text to search for."""
    raw: str = field(default="", compare=False)
    """All that follows the command, as typed, for what is no list of arguments: a reason."""

    @property
    def whole(self) -> str:
        """The command as it was typed."""
        return f"/{self.command} {self.raw}".rstrip()


def read(text: str) -> Words | None:
    """The command in `text`, or None when it is not one."""
    first, more = _first(text)
    line = clean(first, lines=False)
    found = _COMMAND.match(line)
    if found is None:
        return None
    command, addressee = found["command"].lower(), found["after"] or found["before"]
    if len(text) > MOST_CHARACTERS:
        return Words(command, addressee, too_long=True)
    rest = line[found.end() :].strip()
    return replace(_sorted(command, addressee, _split(rest)), raw=rest, more=more)


def _first(text: str) -> tuple[str, bool]:
    """The text up to the line where another command begins, and whether there is one."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _COMMAND.match(clean(line, lines=False)) and any(each.strip() for each in lines[:number]):
            return "\n".join(lines[:number]), True
    return text, False


def _split(line: str) -> list[str]:
    plain = line.translate(_TYPOGRAPHIC)
    try:
        words = shlex.split(plain)
    except ValueError:  # a quote that is never closed is just a character
        words = plain.split()
    return [trimmed for word in words if (trimmed := word.strip().rstrip(".,"))]


def bare(word: str) -> str:
    """A word without what is typed around it; "" for what has neither letter nor digit."""
    bare = unicodedata.normalize("NFKC", word).lstrip(_AROUND).rstrip(_BEHIND)
    return bare if any(sign.isalnum() for sign in bare) else ""


def _sorted(command: str, addressee: str | None, words: list[str]) -> Words:
    named: dict[str, str] = {}
    sets: list[str] = []
    flags: list[str] = []
    typed: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--set":
            sets.append(next(rest, ""))
        elif word.startswith("--set="):
            sets.append(word.removeprefix("--set="))
        elif word.startswith("-") and word.strip("-"):
            flags.append(word)
        elif pair := _PAIR.match(word):
            named["environment" if pair[1].lower() == "env" else pair[1].lower()] = bare(pair[2])
        else:
            typed.append(word)
    positional = [plain for word in typed if (plain := bare(word))]
    return Words(command, addressee, tuple(positional), named, tuple(sets), tuple(flags), typed=tuple(typed))
