"""What is deployed beside what would be: what differs, what goes for good, and what was changed by hand meanwhile.

Everything secret of either side is masked here. Heavy enough for threads.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.config import Target
from bot.masking import Masker
from bot.planning.comparing import Comparison, compared
from bot.planning.drift import Drift, drifted
from bot.planning.hiding import held_by, mask_for, texts_given
from bot.planning.live import Live, values_of
from bot.planning.losing import Loss, losses
from bot.planning.manifests import Manifest
from bot.planning.paths import Path
from bot.planning.plan import ObjectRef, refs
from bot.planning.rendering import Rendering

NOTHING = Rendering((), (), ())
"""What an uninstall leaves."""


@dataclass(frozen=True)
class Weighed:
    """The two sides beside each other."""

    comparison: Comparison
    drift: tuple[Drift, ...] = ()
    losses: tuple[Loss, ...] = ()
    removes: tuple[ObjectRef, ...] = ()
    """The objects that go."""


async def weighed(
    target: Target,
    live: Live,
    then: Rendering,
    masker: Masker,
    secret: frozenset[Path],
    *values: Mapping[str, Any],
    hooks: Sequence[Manifest] = (),
) -> Weighed:
    """Compare what is deployed with what will be.

    `secret` are the secret paths of the `values` of what will be, and of those that the release has. `hooks` are
    told with the change.
    """
    given = texts_given(target, secret, *values, values_of(live.record))
    groups = (live.objects, live.hooks, then.objects, then.hooks)
    mask = mask_for(masker, *groups, traced=then.traced, given=given)
    wider = mask
    if not held_by(live.there) <= held_by(*groups):  # somebody put something new into a Secret
        wider = mask_for(masker, *groups, live.there, traced=then.traced, given=given)
    comparison, drift = await asyncio.gather(
        asyncio.to_thread(compared, live.objects, then.objects, mask=mask, hooks=hooks, again=then.again),
        asyncio.to_thread(
            drifted,
            *(live.objects, live.found, wider),
            planned=then.objects,
            discloses=target.environment.disclose != "summary",
        ),
    )
    stays = {each.key for each in then.objects}
    removes = refs(each for each in live.objects if each.key not in stays)
    return Weighed(comparison, drift, losses(live.objects, then.objects), removes)
