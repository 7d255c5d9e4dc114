"""Every message's layout: Jinja2 templates to Telegram's HTML, each of which a user may override by file name.

Autoescape is the one place where text becomes HTML: templates hold all the markup there is, and whatever they are
given is text, which is cleaned of what would disturb a line (terminal codes, bidi and invisible signs) on its way.
A user's template that fails is reported and ours is sent instead: no alert is lost to a typing mistake.
"""

import difflib
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import humanize
import structlog
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from bot.telegram.text import clean, width
from bot.telegram.text import clip as text_clip

TEMPLATES = Path(__file__).parent / "templates"

NO_BREAK = "\u00a0"


MONOSPACED = 27
"""Cells of a line in a block that a phone of 360 px does not wrap."""

log = structlog.get_logger(__name__)


class _Compiled(BytecodeCache):
    """What this process has compiled: the templates that stay the same are not compiled again at a reload."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get(bucket.key)
        if known is not None:
            bucket.bytecode_from_string(known)  # nothing, where the source is another now

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class TextInvalid(Exception):
    """A template can't be rendered; the message names the file and says what is wrong."""


class Texts:
    """The texts in force: ours, and the user's where a file of the same name is in their folder."""

    def __init__(self, zone: ZoneInfo, overrides: Path | None = None) -> None:
        self._zone = zone
        self._overrides = overrides
        ours = FileSystemLoader(TEMPLATES)
        self._ours = self._made(ours)
        self._theirs = self._made(ChoiceLoader([FileSystemLoader(overrides), ours])) if overrides else None

    def _made(self, loader: BaseLoader) -> SandboxedEnvironment:
        environment = SandboxedEnvironment(
            loader=loader,
            bytecode_cache=_COMPILED,
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_cleaned,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "clock": self.clock,
            "day": self.day,
            "duration": duration,
            "tight": tight,
            "ago": ago,
            "bars": bars,
            "cells": cells,
            "clip": clip,
            "title": title,
        }
        return environment

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The HTML of the message `name` (the file `name.html.j2`).

        Where the user's template fails, e.g. by asking for a value that there is not, the log says so and ours is
        used. Raises: TextInvalid when ours fails too.
        """
        if self._theirs is not None:
            try:
                return _rendered(self._theirs, name, values)
            except TextInvalid as error:
                log.warning("a text of the templates folder can't be used: ours is sent", problem=str(error))
        return _rendered(self._ours, name, values)

    def problems(self) -> list[str]:
        """What is wrong with the user's folder as far as can be told without rendering; reads every file in it."""
        if self._overrides is None:
            return []
        if not self._overrides.is_dir():
            return [f"{self._overrides}: is no folder"]
        return [
            problem
            for path in sorted(self._overrides.rglob("*"))
            if path.is_file() and (problem := self._problem(path))
        ]

    def _problem(self, path: Path) -> str:
        assert self._theirs is not None
        if path.suffix != ".j2":
            return ""
        if not (TEMPLATES / path.name).exists():
            names = sorted(each.name for each in TEMPLATES.glob("*.j2"))
            near = difflib.get_close_matches(path.name, names, n=1)
            return f"{path}: replaces no text of ours{f', did you mean {near[0]}?' if near else ''}"
        try:
            self._theirs.compile(path.read_text(), filename=str(path))
        except TemplateSyntaxError as error:
            return f"{path}, line {error.lineno}: {error.message}"
        except (OSError, ValueError) as error:
            return f"{path}: {error}"
        return ""

    def clock(self, at: datetime) -> Markup:
        """The time of day in the configured zone, which newer clients show in the reader's own."""
        local = at.astimezone(self._zone)
        return Markup('<tg-time unix="{}" format="t">{}</tg-time>').format(
            int(at.timestamp()), f"{local:%H:%M}"
        )

    def day(self, at: datetime) -> str:
        """Day and time in the configured zone, for what is older than today."""
        return f"{at.astimezone(self._zone):%d %b %H:%M}"


def _cleaned(value: Any) -> Any:
    """Every value on its way into a message: text is cleaned, markup and numbers are not text."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _rendered(environment: SandboxedEnvironment, name: str, values: Mapping[str, Any]) -> str:
    try:
        html = environment.get_template(f"{name}.html.j2").render(values)
    except Exception as error:  # whatever an expression in a template raises
        raise TextInvalid(f"{_where(error, name)}: {error}") from error
    return "\n".join(line.rstrip() for line in html.strip().splitlines())


def _where(error: Exception, name: str) -> str:
    """File and line of a template: Jinja puts the template's own lines into the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or name}, line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else f"{name}.html.j2"


def duration(seconds: float | timedelta) -> str:
    """`48s`, `3m 10s`, `2h 5m`, `3 days`."""
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{NO_BREAK}{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{NO_BREAK}{whole % 3600 // 60}m"
    return tight(humanize.naturaldelta(timedelta(seconds=whole)))


def ago(seconds: float) -> str:
    """`4 min ago`: only for screens that can be refreshed."""
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return tight(f"{int(seconds // 60)} min ago")
    return tight(humanize.naturaldelta(timedelta(seconds=seconds)) + " ago")


def tight(text: object) -> str:
    """Hold together what belongs together, so that a narrow screen does not break it."""
    return str(text).replace(" ", NO_BREAK)


def bars(workloads: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each workload: name, ready/desired and its bar, aligned, in at most 27 cells."""
    counts = [f"{each['ready']}/{each['desired']}" for each in workloads]
    longest = max(map(len, counts), default=0)
    room = MONOSPACED - 2 - longest - max((width(each["bar"]) for each in workloads), default=0)
    widest = min(room, max((width(str(each["name"])) for each in workloads), default=0))
    return [
        f"{cells(each['name'], widest)} {count:>{longest}} {each['bar']}"
        for each, count in zip(workloads, counts, strict=True)
    ]


def cells(text: object, wanted: int) -> str:
    """Pad or cut to `wanted` cells of a monospaced block, measured as a terminal would."""
    found = clip(text, wanted)
    return found + " " * (wanted - width(found))


def clip(text: object, most: int) -> str:
    """One line of at most `most` cells, with an ellipsis where something was cut."""
    return text_clip(clean(text, lines=False), most)


def title(text: object) -> str:
    """The first letter in upper case, the rest as it is; a version in front (`v1.2 failed`) keeps its own."""
    found = str(text)
    if any(sign.isdigit() for sign in found.partition(" ")[0]):
        return found
    return found[:1].upper() + found[1:]
