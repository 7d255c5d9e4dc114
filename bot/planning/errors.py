"""Why no plan can be made.

PlanRefused        nothing has changed; `words` says what is wrong, `advice` how to mend it
├── ReleaseStuck   an earlier run did not finish: wait for it, or mend the release
├── NothingThere   there is no release, or no revision, to act on
│   └── NoneHealthy   there are revisions, and nobody knows which of them was healthy
└── OwnedByOthers  another tool manages it: change it there
"""

from collections.abc import Sequence
from datetime import datetime

from bot.planning.owners import Owner
from bot.planning.site import Site


class PlanRefused(Exception):
    """The plan can't be made, or would not do what was asked.

    `where` names the file (and line) or object at fault, `quote` is the chart's or the cluster's own text.
    """

    def __init__(self, words: str, *, where: str = "", advice: str = "", quote: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.where = where
        self.advice = advice
        self.quote = quote


class ReleaseStuck(PlanRefused):
    """The newest revision is `pending-*` or `uninstalling`: a run holds the release, or died holding it."""

    def __init__(self, site: Site, revision: int, status: str, since: datetime, maker: str) -> None:
        super().__init__(f"An earlier run of {site.release} did not finish ({status})")
        self.site = site
        self.revision = revision
        self.status = status
        self.since = since
        self.maker = maker


class NothingThere(PlanRefused):
    """There is no release, or no revision of it, that this could act on."""


class NoneHealthy(NothingThere):
    """No earlier revision is known to have been healthy: a person may name one of `revisions`."""

    def __init__(self, release: str, revisions: Sequence[int]) -> None:
        super().__init__(
            f"No earlier revision of {release} is known to have been healthy",
            advice=f"Name one of /history's revisions: {', '.join(map(str, revisions))}",
        )
        self.revisions = revisions


class OwnedByOthers(PlanRefused):
    """Another tool keeps the release, or an object of it, as its own source says: it is read-only here."""

    def __init__(self, owner: Owner, what: str) -> None:
        super().__init__(owner.words, where=what, advice="Change it there; here it can be looked at")
        self.owner = owner
