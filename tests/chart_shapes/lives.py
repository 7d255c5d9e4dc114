"""What is to become of a chart, as the YAML file beside it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

CHARTS = Path(__file__).parent / "charts"

GONE = "gone"
"""Instead of fields: there is no such object."""

_KEY = re.compile(r"\[(?P<name>[^]]+)\]|(?P<plain>[^.\[]+)")


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Stage(_Said):
    """One change of the release by the bot."""

    values: dict[str, Any] = {}
    """Laid over the chart's own."""
    plan: list[str] = []
    """What the plan says, as patterns."""
    button: str = ""
    """How the button that confirms it begins, where that is not the usual one."""
    loses: list[str] = []
    """What is asked about once more, since it goes for good."""
    told: list[str] = []
    """What the end says."""
    objects: dict[str, dict[str, Any] | str] = {}
    """What is in the cluster then: by "Kind/name" (before that "group/version" unless it is v1), fields by their
    paths: `spec.ports.0.port`, `data.[app.conf]`."""
    same: dict[str, str] = {}
    """By object a field that is as it was before."""


class Refused(_Said):
    """Values that nothing comes of."""

    values: dict[str, Any]
    told: list[str]


class Drifted(_Said):
    """What somebody does by hand, and what `/drift` says of it."""

    by_hand: list[list[str]]
    told: list[str]


class Uninstalled(Stage):
    """The release's removal."""

    kept: list[str] = []
    """Objects that are still there; all others of the release are gone."""


class Shape(_Said):
    """A chart and its life."""

    name: str
    about: str
    tests: bool = False
    aggregated: bool = False
    """Whether its kind is served by another server (`aggregating`)."""
    before: list[list[str]] = []
    """What an administrator does first, by kubectl."""
    cluster_wide: list[str] = []
    """What outlives the namespace and is removed at the end."""
    refused: list[Refused] = []
    deployed: Stage
    changed: Stage
    drifted: Drifted
    rolled_back: Stage
    uninstalled: Uninstalled = Field(default_factory=Uninstalled)
    never_said: list[str] = []
    """Texts that no message may have."""

    @property
    def chart(self) -> Path:
        return CHARTS / self.name


def shapes() -> Sequence[Shape]:
    """All of them."""
    return [
        Shape(name=path.stem, **yaml.safe_load(path.read_text())) for path in sorted(CHARTS.glob("*.yaml"))
    ]


def field(item: Any, path: str) -> Any:
    """What is at a path; None where there is nothing."""
    for key in _KEY.finditer(path):
        name = key["name"] or key["plain"]
        if isinstance(item, list):
            item = item[int(name)] if int(name) < len(item) else None
        else:
            item = (item or {}).get(name)
    return item
