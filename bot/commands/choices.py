"""Buttons as a handler asks for them, and how they are laid out on a phone.

A choice names a declared button and its arguments; what Telegram carries is a token made when it is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.telegram.messages import Style
from bot.telegram.text import width

MOST = 8
"""Buttons in a message: more is a list, which wants [More]."""

THREE_IN_A_ROW = 11
TWO_IN_A_ROW = 16
"""Cells that a label may have to share a row of a phone's width with two others, or one (measured at 360 px)."""

MOST_COPIED = 256
"""Characters that a button may put on the clipboard (Bot API, CopyTextButton)."""

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Choice:
    """One button: `button` is the name it was declared under, `arguments` are its handler's.

    It is bound to the person who asked, unless `anyone` with the right may press it.
    """

    label: str
    button: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    style: Style | None = None
    app: str | None = None
    environment: str | None = None
    anyone: bool = False
    lifetime: timedelta = LIFETIME
    copy: str = ""
    """What it puts on the clipboard instead of asking the bot for anything: 256 characters at most."""


def run(
    label: str, command: str, style: Style | None = None, *, fresh: bool = False, skip: int = 0
) -> Choice:
    """A button that does what typing `command` would: for whoever presses it, by their own rights.

    Below a message that must stay as it is, such as a result, the answer is a `fresh` message. `skip` is how many
    entries of a long list come before the ones that are asked for.
    """
    return Choice(label, "run", {"command": command, "fresh": fresh, "skip": skip}, style, anyone=True)


def copying(label: str, text: str) -> list[Choice]:
    """A button that copies `text`; none where it is longer than Telegram lets one copy."""
    return [Choice(label, "", copy=text)] if len(text) <= MOST_COPIED else []


def laid_out(choices: Sequence[Choice]) -> list[list[Choice]]:
    """Rows: a recommended button alone first, a dangerous one alone last, the others as many as fit."""
    first = [[choice] for choice in choices if choice.style in ("primary", "success")]
    last = [[choice] for choice in choices if choice.style == "danger"]
    rows: list[list[Choice]] = []
    for choice in choices:
        if choice.style is not None:
            continue
        if rows and _fit([*rows[-1], choice]):
            rows[-1].append(choice)
        else:
            rows.append([choice])
    return first + rows + last


def _fit(row: Sequence[Choice]) -> bool:
    widest = max(width(choice.label) for choice in row)
    return (len(row) <= 3 and widest <= THREE_IN_A_ROW) or (len(row) <= 2 and widest <= TWO_IN_A_ROW)
