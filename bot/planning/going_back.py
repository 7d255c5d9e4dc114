"""Going back to an earlier revision: which one, what that leaves out, and what it can't bring back.

Works from Helm's records and our verdicts alone, since going back must need neither registry, git nor a chart's
source. Reading the records is here, what they mean is in pure functions; what changes is left to `comparing`.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.helm.client import Helm
from bot.helm.releases import Hook, ReleaseRecord, Revision
from bot.planning import manifests
from bot.planning.errors import NoneHealthy, NothingThere
from bot.planning.manifests import Manifest
from bot.planning.releases import Past, of_record
from bot.planning.site import Site

ROLLBACK = "Rollback to "
"""How Helm describes a revision that a rollback made; its hooks are copies of what it returned to."""

MOST_SKIPPED = 3
"""Revisions that are named one by one; more are counted."""

_FORWARD = frozenset({"pre-install", "post-install", "pre-upgrade", "post-upgrade"})


@dataclass(frozen=True)
class Stopping:
    """The deploy that a rollback stops before it begins."""

    operation_id: str
    author: str
    version: str
    base: int
    """The newest revision before that deploy."""


@dataclass(frozen=True)
class Stage:
    """One revision of the release: what it was made of, and which hooks ran for it."""

    revision: Revision
    record: ReleaseRecord
    version: str
    objects: Sequence[Manifest]
    hooks: Sequence[Manifest]

    @property
    def ran(self) -> list[str]:
        """The hooks that ran as this revision was made, such as "Job shop-migrate"."""
        if self.revision.description.startswith(ROLLBACK):
            return []
        return [f"{each.kind} {each.name}" for each in self.record.hooks if _ran(each)]


@dataclass(frozen=True)
class Way:
    """The way back: from the newest revision to the wanted one, over those between."""

    wanted: Stage
    between: Sequence[Stage]
    """Oldest first, neither end with it."""
    now: Stage

    @property
    def later(self) -> list[Stage]:
        """Everything that came after the wanted revision."""
        return [*self.between, self.now] if self.now.revision.number > self.wanted.revision.number else []


def destination(site: Site, past: Past, revision: int | None, *, base: int | None = None) -> Revision:
    """The revision to return to: the one named, else the last before the newest that was healthy by our verdict.

    With `base`, the newest revision does not count but what stood before the deploy that began after `base`.
    Raises: NothingThere; NoneHealthy where a person may name one.
    """
    newest = past.newest
    if newest is None:
        raise NothingThere(f"{site.release} in {site.namespace} is not deployed")
    if revision is not None:
        return _named(site, past, revision)
    before = newest.number if base is None else base + 1
    found = past.healthy_before(before)
    if found is not None:
        return found
    earlier = [each.number for each in past.revisions if each.number < before]
    if not earlier:
        raise NothingThere(
            f"Revision {newest.number} of {site.release} is the first that Helm keeps: nothing is before it",
            advice="Deploy a version that works",
        )
    raise NoneHealthy(site.release, earlier)


def _named(site: Site, past: Past, revision: int) -> Revision:
    for each in past.revisions:
        if each.number == revision and not each.busy:
            return each
    kept = [each.number for each in past.revisions if not each.busy]
    pruned = kept and revision < kept[0]
    raise NothingThere(
        f"{site.release} has no revision {revision}" + (" any more" if pruned else ""),
        advice=f"Kept are: {', '.join(map(str, kept))}",
    )


async def read_way(
    helm: Helm, site: Site, past: Past, wanted: Revision, version: Callable[[ReleaseRecord], str]
) -> Way:
    """Read every revision from the wanted one to the newest; `version` knows which version of the app each is.

    Raises: HelmError.
    """
    revisions = [each for each in past.revisions if each.number >= wanted.number]

    async def read(revision: Revision) -> Stage:
        record = await helm.get(site.location, revision.number, site.identity)
        objects, hooks = await asyncio.to_thread(of_record, record, site.namespace)
        return Stage(revision, record, version(record), objects, hooks)

    stages = await asyncio.gather(*map(read, revisions))
    return Way(stages[0], stages[1:-1], stages[-1])


def skipped(way: Way, past: Past, stopping: Stopping | None = None) -> list[str]:
    """The revisions that lie between, newest first, in words: "Skips revision 7 (v1.2, failed)".

    What the deploy that is stopped has made is not among them: that is told by itself.
    """
    between = [each for each in way.between if stopping is None or each.revision.number <= stopping.base]
    if stopping is not None and way.now.revision.number == stopping.base != way.wanted.revision.number:
        between.append(way.now)  # that deploy has made none yet
    told = [
        f"Skips revision {each.revision.number} ({_said(each, past)})"
        for each in reversed(between[-MOST_SKIPPED:])
    ]
    more = len(between) - MOST_SKIPPED
    return [*told, f"Skips {more} earlier ones"] if more > 0 else told


def not_healthy(way: Way, past: Past) -> list[str]:
    """A warning where the wanted revision was not healthy by our verdict, since then somebody named it."""
    judged = past.verdicts.get(way.wanted.revision.number)
    if judged is not None and judged.health == "healthy":
        return []
    number = way.wanted.revision.number
    if judged is not None and judged.health == "failed":
        return [f"Revision {number} had failed"]
    return [f"Nobody knows whether revision {number} was healthy"]


def lasting(way: Way) -> list[str]:
    """What a rollback does not bring back, in words; names of keys only, never values."""
    return [*_hooks(way), *_secrets(way), *_disks(way)]


def _hooks(way: Way) -> list[str]:
    """What ran once has changed what it changed, such as a database's tables."""
    ran: dict[str, list[str]] = {}
    for stage in way.later:
        for name in stage.ran:
            versions = ran.setdefault(name, [])
            if stage.version not in versions:
                versions.append(stage.version)
    return [f"{name} ran for {' and '.join(versions[-2:])}: not undone" for name, versions in ran.items()]


def _secrets(way: Way) -> list[str]:
    wanted = {each.key: each.object for each in way.wanted.objects if each.key.kind == "Secret"}
    lines = []
    for each in way.now.objects:
        if each.key not in wanted:
            continue
        new, old = _entries(each.object), _entries(wanted[each.key])
        changed = sorted(key for key in new.keys() & old.keys() if new[key] != old[key])
        gone = sorted(new.keys() - old.keys())
        if changed:
            turns = "returns to its older value" if len(changed) == 1 else "return to older values"
            lines.append(f"{each.key}: {_listed(changed)} {turns}")
        if gone:
            lines.append(f"{each.key}: {_listed(gone)} {'goes' if len(gone) == 1 else 'go'}")
    return lines


def _disks(way: Way) -> list[str]:
    """Claims that the rollback removes, and claims that come back without what was on them."""
    wanted, now = _claims(way.wanted.objects), _claims(way.now.objects)
    gone = [key for key, keeps in now.items() if key not in wanted and not keeps]
    empty = {key for stage in way.later for key in wanted if key not in _claims(stage.objects)}
    empty = {key for key in empty if not wanted[key]}
    return [
        *(f"{_disk(key)} is removed, with its data" for key in gone),
        *(f"{_disk(key)} was removed: it comes back empty" for key in wanted if key in empty),
    ]


def _claims(objects: Iterable[Manifest]) -> dict[tuple[str, str], bool]:
    """The disks of a revision by (kind, name), and whether each stays when its object goes."""
    found: dict[tuple[str, str], bool] = {}
    for each in objects:
        keeps = manifests.annotations(each.object).get("helm.sh/resource-policy") == "keep"
        if each.key.kind == "PersistentVolumeClaim":
            found["PersistentVolumeClaim", each.key.name] = keeps
        elif each.key.kind == "StatefulSet":
            spec: dict[str, Any] = each.object.get("spec") or {}
            policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
            if spec.get("volumeClaimTemplates") and policy.get("whenDeleted") == "Delete":
                found["StatefulSet", each.key.name] = keeps
    return found


def _disk(key: tuple[str, str]) -> str:
    return f"Disk {key[1]}" if key[0] == "PersistentVolumeClaim" else f"The disk of {key[0]} {key[1]}"


def _said(stage: Stage, past: Past) -> str:
    judged = past.verdicts.get(stage.revision.number)
    health = judged.health if judged is not None else "unknown"
    return f"{stage.version}, {'not judged' if health == 'unknown' else health}"


def _ran(hook: Hook) -> bool:
    return bool(hook.phase) and bool(_FORWARD.intersection(hook.events)) and hook.kind in ("Job", "Pod")


def _entries(secret: manifests.Object) -> dict[str, bytes]:
    entries = {key: _decoded(str(value)) for key, value in (secret.get("data") or {}).items()}
    return entries | {key: str(value).encode() for key, value in (secret.get("stringData") or {}).items()}


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode()


def _listed(keys: Sequence[str]) -> str:
    more = [f"{len(keys) - 4} more"] if len(keys) > 4 else []
    return ", ".join([*keys[:4], *more])
