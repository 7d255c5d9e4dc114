"""What a row of the table of causes is here: objects, what becomes of their pods, and the words that people read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from bot.events import Event, Held, PodTrouble, Trouble
from tests.real_failures.following import Followed, Place

Object = dict[str, Any]

Ends = Literal["failed", "held", "told"]
"""What comes of the trouble: the version has failed; a person is asked, as the cluster is to blame; or it is told,
and only the time-out would end it."""


@dataclass(frozen=True)
class Row:
    """A way in which a rollout fails. The first object is the workload that shows it, and created last."""

    number: int
    cause: str
    words: str
    items: tuple[Object, ...]
    ends: Ends = "failed"
    pod: Object | None = None
    """What a kubelet writes into the pod's status; None where real controllers or the played nodes do it all."""
    events: tuple[tuple[str, str, int], ...] = ()
    """What a kubelet tells of the pod: reason, message, how often."""
    around: tuple[Object, ...] = ()
    """Objects of the whole cluster that it needs."""

    @property
    def app(self) -> str:
        """The workload's name."""
        return str(self.items[0]["metadata"]["name"])

    async def followed(self, place: Place) -> Followed:
        """Roll it out, as far as it gets."""

        async def change() -> None:
            await place.create(*reversed(self.items))

        async def play() -> None:
            if self.pod is None:
                return
            pod = await place.pod_of(self.app)
            for reason, message, count in self.events:
                await place.event(pod, reason, message, count)
            await place.status(pod, self.pod)

        return await place.followed(change, *self.items, then=play, until=self._is_over)

    def _is_over(self, event: Event) -> bool:
        if self.ends == "held":
            return isinstance(event, Held) and self.words in bare(event.words)
        told = isinstance(event, PodTrouble) and event.trouble.cause == self.cause
        return told and self.ends == "told"

    def said(self, seen: Followed) -> Trouble:
        """What was told of the cause, as it was said last."""
        found = [each for each in seen.troubles if each.cause == self.cause]
        assert found, f"told was: {[(each.cause, each.words, each.quote) for each in seen.troubles]}"
        return found[-1]


def bare(words: str) -> str:
    """Without how many nodes it is true of: other tests may have nodes of their own."""
    return re.sub(r" \(\d+ of \d+ nodes\)", "", words)
