"""Every message's layout: Jinja2 templates to Telegram's HTML, each of which a user may override by file name.

Autoescape is the one place where text becomes HTML: templates hold all the markup there is, and whatever they are
given is text. Untrusted text is stripped of what would disturb a line before it gets there.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import humanize
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup
from wcwidth import wcswidth

TEMPLATES = Path(__file__).parent / "templates"

NO_BREAK = "\u00a0"


class TextInvalid(Exception):
    """A template can't be rendered; the message names the file and says what is wrong."""


class Texts:
    """The texts in force: ours, and the user's where a file of the same name is in their folder."""

    def __init__(self, zone: ZoneInfo, overrides: Path | None = None) -> None:
        folders = [overrides] if overrides is not None else []
        self._zone = zone
        self._environment = SandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, TEMPLATES)]),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "clock": self.clock,
            "day": self.day,
            "duration": duration,
            "tight": tight,
            "ago": ago,
            "cells": cells,
            "clip": clip,
            "title": title,
        }

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The HTML of the message `name` (the file `name.html.j2`).

        Raises: TextInvalid, e.g. when an override asks for a value that there is not.
        """
        try:
            html = self._environment.get_template(f"{name}.html.j2").render(values)
        except TemplateError as error:
            where = getattr(error, "filename", None) or f"{name}.html.j2"
            raise TextInvalid(f"{where}: {error.message or error}") from error
        return "\n".join(line.rstrip() for line in html.strip().splitlines())

    def clock(self, at: datetime) -> Markup:
        """The time of day in the configured zone, which newer clients show in the reader's own."""
        local = at.astimezone(self._zone)
        return Markup('<tg-time unix="{}" format="t">{}</tg-time>').format(
            int(at.timestamp()), f"{local:%H:%M}"
        )

    def day(self, at: datetime) -> str:
        """Day and time in the configured zone, for what is older than today."""
        return f"{at.astimezone(self._zone):%d %b %H:%M}"


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


def cells(text: object, width: int) -> str:
    """Pad or cut to `width` cells of a monospaced block, measured as a terminal would."""
    found = clip(text, width)
    return found + " " * (width - max(0, wcswidth(found)))


def clip(text: object, width: int) -> str:
    """Cut to `width` cells, with an ellipsis where something was cut."""
    found = " ".join(str(text).split())
    if wcswidth(found) <= width:
        return found
    while found and wcswidth(found) > width - 1:
        found = found[:-1]
    return f"{found.rstrip()}…"


def title(text: object) -> str:
    """The first letter in upper case, the rest as it is: names keep theirs."""
    found = str(text)
    return found[:1].upper() + found[1:]
