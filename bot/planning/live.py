"""What runs now: the live revision's objects and hooks, and which version of the app it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.config import Target
from bot.helm.releases import ReleaseRecord, Revision
from bot.planning import paths
from bot.planning.errors import ReleaseStuck
from bot.planning.manifests import Manifest, Object, ObjectKey
from bot.planning.releases import Past, Releases
from bot.planning.site import Site


@dataclass(frozen=True)
class Live:
    """What is deployed now: its manifest's objects and hooks, none when nothing is."""

    past: Past
    revision: Revision | None
    record: ReleaseRecord | None
    objects: Sequence[Manifest]
    hooks: Sequence[Manifest]
    marks: Sequence[Object] = ()
    """As the cluster has them: the metadata of the revision's own Secret, then the objects that are there."""
    found: Mapping[ObjectKey, Object | None] = field(default_factory=dict)
    """The release's objects as the cluster has them: None where there is none, absent where it may not be read."""

    @property
    def is_install(self) -> bool:
        """Whether a deploy installs: there is no release, or nothing but what is kept of one that was uninstalled."""
        return self.past.newest is None or self.past.newest.status == "uninstalled"

    @property
    def there(self) -> list[Manifest]:
        """What was found, as manifests."""
        return [Manifest(key, item) for key, item in self.found.items() if item is not None]


async def read_live(releases: Releases, site: Site, *, brief: bool = False) -> Live:
    """What is deployed now; `brief` spares the revisions' descriptions.

    Raises: ReleaseStuck when an earlier run did not finish; HelmError, ClusterError.
    """
    past = await releases.past(site, brief=brief)
    refuse_stuck(site, past)
    if past.live is None:
        return Live(past, None, None, (), ())
    return Live(past, past.live, *await releases.texts(site, past.live))


def refuse_stuck(site: Site, past: Past) -> None:
    """Raises: ReleaseStuck when an earlier run did not finish."""
    newest = past.newest
    if newest is not None and newest.busy:
        raise ReleaseStuck(site, newest.number, newest.status, newest.updated, past.maker(newest))


def values_of(record: ReleaseRecord | None) -> Mapping[str, Any]:
    """The values that a revision was given; none where there is no revision."""
    return record.values if record is not None else {}


def version_of(target: Target, past: Past, record: ReleaseRecord | None) -> str:
    """The app's version in a revision: as we recorded it, else the tag in its values, else the chart's word."""
    if record is None:
        return ""
    judged = past.verdicts.get(record.revision.number)
    if judged is not None and judged.version:
        return judged.version
    if target.app.image is None:
        return record.revision.chart_version
    keys = target.app.image_value
    if keys.single is not None:
        reference = str(paths.get(record.values, keys.single) or "").partition("@")[0]
        return reference.rpartition(":")[2] or record.revision.app_version
    tag = paths.get(record.values, keys.tag) if keys.tag is not None else None
    return str(tag or record.revision.app_version)
