"""What Helm knows of a release, as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.access import ClusterAccess

BUSY = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""Statuses in which Helm refuses every write but a rollback."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_OWN_LABELS = frozenset({"name", "owner", "status", "version", "createdAt", "modifiedAt"})


@dataclass(frozen=True, slots=True)
class Location:
    """One release in one namespace of one cluster.

    Raises: ValueError for names that Kubernetes or Helm would not allow; an empty one would mean "default" or
    all, others could reach into Helm's label selectors.
    """

    access: ClusterAccess
    namespace: str
    release: str

    def __post_init__(self) -> None:
        if len(self.namespace) > 63 or not _LABEL.fullmatch(self.namespace):
            raise ValueError(f"{self.namespace!a} is no name of a namespace")
        if len(self.release) > 53 or not _LABEL.fullmatch(self.release):
            raise ValueError(f"{self.release!a} is no name of a Helm release: at most 53 of a-z, 0-9 and -")


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a release's history, without its texts."""

    number: int
    status: str
    """Helm's: deployed, superseded, failed, uninstalled, or one of `BUSY`."""
    updated: datetime
    """When it was last deployed; aware, UTC, whole seconds."""
    chart: str
    chart_version: str
    app_version: str
    description: str = ""
    """Helm's or the deployer's words; empty where the history was read briefly."""
    labels: Mapping[str, str] = field(default_factory=dict)
    release: str = ""
    namespace: str = ""

    @property
    def busy(self) -> bool:
        return self.status in BUSY

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Revision:
        """From what the worker answers: `summary`, and `info` where it was read."""
        summary = record["summary"]
        labels = {key: value for key, value in summary.get("labels", {}).items() if key not in _OWN_LABELS}
        return cls(
            number=summary["revision"],
            status=summary["status"],
            updated=moment(summary.get("deployed_at")) or datetime.fromtimestamp(0, UTC),
            chart=summary.get("chart_name", ""),
            chart_version=summary.get("chart_version", ""),
            app_version=summary.get("app_version", ""),
            description=record.get("info", {}).get("description", ""),
            labels=labels,
            release=summary["name"],
            namespace=summary["namespace"],
        )


@dataclass(frozen=True, slots=True)
class Hook:
    """An object that Helm runs at an event instead of keeping it with the release."""

    name: str
    kind: str
    path: str
    """The template it comes from, as in `Rendered.files`."""
    manifest: str
    events: tuple[str, ...]
    """pre-install, post-upgrade, test and so on."""
    weight: int = 0
    delete_policies: tuple[str, ...] = ()
    phase: str = ""
    """How it ended when it last ran: Succeeded, Failed, Running, Unknown; empty when it never did."""

    @classmethod
    def of(cls, hook: Mapping[str, Any]) -> Hook:
        return cls(
            name=hook["name"],
            kind=hook["kind"],
            path=hook.get("path", ""),
            manifest=hook.get("manifest", ""),
            events=tuple(hook.get("events") or ()),
            weight=hook.get("weight", 0),
            delete_policies=tuple(hook.get("delete_policies") or ()),
            phase=(hook.get("last_run") or {}).get("phase", ""),
        )


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """One revision with its texts. Manifest and values hold secrets: mask them before anyone sees them."""

    revision: Revision
    manifest: str
    hooks: tuple[Hook, ...]
    values: Mapping[str, Any]
    """What was given beside the chart's own defaults."""
    notes: str
    first_deployed: datetime | None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> ReleaseRecord:
        return cls(
            revision=Revision.of(record),
            manifest=record["summary"].get("manifest", ""),
            hooks=tuple(Hook.of(hook) for hook in record.get("hooks") or ()),
            values=record.get("config") or {},
            notes=record["summary"].get("notes", ""),
            first_deployed=moment(record.get("info", {}).get("first_deployed")),
        )


def moment(text: str | None) -> datetime | None:
    """A timestamp of Go's as an aware time; None for its zero and for nothing."""
    if not text or text.startswith("0001-"):
        return None
    when = datetime.fromisoformat(text)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
