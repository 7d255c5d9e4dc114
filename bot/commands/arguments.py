"""Words to arguments: each word is recognised by its kind (a known app or environment first, the rest a version).

Pure. What is missing is asked for by bot.commands.pickers; what is wrong is answered with the nearest names.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NewType

from rapidfuzz import fuzz, process

from bot.commands.declaring import Declared, Parameter
from bot.commands.words import Words, bare
from bot.config import App, Config, Environment
from bot.telegram.text import clip

Version = NewType("Version", str)
Revision = NewType("Revision", int)
GitRef = NewType("GitRef", str)
"""A branch, tag or commit."""

OperationId = NewType("OperationId", str)
Rest = NewType("Rest", tuple[str, ...])
"""Every word that no other argument takes, in order: what they mean is decided by the command."""

NO_REST = Rest(())
Reason = NewType("Reason", str)
"""All that follows the leading names, as it was typed: people's own words are no arguments."""

NEAR = 60
"""How alike, of 100, a known name must be to be proposed for a mistyped one."""

ALIKE = 80
"""The same where the word may as well be something else, such as a pod or a text to search for."""

SHORTEST_BEGINNING = 3
"""Letters that are enough to propose the one name that begins with them: `prod` for production."""

LONGEST_ECHO = 40
"""Cells of a wrong word that are said back."""

BETWEEN = frozenset({"to", "in", "on", "at", "into", "onto", "the", "and", "please"})
"""Words of a sentence around the arguments: `v1.2 to staging`."""

_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
"""An image tag (OCI distribution specification) or a chart's version: no path, no option, no markup."""

_GIT_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@+#-]{0,249}")
"""What may be a ref at all: git itself has the last word (git-check-ref-format(1)), and never sees an option."""

_MENTION = re.compile(r"@[A-Za-z0-9_]{3,64}")
"""Somebody who should read it too."""

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
    if words.more:
        return Wrong("One command in a message", "Send each of them by itself", retyped(words))
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
        self.misspelt: dict[str, tuple[str, str]] = {}
        """Words that are no known names: the kind of name that each may have been meant for, and that name."""

    def bind(self) -> Bound | Wrong:
        wrong = self._sets()
        for name, value in self.words.named.items():
            wrong = wrong or self._named(name, value)
        words = self._apart() if self.declared.takes(Rest) is None else self.words.typed
        for word in [word for word in words if not self._is_name(bare(word))]:
            wrong = wrong or self._word(word)
        if wrong is None and self.misspelt:
            return self._misspelt()
        return wrong or self.bound

    def _apart(self) -> Iterator[str]:
        """The words, `shop:v1.2` as the two that it is."""
        for word in self.words.positional:
            both = re.split("[:@=]", word, maxsplit=1)
            yield from both if len(both) == 2 and both[1] and both[0].lower() in self.apps else (word,)

    def bind_names_and(self, reason: Parameter) -> Bound | Wrong:
        """Take the names that lead, and all the rest for the reason."""
        rest = right = self.words.raw
        while rest:
            word, *after = rest.split(maxsplit=1)
            name = bare(word)
            if not self._is_name(name):
                near = self._near(name, self._nameless()) if self._required_nameless() else None
                if near is None:
                    break
                self._meant(near[0], name, near[1])
                right = right.replace(word, near[1], 1)
            rest = after[0] if after else ""
        if self.misspelt:
            return replace(self._misspelt(), corrected=f"/{self.words.command} {right}")
        if rest and (missing := self._required_nameless()):
            kind = "app" if missing[-1].type is App else "environment"
            return _unknown_name(kind, rest.split()[0], self._known(kind).values())
        if rest:
            self.bound.values[reason.name] = Reason(rest)
        return self.bound

    def _nameless(self) -> dict[Any, str]:
        """The kinds of names that may still be given, with their parameters."""
        found = (self.declared.takes(kind) for kind in (App, Environment))
        return {each.type: each.name for each in found if each and each.name not in self.bound.values}

    def _required_nameless(self) -> list[Parameter]:
        """The names that have to be given yet."""
        return [each for each in self.bound.missing(self.declared) if each.type in (App, Environment)]

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
            near = nearest(value, known.values())
            if near is None:
                return _unknown_name(name, value, known.values())
            self._meant(name, value, near)
            return None
        if name == "revision" and not _REVISION.fullmatch(value):
            return self._no_revision(value)
        if name == "version" and not _VERSION.fullmatch(value):
            return self._no_version(value)
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
            if near := self._near(word, free, ALIKE):
                self._meant(near[0], word, near[1])
                return None
            self.bound.values[rest.name] = Rest((*self.bound.values.get(rest.name, ()), word))
            return None
        if word.lower() in BETWEEN or _MENTION.fullmatch(word):
            return None
        if wrong := self._misplaced(word):
            return wrong
        if Revision in free and _has_digit(word):
            if not _REVISION.fullmatch(word):
                return self._no_revision(word)
            kind: Any = Revision
        elif OperationId in free:
            kind = OperationId
        elif near := self._near(word, free):
            self._meant(near[0], word, near[1])
            return None
        elif kind_left := self._name_wanted(word, free):
            return _unknown_name(kind_left, word, self._known(kind_left).values())
        elif Version in free or GitRef in free:
            kind = Version if Version in free else GitRef
        else:
            corrected = retyped(self.words, self._right(), without=word)
            return Wrong(
                f'"{_echo(word)}" is one word too many', f"Example: {self.declared.example}", corrected
            )
        if wrong := self._malformed(kind, word):
            return wrong
        self.bound.values[free[kind]] = self._value(kind, word)
        return None

    def _malformed(self, kind: Any, word: str) -> Wrong | None:
        """Why a word can't be what it stands for."""
        if kind is Version and not _VERSION.fullmatch(word):
            return self._no_version(word)
        if kind is GitRef and not _GIT_REF.fullmatch(word):
            return Wrong(f'"{_echo(word)}" is no branch, tag or commit', f"Example: {self.declared.example}")
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

    def _known(self, kind: str) -> dict[str, str]:
        return self.apps if kind == "app" else self.environments

    def _near(self, word: str, free: dict[Any, str], least: float = 0) -> tuple[str, str] | None:
        """The kind and the name that a word was most likely meant for; None for what looks like a version."""
        if _has_digit(word):
            return None
        found = [
            (kind, near)
            for kind, type_ in (("app", App), ("environment", Environment))
            if type_ in free
            and (near := nearest(word, self._known(kind).values()))
            and fuzz.ratio(word.lower(), near.lower()) >= least
        ]
        return max(found, key=lambda each: fuzz.ratio(word.lower(), each[1].lower()), default=None)

    def _name_wanted(self, word: str, free: dict[Any, str]) -> str | None:
        """The kind of name that a word which is near none must have been meant for; None if it may be a version."""
        if Revision in free or (Version in free and not self._other_is_version(word)):
            return None
        kinds = (("app", App), ("environment", Environment))
        return next((kind for kind, type_ in kinds if type_ in free), None)

    def _other_is_version(self, word: str) -> bool:
        """Whether another word looks more like a version than this one does."""
        known = {*self.apps, *self.environments}
        others = (each for each in self.words.positional if each != word and each.lower() not in known)
        return not _has_digit(word) and any(map(_has_digit, others))

    def _meant(self, kind: str, word: str, near: str) -> None:
        """Take a misspelt word for a name: others may be misspelt too, and one answer corrects them all."""
        self.misspelt[word] = (kind, near)
        type_: Any = App if kind == "app" else Environment
        parameter = self.declared.takes(type_)
        if parameter is not None:
            self.bound.values[parameter.name] = self._value(type_, near)

    def _right(self) -> dict[str, str]:
        return {word: near for word, (_, near) in self.misspelt.items()}

    def _misspelt(self) -> Wrong:
        """What is said of misspelt names, and the command with all of them right."""
        said = [f'no {kind} "{_echo(word)}"' for word, (kind, _) in self.misspelt.items()]
        kind, near = next(iter(self.misspelt.values()))
        detail = (
            _nearest_line(near, self._known(kind).values())
            if len(said) == 1
            else f"Nearest: {', '.join(self._right().values())}"
        )
        heading = ", ".join(said)
        return Wrong(heading[0].upper() + heading[1:], detail, retyped(self.words, self._right()))

    def _no_revision(self, word: str) -> Wrong:
        """People know versions; which revision had one is told by the history."""
        named = {name: value for name, value in self.words.named.items() if value != word}
        history = retyped(replace(self.words, command="history", named=named), self._right(), without=word)
        return Wrong(
            f'"{_echo(word)}" is no revision', "A revision is a number, as /history shows it", history
        )

    def _no_version(self, word: str) -> Wrong:
        """A comma is beside the dot on a phone."""
        dotted = word.replace(",", ".")
        right = {**self._right(), word: dotted}
        corrected = retyped(self.words, right) if _VERSION.fullmatch(dotted) else None
        return replace(_no_version(word), corrected=corrected)

    def _not_taken(self, what: str) -> Wrong:
        return Wrong(f"/{self.declared.name} takes no {what}", f"Example: {self.declared.example}")


def _unknown_name(kind: str, word: str, known: Iterable[str]) -> Wrong:
    names = sorted(known)
    return Wrong(f'No {kind} "{_echo(word)}"', _nearest_line(nearest(word, names), names))


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


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


def retyped(words: Words, right: Mapping[str, str] | None = None, *, without: str = "") -> str:
    """The whole command as it would be typed, with what is `right` for wrong words, and one of them left out."""
    known = right or {}
    rest = [shlex.quote(known.get(word, word)) for word in words.positional if word != without]
    named = [f"{name}={shlex.quote(known.get(value, value))}" for name, value in words.named.items()]
    sets = [f"--set {shlex.quote(pair)}" for pair in words.sets]
    return " ".join([f"/{words.command}", *rest, *named, *sets])
