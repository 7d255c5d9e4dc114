"""How many revisions Helm keeps, the last healthy one among them.

Helm prunes the oldest first and knows no verdicts: ten failed deploys in a row would take the one revision away
that a rollback needs. So Helm is given enough room for that one, and the failed revisions after it are pruned here.
Which revisions are too many is pure; reading and deleting them is at the end.
"""

from collections.abc import Sequence

import structlog

from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterError
from bot.helm.errors import HelmError
from bot.operations.tools import Tools
from bot.planning.releases import Past
from bot.planning.site import Site

log = structlog.get_logger(__name__)


def spared(past: Past) -> int | None:
    """The number of the last revision that was healthy by our verdict; None where there is none."""
    newest = past.newest
    found = past.healthy_before(newest.number + 1) if newest is not None else None
    return found.number if found is not None else None


def room(past: Past, most: int) -> int:
    """The `history_max` for Helm's next write: `most`, or as many as reach back to the last healthy revision.

    0, as Helm has it, is no limit.
    """
    spare = spared(past)
    if most <= 0 or spare is None:
        return max(most, 0)
    return max(most, sum(each.number >= spare for each in past.revisions) + 1)


def surplus(past: Past, most: int) -> Sequence[int]:
    """The revisions beyond `most`, oldest first; never the newest, the deployed or the last healthy one.

    Where that is the newest, the one before it that was healthy is kept as well: a rollback goes there.
    """
    if most <= 0:
        return ()
    newest = past.newest
    kept = {spared(past)}
    if newest is not None:
        before = past.healthy_before(newest.number)
        kept |= {newest.number, before.number if before is not None else None}
    kept |= {each.number for each in past.revisions if each.status == "deployed" or each.busy}
    loose = [each.number for each in past.revisions if each.number not in kept]
    return loose[: max(0, len(past.revisions) - most)]


async def prune(tools: Tools, site: Site, most: int) -> None:
    """Delete Helm's records of the surplus; that it can't be done fails nothing, and the next change tries again."""
    try:
        past = await tools.releases.past(site)
        numbers = surplus(past, most)
        if not numbers:
            return
        cluster = await tools.cluster(site)
        for number in numbers:
            await cluster.delete(
                Ref("v1", "Secret", f"sh.helm.release.v1.{site.release}.v{number}", site.namespace)
            )
    except (ClusterError, HelmError):
        log.exception("old revisions could not be pruned", release=site.release)
