"""Answers to what can't be run as it was typed: what is wrong, and one button with the whole command as it was most
likely meant, because tapping a command in a text drops its arguments.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.commands.arguments import Wrong, bind, nearest, retyped
from bot.commands.ask import Ask
from bot.commands.choices import run
from bot.commands.declaring import COMMANDS
from bot.commands.words import Words, read

NOTHING_ELSE: dict[str, Any] = {"where": "", "quote": "", "unchanged": False}
"""What a plain problem's message leaves out."""

LONGEST_LABEL = 60
"""Characters of a command on its button; what is run is the whole of it."""


async def explain(ask: Ask, wrong: Wrong, *corrected: str) -> None:
    """Say what is wrong, with a button for each command that may have been meant."""
    meant = dict.fromkeys(filter(None, (wrong.corrected, *corrected)))
    choices = [run(command[:LONGEST_LABEL], command) for command in meant]
    await ask.show("problem", choices, words=wrong.words, advice=wrong.detail, **NOTHING_ELSE)


async def explain_unknown(ask: Ask, words: Words, usable: Iterable[str]) -> None:
    """Answer a command that there is not; `usable` are the names of those that the person may use."""
    near = nearest(words.command, usable)
    unknown = f"Unknown command /{words.command}"
    if near is None:
        await explain(ask, Wrong(unknown, "See /help"))
        return
    await explain(ask, Wrong(unknown, f"Did you mean /{near}?", _whole(ask, replace(words, command=near))))


async def explain_nowhere(ask: Ask, words: Words, app: str, environment: str) -> None:
    """Answer a command for an environment where the app does not run."""
    where = list(ask.config.apps[app].environments)
    corrected = [
        retyped(words, {word: each for word in _all(words) if word.lower() == environment.lower()})
        for each in where
        if ask.may("app.view", app, each).allowed
    ]
    wrong = Wrong(f"{app} does not run in {environment}", f"It runs in: {', '.join(where)}")
    await explain(ask, wrong, *corrected if words.positional or words.named else ())


async def explain_edited(ask: Ask, words: Words) -> None:
    """Answer a command in a message that was changed after it had been acted on, or of which nothing is known."""
    wrong = Wrong("That message was edited", "To run it as it says now:", words.whole)
    await explain(ask, wrong)


def without_slash(text: str) -> Words | None:
    """The command in a text that only lacks its slash, or has a blank behind it; None where there is none."""
    words = read("/" + text.lstrip().lstrip("/").lstrip())
    return words if words is not None and words.command in COMMANDS else None


async def explain_slash(ask: Ask, words: Words) -> None:
    """Answer a command without its slash."""
    await explain(ask, Wrong("Commands begin with a slash", "Did you mean this?", _whole(ask, words)))


def _whole(ask: Ask, words: Words) -> str:
    """The command with its arguments corrected too, so that nobody is corrected twice."""
    visible = {target.app.name for target in ask.targets("app.view")}
    bound = bind(words, COMMANDS[words.command], ask.config, visible)
    return (bound.corrected if isinstance(bound, Wrong) else None) or words.whole


def _all(words: Words) -> Iterable[str]:
    return (*words.positional, *words.named.values())
