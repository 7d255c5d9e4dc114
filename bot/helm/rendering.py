"""What a chart renders to, and what Helm's linter says of it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SEVERITIES = ("unknown", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of every template; it may be empty, no YAML at all, or hold secrets."""

    files: Mapping[str, str]
    """Path (`chart/templates/x.yaml`, subcharts as `chart/charts/sub/templates/x.yaml`) to text, hooks
    included, notes not."""
    notes: str
    """The chart's own NOTES.txt; those of subcharts are dropped, as Helm does."""
    crds: Mapping[str, str]
    """File name to text of what `crds/` holds, which Helm installs once and never upgrades."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Rendered:
        files = dict(sorted(answer["files"].items()))
        notes = files.get(f"{answer['chart']}/templates/NOTES.txt", "")
        return cls(
            files={path: text for path, text in files.items() if not path.endswith("/NOTES.txt")},
            notes=notes,
            crds={crd["filename"]: crd["data"] for crd in answer["crds"] or ()},
        )


@dataclass(frozen=True, slots=True)
class LintMessage:
    """One finding of Helm's linter."""

    severity: str
    """unknown, info, warning or error."""
    path: str
    words: str

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> LintMessage:
        return cls(_SEVERITIES[message["severity"]], message["path"], message["error"])
