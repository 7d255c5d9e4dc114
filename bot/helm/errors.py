"""What can go wrong with Helm, named by what the caller should do.

    HelmError
    ├── ChartUnavailable      the chart could not be fetched: try later, or mend its address or credentials
    ├── ChartInvalid          the chart's author must mend it (file and line where Helm says them)
    ├── ValuesInvalid         whoever wrote the values must mend them
    ├── WorkerLost            a read or render ran out of memory or time: nothing has changed
    ├── ReleaseMissing        there is no such release or revision
    ├── ReleaseBusy           another run holds the release, or died holding it
    ├── ClusterUnreachable    nothing was asked of the cluster, or it did not answer a read: try later
    ├── ClusterRefused        the API server said no, in its own words
    │   ├── ForeignObject     an object belongs to another release: adopt it or rename it
    │   └── FieldConflict     another manager owns a field: take it over or leave it
    ├── HookFailed            a hook of the chart failed: its logs say why
    └── OutcomeUnknown        a write was cut short: ask the history before anything else

Each carries one plain sentence, already masked. Third-party exceptions end in this package.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal


class HelmError(Exception):
    """Base of everything that `bot.helm` raises; `words` is a sentence for people."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class ChartUnavailable(HelmError):
    """The chart is not where it was said to be, or its host did not give it out."""


class ChartInvalid(HelmError):
    """The chart cannot be loaded or rendered; `file` and `line` point into it where they are known."""

    def __init__(self, words: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(words)
        self.file = file
        self.line = line


class ValuesInvalid(HelmError):
    """The values break the chart's schema, or are no values at all."""


class WorkerLost(HelmError):
    """The worker process of a read or render is gone; `because` says of what. Nothing has changed."""

    def __init__(self, words: str, because: Literal["memory", "time", "crash"]) -> None:
        super().__init__(words)
        self.because = because


class ReleaseMissing(HelmError):
    """The release, or the revision asked for, does not exist."""


class ReleaseBusy(HelmError):
    """The newest revision is `pending-*` or `uninstalling`: a living run's, or left by a dead one.

    `status`, `revision` and `since` (when that revision was written) are None where the history could not
    be read afterwards.
    """

    def __init__(
        self,
        words: str,
        status: str | None = None,
        revision: int | None = None,
        since: datetime | None = None,
    ) -> None:
        super().__init__(words)
        self.status = status
        self.revision = revision
        self.since = since


class ClusterUnreachable(HelmError):
    """The API server cannot be reached, or did not answer a read in time."""


class ClusterRefused(HelmError):
    """The API server refused: rights, admission, validation, immutable fields."""


class ForeignObject(ClusterRefused):
    """An object that the chart names exists and belongs to another release, or to none."""


class FieldConflict(ClusterRefused):
    """Server-side apply met a field that another manager owns."""


class HookFailed(HelmError):
    """A hook of the chart failed, or did not finish in time."""


class OutcomeUnknown(HelmError):
    """The worker of a write died or was killed at its time-out; the cluster may or may not have changed."""
