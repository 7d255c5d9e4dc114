"""What of a release was changed in the cluster since Helm wrote it, by whom and when, and what becomes of it. Pure.

Helm's record is what counts as released. What an autoscaler sets is no drift, and named as the autoscaler's. Where
fields differ is bot.planning.straying's; reading the cluster is bot.planning.surveying's.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.masking import HIDDEN
from bot.planning import wording
from bot.planning.authorship import Owners
from bot.planning.differences import MISSING, FieldChange
from bot.planning.manifests import Manifest, Object, ObjectKey, pod_template
from bot.planning.sending import BUILT_IN
from bot.planning.straying import Stray, alike, covers, strays
from bot.planning.summary import DATA
from bot.planning.trial import Contest
from bot.planning.wording import CONTAINERS

Mask = Callable[[Object], Object]

Found = Mapping[ObjectKey, Object | None]
"""Objects as the cluster has them, None where there is none; one that could not be read is not in it."""

REPLICAS = ("spec", "replicas")

_ITEM = re.compile(r'\[\w+="?([^",\]]*)[^\]]*\]')
"""An item of a list in the server's spelling of a field: `.containers[name="web"]`."""


@dataclass(frozen=True)
class Drift:
    """One thing that is not as the release made it, in words."""

    where: str
    """Such as `Deployment shop`."""
    field: str
    """Where in the object, by the names on the way there; "" for all of it."""
    what: str
    """Such as `shop: replicas 3 → 5`."""
    by: str
    """Who changed it, as the cluster knows them; "" where it does not say."""
    at: datetime | None
    fate: str = ""
    """What becomes of it, such as `set back to 3`; "" where nothing is planned."""
    changes: bool = False
    """Whether what is planned changes it."""
    contested: bool = False
    """Whether that takes it over from who keeps it."""
    autoscaled: bool = False
    """Whether it is an autoscaler's, and so no drift."""

    def tells(self, contest: Contest) -> bool:
        """Whether it says all that there is to a field that somebody else keeps."""
        if not self.contested or contest.what != self.where:
            return False
        place = _ITEM.sub(r".\1", contest.field).strip(".")
        return f"{place}.".startswith(f"{self.field}.")

    @property
    def line(self) -> str:
        """All of it on one line, with the time as it is in files."""
        by = f", by {self.by}" if self.by else ""
        at = f" at {self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.at is not None else ""
        return f"{self.what}{by}{at}{f': {self.fate}' if self.fate else ''}"


def drifted(
    released: Sequence[Manifest],
    found: Found,
    mask: Mask,
    *,
    planned: Sequence[Manifest] | None = None,
    discloses: bool = True,
) -> tuple[Drift, ...]:
    """What differs between a release's manifest and the cluster: what others keep first, else in the manifest's order.

    `planned` is the manifest to come: without one nothing is said of what becomes of it. Values are shown as far as
    `mask` lets them, and not at all unless the environment `discloses` them.
    """
    then = {each.key: each.object for each in planned or ()}
    lines: list[Drift] = []
    for each in released:
        if each.key not in found:
            continue
        live, wanted = found[each.key], then.get(each.key)
        if live is None:
            lines += _gone(each, wanted, planned is not None)
        elif straying := list(strays(each.object, live, wanted)):  # masking both sides costs the most
            told = _Told(each, live, wanted, mask, discloses, planned is not None)
            lines += map(told.drift, straying)
    return tuple(sorted(dict.fromkeys(lines), key=lambda each: not each.contested))


def _gone(each: Manifest, wanted: Object | None, plans: bool) -> Iterator[Drift]:
    """A Job that goes by itself once it is done has not been removed by anybody."""
    if each.key.kind == "Job" and (each.object.get("spec") or {}).get("ttlSecondsAfterFinished") is not None:
        return
    fate = ("made again" if wanted is not None else "stays away") if plans else ""
    yield Drift(str(each.key), "", f"{each.key} is gone", "", None, fate, changes=wanted is not None)


class _Told:
    """How the strays of one object are told."""

    def __init__(
        self, each: Manifest, live: Object, wanted: Object | None, mask: Mask, discloses: bool, plans: bool
    ) -> None:
        self._where = str(each.key)
        self._name = each.key.name if pod_template(each.object) is not None else self._where
        self._discloses = discloses
        self._plans = plans
        self._merges = BUILT_IN.fullmatch(each.key.group) is not None
        self._applies = any(each.is_release and each.applies for each in Owners.of(live).writers)
        then = mask(wanted) if wanted is not None else None
        self._shown = {stray.path: stray for stray in strays(mask(each.object), _masked(live, mask), then)}

    def drift(self, stray: Stray) -> Drift:
        """In words, with everything secret masked."""
        shown = self._shown.get(stray.path) or _hidden(stray)
        writer = next(iter(stray.owners.others), None)
        autoscaled = writer is not None and writer.is_autoscaler and stray.path == REPLICAS
        fate, changes = self._fate(stray, shown) if self._plans else ("", False)
        if autoscaled and self._plans:
            fate, changes = "stays", False  # whatever the manifest says of it
        contested = changes and self._applies and bool(stray.owners.others)
        return Drift(
            where=self._where,
            field=str(stray.change),
            what=f"{self._name}: {self._words(shown.change)}",
            by="the autoscaler" if autoscaled else writer.name if writer is not None else "",
            at=writer.at if writer is not None else None,
            fate=f"taken over, {fate}" if contested else fate,
            changes=changes,
            contested=contested,
            autoscaled=autoscaled,
        )

    def _words(self, change: FieldChange) -> str:
        """What happened to a field."""
        verb = "added" if change.old is MISSING else "removed" if change.new is MISSING else "changed"
        if (variable := wording.variable(change)) is not None:
            return f"variable {variable} {verb if change.path[-1] == variable else 'changed'}"
        if _is_data(change):
            return f"key {change.path[1]} {verb}"
        name = _name(change)
        if not self._shows(change) or _is_member(change):
            return f"{name} {verb}"
        if wording.is_image(change):
            return f"{name} {_image(change.old)} → {_image(change.new)}"
        return (
            wording.of_workload(change) or f"{name} {wording.said(change.old)} → {wording.said(change.new)}"
        )

    def _shows(self, change: FieldChange) -> bool:
        """Whether the values may be told: those of variables, ConfigMaps and Secrets are said nowhere."""
        told = (
            wording.variable(change) is None
            and not _is_data(change)
            and not wording.is_secret(change.path[-1])
        )
        sides = (change.old, change.new)
        return self._discloses and told and not any(isinstance(each, Mapping | list) for each in sides)

    def _fate(self, stray: Stray, shown: Stray) -> tuple[str, bool]:
        """What the apply that is planned makes of a field, and whether that changes it.

        A server-side apply leaves what it does not name, and overwrites what others own only when it is told to. A
        client-side one overwrites, and removes what the manifest had and has no more; of kinds that Helm does not
        know it compares the two manifests and nothing else.
        """
        change, wanted = stray.change, stray.wanted
        if wanted is MISSING or wanted is None:
            if change.new is MISSING:
                return "stays away", False
            goes = change.old is not MISSING and not self._applies
            return ("removed", True) if goes else ("stays", False)
        if change.new is not MISSING and covers(change.new, wanted, stray.path):
            return "as this plan has it", False
        if not self._applies and not self._merges and alike(change.old, wanted, stray.path):
            return "stays as it is", False
        return self._overwritten(stray, shown), True

    def _overwritten(self, stray: Stray, shown: Stray) -> str:
        change, wanted = stray.change, stray.wanted
        if change.new is MISSING:
            return "put back"
        if change.old is MISSING:
            return "overwritten"
        verb = "set back" if alike(change.old, wanted, stray.path) else "set"
        to = FieldChange(change.path, shown.change.new, shown.wanted)
        if not self._shows(to):
            return "set back" if verb == "set back" else "overwritten"
        return f"{verb} to {_image(to.new) if wording.is_image(to) else wording.said(to.new)}"


def _masked(live: Object, mask: Mask) -> Object:
    """The object as it may be shown; who owns what in it is no secret, and needed."""
    metadata = live.get("metadata") or {}
    bare = {name: value for name, value in metadata.items() if name != "managedFields"}
    shown = mask({**{name: value for name, value in live.items() if name != "status"}, "metadata": bare})
    shown["metadata"]["managedFields"] = metadata.get("managedFields") or []
    return shown


def _hidden(stray: Stray) -> Stray:
    """One whose values look alike once they are masked."""
    old, new = (MISSING if side is MISSING else HIDDEN for side in (stray.change.old, stray.change.new))
    wanted = MISSING if stray.wanted is MISSING else HIDDEN
    return Stray(FieldChange(stray.path, old, new), wanted, stray.owners)


def _is_data(change: FieldChange) -> bool:
    return len(change.path) > 1 and change.path[0] in DATA


def _is_member(change: FieldChange) -> bool:
    """Whether it comes or goes under its own name, as the members of a set do."""
    sides = (change.old, change.new)
    return MISSING in sides and change.path[-1] in map(str, sides)


def _name(change: FieldChange) -> str:
    """The field by the last name of its path, with what it is one of where that alone says nothing."""
    if change.path[-2:-1] in (("labels",), ("annotations",), ("finalizers",)):
        return f"{change.path[-2][:-1]} {change.path[-1]}"
    if len(change.path) > 1 and change.path[-2] in CONTAINERS:
        return f"container {change.path[-1]}"
    return change.path[-1]


def _image(reference: Any) -> str:
    """An image as people tell it apart from another: the last part of its name, and its tag."""
    return wording.said(str(reference).rpartition("/")[2].partition("@")[0])
