"""A revision that we did not make: who made it, and which of its values a deploy would lose. Pure.

Helm's upgrades pass the configuration's values whole, so whatever somebody gave by hand and the configuration does
not have is gone with the next deploy; here it is named before that.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.helm.releases import ReleaseRecord, Revision
from bot.masking import HIDDEN, Masker
from bot.planning import paths
from bot.planning.manifests import Object
from bot.planning.owners import managers
from bot.planning.releases import OPERATION_LABEL, Past
from bot.planning.wording import is_secret

SHOWN = 10
"""Lost values that a plan names; all of them are in its document."""

LONGEST = 40
"""Characters of a value that is still plain; whatever is longer may be anything."""

USUAL = re.compile(r"(?:Install|Upgrade) complete")
"""Descriptions that say nothing about who made a revision."""

MAKERS = re.compile(r"helm|terraform|pulumi|argocd|HashiCorp", re.IGNORECASE)
"""What installs charts: Helm writes objects as the program that it runs in, of whatever name."""

HANDS = (
    "kubectl",
    "k9s",
    "terraform",
    "pulumi",
    "argocd",
    "helm-controller",
    "kustomize-controller",
    "rancher",
)
"""What people and their tools write objects as; the cluster's own controllers are not worth a line."""

HARMLESS = ("kubectl-rollout",)
"""Restarts: nothing of the release is changed by them."""

_ENVIRONMENT = re.compile(r"^(?:extra)?env(?:s|ironment|vars?)?$", re.IGNORECASE)


@dataclass(frozen=True)
class LostValue:
    """A value that the next deploy would not pass any more; masked unless it is plain."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


@dataclass(frozen=True)
class Foreign:
    """What a plan opens with where the revision that is deployed is somebody else's."""

    revision: int
    maker: str
    age: float
    """Seconds since it was made."""
    also: tuple[str, ...] = ()
    """Other tools that changed its objects since."""
    lost: tuple[LostValue, ...] = ()

    @property
    def shown(self) -> tuple[LostValue, ...]:
        """Those that the plan itself names."""
        return self.lost[:SHOWN]

    @property
    def more(self) -> int:
        """How many are named by the document alone."""
        return len(self.lost) - len(self.shown)


def foreign(past: Past, revision: Revision, objects: Sequence[Object], now: datetime) -> Foreign | None:
    """Who made a revision, where it was not us; `objects` is the metadata of its own Secret and of what it made."""
    if past.is_ours(revision):
        return None
    writers = Counter(_bare(name) for item in objects for name in managers(item))
    maker = next((name for name, _ in writers.most_common() if MAKERS.search(name)), "Helm")
    others = {name for name in writers if name.startswith(HANDS) and name not in HARMLESS}
    return Foreign(
        revision=revision.number,
        maker=f"{maker}{_remark(revision)}",
        age=max(0.0, (now - revision.updated).total_seconds()),
        also=tuple(sorted(others - {maker})),
    )


def _bare(manager: str) -> str:
    """A manager without the version that some carry in their name: "terraform-provider-helm_v2.17.0_x5"."""
    return re.sub(r"[_-]v\d.*$", "", manager)


def _remark(revision: Revision) -> str:
    """What the maker said: their own description, else their labels."""
    if revision.description and not USUAL.fullmatch(revision.description):
        return f" ({' '.join(revision.description.split())[:LONGEST]})"
    labels = [f"{key}={value}" for key, value in sorted(revision.labels.items()) if key != OPERATION_LABEL]
    return f" ({', '.join(labels)[:LONGEST]})" if labels else ""


def lost_values(
    record: ReleaseRecord, ours: Mapping[str, Any], masker: Masker, held: frozenset[str], *, disclosed: bool
) -> tuple[LostValue, ...]:
    """The values given to a revision that `ours` lack.

    `held` are texts of the release's Secrets; not `disclosed`, no value is shown at all.
    """
    return tuple(
        LostValue(paths.spelled(path), _shown(path, value, masker, held) if disclosed else HIDDEN)
        for path, value in lacking(record.values, ours)
    )


def lacking(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value of `theirs` for which `ours` has no key; a list is one value, as Helm replaces it whole."""
    for key, value in theirs.items():
        path = (*above, str(key))
        mine = ours.get(key)
        if isinstance(value, Mapping):
            yield from lacking(value, mine if isinstance(mine, Mapping) else {}, path)
        elif key not in ours:
            yield path, value


def beyond(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> paths.Values:
    """The part of `theirs` that `ours` lacks or has otherwise: laid over `ours` it brings all of `theirs` back."""
    found: paths.Values = {}
    for key, value in theirs.items():
        mine = ours.get(key)
        if isinstance(value, Mapping):
            inner = beyond(value, mine if isinstance(mine, Mapping) else {})
            if inner or (key in ours and not isinstance(mine, Mapping)):
                found[key] = inner
        elif key not in ours or mine != value:
            found[key] = value
    return found


def looks_secret(path: Sequence[str], value: Any, masker: Masker, held: frozenset[str]) -> bool:
    """Whether a value should be kept as a secret: by its name, by its shape, or since a Secret holds the same."""
    if any(is_secret(name) for name in path):
        return True
    return any(text.strip() in held or masker.mask_text(text) != text for text in paths.leaves(value))


def _shown(path: Sequence[str], value: Any, masker: Masker, held: frozenset[str]) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if looks_secret(path, value, masker, held) or any(_ENVIRONMENT.match(name) for name in path):
        return HIDDEN
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    return text if text and len(text) <= LONGEST and text.isprintable() else HIDDEN
