"""Which version has proven itself one environment earlier. Pure: looking at what runs there is left to the callers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.planning.releases import Past


@dataclass(frozen=True)
class Proven:
    """The version that is healthy in an environment, or why there is none."""

    environment: str
    version: str = ""
    since: datetime | None = None
    """When it was first judged so; None where that is only known of this moment."""
    why_not: str = ""


def before_in(environments: Sequence[str], environment: str) -> str | None:
    """The environment before another one, by their order; None for the first."""
    at = environments.index(environment)
    return environments[at - 1] if at else None


def proven_by(environment: str, version: str, past: Past) -> Proven:
    """What our verdicts say of the version that looks healthy now; `past` is its release's.

    The newest verdict must not be a failure; the time counts from the first of the healthy ones in a row that are of
    the same version, so that a redeploy does not start it anew.
    """
    since = None
    for revision in reversed(past.revisions):
        verdict = past.verdicts.get(revision.number)
        if since is None and verdict is not None and verdict.health == "failed":
            return Proven(environment, why_not=f"{version} had failed there")
        if verdict is None or verdict.health != "healthy" or verdict.version != version:
            break
        since = verdict.at
    return Proven(environment, version, since)
