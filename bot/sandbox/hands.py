"""What happens to a cluster by other hands than the bot's, as scripts order it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

Behaves = Literal["ok", "crash", "oom", "slow", "broken"]


class NotAsTold(Exception):
    """A step did not go as the script says; the message says what was seen instead, a line each."""


class Hands(Protocol):
    """They act on the cluster and on its images. Every method raises NotAsTold where it cannot be done."""

    async def set_image(self, reference: str, behaves: Behaves) -> None:
        """Make the image exist and behave so."""

    async def cluster_down(self, seconds: float | None, name: str | None) -> None:
        """Take the API of that one of the configuration's clusters away (None: of all).

        For so long; None: until `cluster_up`.
        """

    async def cluster_up(self) -> None:
        """Bring all of them back that were taken away."""

    async def delete(self, pattern: str, namespace: str | None) -> None:
        """Delete the cluster's objects that match `kind/glob`."""

    async def mark(
        self, pattern: str, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        """Put marks on the cluster's objects that match `kind/glob`."""

    async def swap(self, uid: str) -> None:
        """Let another cluster answer."""
