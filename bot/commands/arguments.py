"""Words to arguments: each word is recognised by its kind (a known app or environment first, the rest a version).

Pure. What is missing is asked for by bot.commands.pickers; what is wrong is answered with the nearest names.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NewType

from rapidfuzz import fuzz, process

from bot.commands.declaring import Declared, Parameter
from bot.commands.words import Words
from bot.config import App, Config, Environment
from bot.telegram.text import clip

Version = NewType("Version", str)
Revision = NewType("Revision", int)
OperationId = NewType("OperationId", str)
Rest = NewType("Rest", tuple[str, ...])
"""Every word that no other argument takes, in order: what they mean is decided by the command."""

NO_REST = Rest(())
Reason = NewType("Reason", str)
"""All that follows the leading names, as it was typed: people's own words are no arguments."""

NEAR = 60
"""How alike, of 100, a known name must be to be proposed for a mistyped one."""

SHORTEST_BEGINNING = 3
"""Letters that are enough to propose the one name that begins with them: `prod` for production."""

LONGEST_ECHO = 40
"""Cells of a wrong word that are said back."""

_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
"""An image tag (OCI distribution specification) or a chart's version: no path, no option, no markup."""

_REVISION = re.compile(r"[1-9][0-9]{0,8}")
"""Helm counts revisions from 1 and takes 0 for "the one before"."""


@dataclass(frozen=True)
class Sets:
    """The `--set key=value` of a command, in order."""

    pairs: tuple[tuple[str, str], ...] = ()


NO_SETS = Sets()


@dataclass(frozen=True)
class Wrong:
    """Why the words don't make the command; `corrected` is the whole command as it may have been meant."""

    words: str
    detail: str = ""
    corrected: str | None = None


@dataclass
class Bound:
    """The arguments found so far, by parameter name."""

    values: dict[str, Any] = field(default_factory=dict)

    def missing(self, declared: Declared) -> list[Parameter]:
        """The required parameters that have no value yet."""
        return [each for each in declared.parameters if each.required and each.name not in self.values]


def bind(words: Words, declared: Declared, config: Config, visible: Iterable[str]) -> Bound | Wrong:
    """Match `words` to the parameters of a command.

    `visible` are the names of the apps that this person may see: others are neither confirmed nor proposed.
    """
    if words.too_long:
        return Wrong("That is too long for a command", "At most 1,000 characters")
    binder = _Binder(words, declared, config, visible)
    reason = declared.takes(Reason)
    if reason is not None:
        return binder.bind_names_and(reason)
    if words.flags:
        return Wrong(f"Unknown option {_echo(words.flags[0])}", f"Example: {declared.example}")
    return binder.bind()


class _Binder:
    """The state of one matching."""

    def __init__(self, words: Words, declared: Declared, config: Config, visible: Iterable[str]) -> None:
        self.words = words
        self.declared = declared
        self.config = config
        seen = set(visible)
        self.apps = {name.lower(): name for name in config.apps if name in seen}
        self.environments = {name.lower(): name for name in config.environments}
        self.bound = Bound()

    def bind(self) -> Bound | Wrong:
        wrong = self._sets()
        for name, value in self.words.named.items():
            wrong = wrong or self._named(name, value)
        for word in [word for word in self.words.positional if not self._is_name(word)]:
            wrong = wrong or self._word(word)
        return wrong or self.bound

    def bind_names_and(self, reason: Parameter) -> Bound | Wrong:
        """Take the names that lead, and all the rest for the reason."""
        rest = self.words.raw
        while rest:
            word, *after = rest.split(maxsplit=1)
            if not self._is_name(word.rstrip(".,")):
                break
            rest = after[0] if after else ""
        nameless = [each for each in self.bound.missing(self.declared) if each.type in (App, Environment)]
        if rest and nameless:
            return self._no_name(rest.split()[0])
        if rest:
            self.bound.values[reason.name] = Reason(rest)
        return self.bound

    def _no_name(self, word: str) -> Wrong:
        """A word that stands where a name should."""
        kinds: list[tuple[str, Any, dict[str, str]]] = [
            ("app", App, self.apps),
            ("environment", Environment, self.environments),
        ]
        missing = [
            (kind, known)
            for kind, type_, known in kinds
            if (parameter := self.declared.takes(type_)) and parameter.name not in self.bound.values
        ]
        for kind, known in missing:
            if near := nearest(word, known.values()):
                corrected = f"/{self.words.command} {self.words.raw.replace(word, near, 1)}"
                return Wrong(f'No {kind} "{_echo(word)}"', _nearest_line(near, known.values()), corrected)
        kind, known = missing[-1]
        return _unknown_name(kind, word, known.values())

    def _sets(self) -> Wrong | None:
        parameter = self.declared.takes(Sets)
        if parameter is None:
            return self._not_taken("--set") if self.words.sets else None
        pairs = []
        for text in self.words.sets:
            key, separator, value = text.partition("=")
            if not separator or not key:
                return Wrong("--set takes key=value", "Example: --set web.replicas=3")
            pairs.append((key, value))
        self.bound.values[parameter.name] = Sets(tuple(pairs))
        return None

    def _named(self, name: str, value: str) -> Wrong | None:
        kinds: dict[str, Any] = {
            "app": App,
            "environment": Environment,
            "version": Version,
            "revision": Revision,
        }
        parameter = self.declared.takes(kinds[name])
        if parameter is None:
            return self._not_taken(name)
        known = {"app": self.apps, "environment": self.environments}.get(name)
        if known is not None and value.lower() not in known:
            return _unknown_name(name, value, known.values())
        if name == "revision" and not _REVISION.fullmatch(value):
            return Wrong(f'"{_echo(value)}" is no revision', "A revision is a number, as /history shows it")
        if name == "version" and not _VERSION.fullmatch(value):
            return _no_version(value)
        self.bound.values[parameter.name] = self._value(parameter.type, value)
        return None

    def _is_name(self, word: str) -> bool:
        """Take the word if it names an app or environment that is still wanted: names are known, so they go first."""
        for kind, known in ((App, self.apps), (Environment, self.environments)):
            parameter = self.declared.takes(kind)
            if parameter and parameter.name not in self.bound.values and word.lower() in known:
                self.bound.values[parameter.name] = self._value(kind, word)
                return True
        return False

    def _word(self, word: str) -> Wrong | None:
        """Give a word that is no known name to the first free parameter of its kind."""
        free = {
            each.type: each.name for each in self.declared.parameters if each.name not in self.bound.values
        }
        rest = self.declared.takes(Rest)
        if rest is not None:
            self.bound.values[rest.name] = Rest((*self.bound.values.get(rest.name, ()), word))
            return None
        if wrong := self._misplaced(word):
            return wrong
        if Revision in free and _REVISION.fullmatch(word):
            kind: Any = Revision
        elif OperationId in free:
            kind = OperationId
        elif wrong := self._mistyped(word, free):
            return wrong
        elif Version in free:
            kind = Version
        else:
            return Wrong(f'"{_echo(word)}" is one word too many', f"Example: {self.declared.example}")
        if kind is Version and not _VERSION.fullmatch(word):
            return _no_version(word)
        self.bound.values[free[kind]] = self._value(kind, word)
        return None

    def _misplaced(self, word: str) -> Wrong | None:
        """A second name of a kind that takes one, or a pair that needs `--set`."""
        for what, kind, known in (("app", App, self.apps), ("environment", Environment, self.environments)):
            if self.declared.takes(kind) and word.lower() in known:
                return Wrong(f"/{self.declared.name} takes one {what}", f"Example: {self.declared.example}")
        key, separator, _ = word.partition("=")
        if separator:
            sets = "Values are set by --set key=value" if self.declared.takes(Sets) else ""
            return Wrong(f'No argument "{_echo(key)}"', sets or f"Example: {self.declared.example}")
        return None

    def _value(self, kind: Any, word: str) -> Any:
        if kind is App:
            return self.config.apps[self.apps[word.lower()]]
        if kind is Environment:
            return self.config.environments[self.environments[word.lower()]]
        return Revision(int(word)) if kind is Revision else word

    def _mistyped(self, word: str, free: dict[Any, str]) -> Wrong | None:
        """A word that can only be a mistyped name: it looks like one, or nothing else is wanted."""
        wanted: list[tuple[str, Any, dict[str, str]]] = [
            ("app", App, self.apps),
            ("environment", Environment, self.environments),
        ]
        open_kinds = [(kind, known) for kind, type_, known in wanted if type_ in free]
        for kind, known in open_kinds:
            near = nearest(word, known.values())
            if near is not None and not any(character.isdigit() for character in word):
                corrected = retyped(self.words, word, near)
                return Wrong(f'No {kind} "{_echo(word)}"', _nearest_line(near, known.values()), corrected)
        if open_kinds and Version not in free and Revision not in free:
            kind, known = open_kinds[0]
            return _unknown_name(kind, word, known.values())
        return None

    def _not_taken(self, what: str) -> Wrong:
        return Wrong(f"/{self.declared.name} takes no {what}", f"Example: {self.declared.example}")


def _unknown_name(kind: str, word: str, known: Iterable[str]) -> Wrong:
    names = sorted(known)
    return Wrong(f'No {kind} "{_echo(word)}"', _nearest_line(nearest(word, names), names))


def _no_version(word: str) -> Wrong:
    return Wrong(f'"{_echo(word)}" is no version', "A version is a tag, such as v1.2")


def _echo(word: str) -> str:
    return clip(word, LONGEST_ECHO)


def _nearest_line(near: str | None, known: Iterable[str]) -> str:
    yours = ", ".join(sorted(known)[:10]) or "none"
    return f"Nearest: {near}. Yours: {yours}" if near else f"Yours: {yours}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `word` or the only one that begins with it; None when none is near."""
    names = sorted(known)
    begun = [name for name in names if name.lower().startswith(word.lower())]
    if len(begun) == 1 and len(word) >= SHORTEST_BEGINNING:
        return begun[0]
    found = process.extractOne(word, names, scorer=fuzz.ratio, processor=str.lower, score_cutoff=NEAR)
    return str(found[0]) if found is not None else None


def retyped(words: Words, wrong: str = "", right: str = "") -> str:
    """The whole command as it would be typed, with `right` for the word `wrong`."""
    rest = [shlex.quote(right if word == wrong else word) for word in words.positional]
    named = [f"{name}={shlex.quote(value)}" for name, value in words.named.items()]
    sets = [f"--set {shlex.quote(pair)}" for pair in words.sets]
    return " ".join([f"/{words.command}", *rest, *named, *sets])
