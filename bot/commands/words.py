"""What a person typed, cut into words: phones turn quotes and dashes into typographic ones, and dots follow.

Pure: which word is which argument is decided in bot.commands.arguments.
"""

import re
import shlex
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
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,64}))?[.,]?(?:\s|$)")
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
    raw: str = field(default="", compare=False)
    """All that follows the command, as typed, for what is no list of arguments: a reason."""


def read(text: str) -> Words | None:
    """The command in `text`, or None when it is not one."""
    line = clean(text, lines=False)
    found = _COMMAND.match(line)
    if found is None:
        return None
    command, addressee = found[1].lower(), found[2]
    if len(text) > MOST_CHARACTERS:
        return Words(command, addressee, too_long=True)
    rest = line[found.end() :].strip()
    return replace(_sorted(command, addressee, _split(rest)), raw=rest)


def _split(line: str) -> list[str]:
    plain = line.translate(_TYPOGRAPHIC)
    try:
        words = shlex.split(plain)
    except ValueError:  # a quote that is never closed is just a character
        words = plain.split()
    return [trimmed for word in words if (trimmed := word.strip().rstrip(".,"))]


def _sorted(command: str, addressee: str | None, words: list[str]) -> Words:
    positional: list[str] = []
    named: dict[str, str] = {}
    sets: list[str] = []
    flags: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--set":
            sets.append(next(rest, ""))
        elif word.startswith("--set="):
            sets.append(word.removeprefix("--set="))
        elif word.startswith("-"):
            flags.append(word)
        elif pair := _PAIR.match(word):
            named["environment" if pair[1].lower() == "env" else pair[1].lower()] = pair[2]
        else:
            positional.append(word)
    return Words(command, addressee, tuple(positional), named, tuple(sets), tuple(flags))
