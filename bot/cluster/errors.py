"""What can go wrong between us and a cluster, named by what the caller should do.

    ClusterError
    ├── ClusterUnreachable    no answer, or a server too busy to give one: try later
    │   ├── CredentialsRefused  they ended, and those that follow are not there yet: the same
    │   └── OutcomeUnknown      a write got no answer and can't be looked up: look before anything else
    ├── ClusterRefused        the API server said no, in its own words (`code` is the HTTP status)
    │   ├── ClusterConflict   somebody else changed the object meanwhile: read it again, then decide
    │   └── IdentityMissing   the bot may not act as that person: an administrator grants `impersonate`
    ├── ClusterSwapped        the name leads to another cluster than before: a person accepts it, or mends it
    └── KubeconfigUnusable    the kubeconfig does not say what it should
        └── KubeconfigUnsafe  it starts programs of its own: opt in, or use a token

Third-party exceptions end in this package. Words may quote the cluster and are masked by whoever shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MANAGER = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"(?: with subresource "([^"]*)")?')


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that the API server finds wrong with an object."""

    field: str
    """A path as the server writes it: ".spec.replicas"."""
    reason: str
    """A word of the API's: "FieldManagerConflict", "FieldValueInvalid"."""
    message: str

    @classmethod
    def of(cls, cause: Mapping[str, Any]) -> Cause:
        """From a Status' details."""
        field, reason, message = (str(cause.get(name) or "") for name in ("field", "reason", "message"))
        return cls(field, reason, message)

    @property
    def manager(self) -> str:
        """Who owns the field, where it is a conflict with another manager; "" otherwise."""
        found = _MANAGER.search(self.message)
        return found[1] if found is not None and self.reason == "FieldManagerConflict" else ""

    @property
    def subresource(self) -> str:
        """Through which subresource that manager wrote it: "scale"; "" for the object itself."""
        found = _MANAGER.search(self.message)
        return found[2] or "" if found is not None else ""


class ClusterError(Exception):
    """Base of everything that `bot.cluster` raises; `words` is a sentence for people."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class ClusterUnreachable(ClusterError):
    """The API server gave no answer in time, or none but that it cannot answer now."""


class CredentialsRefused(ClusterUnreachable):
    """The API server does not know who we are: mostly since a token ended before the next one was in its file."""


class OutcomeUnknown(ClusterUnreachable):
    """A write got no answer, and neither did the look at what came of it."""


class ClusterRefused(ClusterError):
    """The API server said no; `code` is the HTTP status, `reason` its Status reason ("Forbidden")."""

    def __init__(self, words: str, code: int, reason: str = "", causes: Sequence[Cause] = ()) -> None:
        super().__init__(words)
        self.code = code
        self.reason = reason
        self.causes = tuple(causes)


class ClusterConflict(ClusterRefused):
    """The object exists already, or somebody changed it since it was read."""


class IdentityMissing(ClusterRefused):
    """The bot's own account may not act as the person in whose name it was asked to."""


class ClusterSwapped(ClusterError):
    """A cluster's name leads to another one than it stood for; `before` and `now` are short UIDs."""

    def __init__(self, name: str, before: str, now: str) -> None:
        super().__init__(
            f"Cluster {name} is another one now: {now}, it was {before}. If that is meant: /reload accept {name}"
        )
        self.name = name
        self.before = before
        self.now = now


class KubeconfigUnusable(ClusterError):
    """The kubeconfig cannot be read, or lacks what it should say."""


class KubeconfigUnsafe(KubeconfigUnusable):
    """The kubeconfig starts a program to get credentials, which nobody has allowed."""
