"""Conversations as files: what people say and press, what they should see, and what goes wrong meanwhile.

A script is a YAML list of steps, each one mapping; the classes below are its whole grammar. Playing one is
left to `player`. A script that cannot be understood is refused whole, before anything starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from bot.sandbox.seeing import levelled

_DURATION: Final = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
WITHIN: Final = 15.0
"""Seconds that an expectation has unless it says otherwise."""


class ScriptInvalid(Exception):
    """A script cannot be understood; the message says where and why, one problem a line."""


def _seconds(value: object) -> float:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError("duration", "should be a duration such as 3s, 1.5s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def _compiles(text: str) -> str:
    try:
        re.compile(levelled(text))
    except re.error as error:
        raise PydanticCustomError(
            "regex", "is no regular expression: {reason}", {"reason": str(error)}
        ) from error
    return text


Seconds = Annotated[float, BeforeValidator(_seconds)]
Pattern = Annotated[str, AfterValidator(_compiles)]
Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Acted(_Strict):
    """Someone, somewhere. `who` and `where` are keys of people and chats; `private` is that person's own."""

    who: Text = Field(alias="as")
    where: Text = Field(alias="in")
    topic: Text | None = None
    """The name of a forum's topic; None is General for what is said, and any for what is looked for."""
    needs: Text | None = None
    """A program without which this machine can't do what it is about: the step is left out there."""


class Say(_Acted):
    """Someone writes a message."""

    say: Text


class Press(_Acted):
    """Someone presses the newest button in that chat whose label begins so, in any case."""

    press: Text


class Reply(_Acted):
    """Someone answers the bot's newest message in that chat."""

    reply: Text


class Conditions(_Strict):
    """What is expected, all of it of one and the same message; or nothing at all, for so long."""

    text: Pattern | None = None
    """Found in the text as people see it; `^` and `$` are the ends of its lines."""
    lacks: Pattern | None = Field(default=None, alias="not")
    """Not found in it."""
    buttons: tuple[Text, ...] | None = None
    """For each of these a button whose label begins so, in any case."""
    toast: Pattern | None = None
    """Found in the answer to the last press."""
    sound: bool | None = None
    """Whether it came with a sound since the last act: edits are always silent."""
    topic: Text | None = None
    within: Seconds = WITHIN
    nothing: Seconds | None = None
    """Instead of all others: no message comes or changes for that many seconds."""

    @model_validator(mode="after")
    def _says_something(self) -> Conditions:
        named = self.model_fields_set - {"within"}
        if not named:
            raise PydanticCustomError("no_condition", "names no condition, e.g. text or buttons")
        if "nothing" in named and self.model_fields_set != {"nothing"}:
            raise PydanticCustomError("nothing_else", "nothing stands alone")
        return self

    @property
    def of_a_message(self) -> bool:
        """Whether any condition is about a message, and not only about the toast."""
        return bool(self.model_fields_set - {"within", "toast", "nothing"})


class Expect(_Acted):
    """Someone looks at a chat."""

    expect: Conditions


class Image(_Strict):
    """What an image does from now on; its tag is added to the registry where it is missing."""

    image: Annotated[str, Field(pattern=r"^[^/\s]+/[^\s:@]+:[^\s:@]+$")]
    behaves: Literal["ok", "crash", "oom", "slow", "broken"] = "ok"


class ClusterDown(_Strict):
    """The cluster's API refuses connections: that of one of the configuration's clusters, or of all."""

    down: Seconds
    name: Text | None = None


class Delete(_Strict):
    """Somebody deletes objects by hand: `kind/name`, the name a glob."""

    delete: Annotated[str, Field(pattern=r"^[A-Za-z]+/\S+$")]
    namespace: Text | None = None


class Upgrade(_Strict):
    """Somebody upgrades a release by hand, with what it was given and these values over it."""

    upgrade: Text
    environment: Text
    values: Mapping[str, Any] = Field(default_factory=dict)
    description: Text | None = None


class Mark(_Strict):
    """Another tool puts its marks on objects: `kind/name`, the name a glob."""

    mark: Annotated[str, Field(pattern=r"^[A-Za-z]+/\S+$")]
    namespace: Text
    labels: Mapping[str, str] = Field(default_factory=dict)
    annotations: Mapping[str, str] = Field(default_factory=dict)


class Swapped(_Strict):
    """Another cluster answers at the address: its kube-system has this UID."""

    uid: Text


class Refuse(_Strict):
    """Telegram answers every call with this error code."""

    refuse: int = Field(ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=1)
    lasting: Seconds = Field(alias="for")


class TelegramDown(_Strict):
    """Telegram breaks every connection."""

    down: Seconds


class Cluster(_Strict):
    """Something happens to the cluster."""

    cluster: Image | ClusterDown | Delete | Upgrade | Mark | Swapped


class Telegram(_Strict):
    """Something happens to Telegram."""

    telegram: Refuse | TelegramDown


class Bot(_Strict):
    """The bot's process dies as by -9 and is started again."""

    bot: Literal["kill"]


class Wait(_Strict):
    """Time passes."""

    wait: Seconds


Step = Say | Press | Reply | Expect | Cluster | Telegram | Bot | Wait

_BY_KEY: Final[Mapping[str, type[Step]]] = {
    "say": Say,
    "press": Press,
    "reply": Reply,
    "expect": Expect,
    "cluster": Cluster,
    "telegram": Telegram,
    "bot": Bot,
    "wait": Wait,
}
_CHOICES: Final[Mapping[str, Mapping[str, type[_Strict]]]] = {
    "cluster": {
        "image": Image,
        "down": ClusterDown,
        "delete": Delete,
        "upgrade": Upgrade,
        "mark": Mark,
        "uid": Swapped,
    },
    "telegram": {"refuse": Refuse, "down": TelegramDown},
}


@dataclass(frozen=True)
class Numbered:
    """A step with its place: `number` counts from 1, `line` is the file's."""

    number: int
    line: int
    step: Step
    raw: Mapping[str, Any] = field(repr=False)
    """As the file has it."""

    def __str__(self) -> str:
        return yaml.safe_dump(
            dict(self.raw), default_flow_style=True, allow_unicode=True, width=10**6
        ).strip()


def read_script(path: Path) -> list[Numbered]:
    """The steps of a script.

    Raises: ScriptInvalid with every problem of it; OSError where it cannot be read.
    """
    return parse_script(path.read_text(encoding="utf-8"), str(path))


def parse_script(text: str, name: str = "script") -> list[Numbered]:
    """The steps in `text`; `name` is what problems call it.

    Raises: ScriptInvalid.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScriptInvalid(f"{name} is not valid YAML: {error}") from error
    if not isinstance(content, list) or not isinstance(root, yaml.SequenceNode):
        raise ScriptInvalid(f"{name} should be a list of steps")
    steps, problems = [], []
    for number, (node, raw) in enumerate(zip(root.value, content, strict=True), start=1):
        line = node.start_mark.line + 1
        try:
            steps.append(Numbered(number, line, _step(raw), raw))
        except ValidationError as error:
            problems += [f"{name}:{line}: step {number}: {problem}" for problem in _problems(error)]
        except ValueError as error:
            problems.append(f"{name}:{line}: step {number}: {error}")
    if problems:
        raise ScriptInvalid("\n".join(problems))
    return steps


def _step(raw: object) -> Step:
    kind = _only(raw, _BY_KEY, "a step")
    assert isinstance(raw, dict)
    if kind in _CHOICES:  # chosen by key, so that a mistake is told of that one alone
        chosen = _only(raw[kind], _CHOICES[kind], kind)
        inner = _CHOICES[kind][chosen].model_validate(raw[kind])
        return _BY_KEY[kind].model_validate({**raw, kind: inner})
    return _BY_KEY[kind].model_validate(raw)


def _only(raw: object, known: Mapping[str, object], what: str) -> str:
    """The one key of `raw` that says what it is. Raises: ValueError."""
    found = [key for key in known if isinstance(raw, dict) and key in raw]
    if len(found) != 1:
        raise ValueError(f"{what} should be a mapping with one of {', '.join(known)}, not {raw!r}")
    return found[0]


def _problems(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in each['loc']) or 'it'}: {each['msg']}" for each in error.errors()
    ]
