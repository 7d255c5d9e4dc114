"""The CustomResourceDefinitions in a chart's `crds/`, which Helm installs with a release and never touches again.

Where the chart's are not the cluster's, a plan names them with what brings them there. Source: Helm's documentation
("Custom Resource Definitions") and pkg/action/install.go (`installCRDs`), which leaves those that are there alone.
"""

import asyncio
import contextlib
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bot.cluster.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterRefused
from bot.config import ChartOci, ChartRepository, ChartSource
from bot.planning.documents import load_all
from bot.planning.manifests import Object
from bot.planning.straying import covers

API_VERSION = "apiextensions.k8s.io/v1"
KIND = "CustomResourceDefinition"

NAMED = 3
"""Definitions that a note names; more are counted."""


@dataclass(frozen=True)
class Definition:
    """One of a chart's, and what the cluster has of that name."""

    name: str
    file: str
    """In the chart."""
    chart: Object
    live: Object | None
    is_read: bool = True
    """Whether the cluster let us look."""

    @property
    def kind(self) -> tuple[str, str]:
        """The group and kind of its objects."""
        spec = self.chart.get("spec") or {}
        return str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind") or "")

    @property
    def is_there(self) -> bool:
        """Whether the cluster has it, or may have."""
        return self.live is not None or not self.is_read


async def read_definitions(cluster: Cluster, crds: Mapping[str, str]) -> list[Definition]:
    """A chart's definitions (file to text, as rendered) beside the cluster's.

    Raises: ClusterError.
    """

    async def one(file: str, item: Object) -> Definition:
        name = str((item.get("metadata") or {}).get("name"))
        try:
            return Definition(name, file, item, await cluster.get(Ref(API_VERSION, KIND, name)))
        except ClusterRefused:
            return Definition(name, file, item, None, is_read=False)

    found = await asyncio.to_thread(_parsed, crds)
    return list(await asyncio.gather(*(one(file.partition("/")[2], item) for file, item in found)))


def brought(definitions: Iterable[Definition], *, installs: bool) -> frozenset[tuple[str, str]]:
    """Groups and kinds that an install brings along before anything else of it."""
    return frozenset(each.kind for each in definitions if installs and not each.is_there)


def left_alone(
    definitions: Iterable[Definition], source: ChartSource, version: str, *, installs: bool
) -> list[str]:
    """What Helm will not do about them, and what does it, in words."""
    found = list(definitions)
    new = [each for each in found if not each.is_there and not installs]
    other = [each for each in found if each.live is not None and not same(each.chart, each.live)]
    unread = [each for each in found if not each.is_read]
    notes = []
    if new:
        are = "is new, and Helm adds none" if len(new) == 1 else "are new, and Helm adds none"
        notes.append(f"{_named(new)} {are} in an upgrade. First: {command(new, source, version)}")
    if other:
        them = "differs from the cluster's, which Helm leaves as it is"
        if len(other) > 1:
            them = "differ from the cluster's, which Helm leaves as they are"
        notes.append(f"{_named(other)} {them}. To change that: {command(other, source, version)}")
    if unread:
        notes.append(f"{_named(unread)} may not be read: Helm leaves what is there as it is")
    return notes


def command(definitions: Sequence[Definition], source: ChartSource, version: str) -> str:
    """What brings a chart's definitions into the cluster; files are those of the chart."""
    apply = "kubectl apply --server-side -f"
    match source:
        case ChartOci():
            return f"helm show crds {source.oci} --version {version} | {apply} -"
        case ChartRepository():
            return f"helm show crds {source.name} --repo {source.repo} --version {version} | {apply} -"
    files = sorted({each.file for each in definitions})
    return f"{apply} {files[0] if len(files) == 1 else f'{posixpath.commonpath(files)}/'}"


def same(chart: Object, live: Object) -> bool:
    """Whether the cluster's definition is the chart's: as it fills in the rest, but with the very same schemas."""
    mine, theirs = chart.get("spec") or {}, live.get("spec") or {}
    rest = {name: value for name, value in mine.items() if name != "versions"}
    ours, there = _versions(mine), _versions(theirs)
    return (
        covers(theirs, rest)
        and ours.keys() == there.keys()
        and all(
            covers(there[name], {key: value for key, value in version.items() if key != "schema"})
            and _bare(version.get("schema")) == _bare(there[name].get("schema"))
            for name, version in ours.items()
        )
    )


def _versions(spec: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = spec.get("versions")
    found = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return {str(each.get("name")): each for each in found}


def _bare(value: Any) -> Any:
    """Without what the server leaves out because it says nothing."""
    if isinstance(value, Mapping):
        found = {name: _bare(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each or _is_zero(each)}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parsed(crds: Mapping[str, str]) -> list[tuple[str, Object]]:
    """The definitions by their files, half a second's work for a megabyte; what is none, Helm refuses or ignores."""
    found = []
    for file, text in crds.items():
        with contextlib.suppress(yaml.YAMLError, RecursionError, ValueError):
            found += [
                (file, each) for each in load_all(text) if isinstance(each, dict) and each.get("kind") == KIND
            ]
    return found


def _named(definitions: Sequence[Definition]) -> str:
    names = [each.name for each in definitions]
    if len(names) == 1:
        return f"CRD {names[0]}"
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    *most, last = [*names[:NAMED], *more]
    return f"CRDs {', '.join(most)} and {last}"
