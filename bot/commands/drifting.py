"""How far releases are from what was deployed: each looked at by itself, the most changed first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.access import Identity
from bot.cluster.errors import ClusterError
from bot.commands.services import Services
from bot.config import Target
from bot.helm.errors import HelmError
from bot.planning.errors import PlanRefused
from bot.planning.inspecting import Strayed

AT_ONCE = 4
"""Releases looked at at the same time: each asks for all of its objects."""


@dataclass(frozen=True)
class Drifting:
    """One app in one environment; `words` says why where it could not be looked at."""

    app: str
    environment: str
    found: Strayed | None = None
    words: str = ""

    @property
    def symbol(self) -> str:
        """The symbol of its state."""
        if self.found is None or self.found.by_hand:
            return "⚠️"
        return "✅" if self.found.revision else "⚪"

    @property
    def who(self) -> tuple[str, ...]:
        """Who changed it, as far as the cluster says."""
        found = self.found.by_hand if self.found is not None else ()
        return tuple(dict.fromkeys(each.by for each in found if each.by))

    @property
    def weight(self) -> int:
        """The more, the further up: what is changed, then what nobody knows, then what is as released."""
        if self.found is None:
            return 0
        return len(self.found.by_hand) or (-1 if self.found.revision else -2)


async def all_drifting(
    services: Services, targets: Sequence[Target], identity: Identity | None
) -> list[Drifting]:
    """Look at several, the most changed first; what can't be asked is told, and is no error."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> Drifting:
        bare = Drifting(target.app.name, target.environment.name)
        async with turns:
            try:
                return replace(bare, found=await services.inspector.drift(target, identity))
            except (HelmError, ClusterError, PlanRefused) as error:
                return replace(bare, words=services.masker().mask_text(error.words))

    found = await asyncio.gather(*map(one, targets))
    return sorted(found, key=lambda each: each.weight, reverse=True)
