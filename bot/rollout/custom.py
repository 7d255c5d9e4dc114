"""Objects of kinds that are not Kubernetes' own: how they stand by the conditions that their controllers write. Pure.

The conventions are kstatus': a `Ready` condition, `Stalled` and `Reconciling` where they are there, and
`observedGeneration` for whether what is written is about the object as it is now. Without a `Ready` condition
nobody can tell.
"""

from bot.events import Trouble
from bot.rollout.causes import condition, one_line
from bot.rollout.picture import Raw
from bot.rollout.workloads import Progress


def custom_progress(item: Raw) -> Progress | None:
    """How far it is, as one of one; None where it has no Ready condition."""
    ready = condition(item, "Ready")
    if not ready:
        return None
    done = (
        ready.get("status") == "True"
        and is_seen(item)
        and condition(item, "Reconciling").get("status") != "True"
        and condition(item, "Stalled").get("status") != "True"
    )
    return Progress(1 if done else 0, 1 if is_seen(item) else 0, 1, done)


def is_seen(item: Raw) -> bool:
    """Whether its controller has written about the object as it is now."""
    if item["metadata"].get("deletionTimestamp"):
        return False
    generation = int(item["metadata"].get("generation") or 0)
    return all(seen >= generation for seen in _observed(item))


def _observed(item: Raw) -> list[int]:
    """The generations that its controller says it has seen; what is no number says nothing."""
    status = item.get("status")
    said = [
        each.get("observedGeneration")
        for each in (status, condition(item, "Ready"))
        if isinstance(each, dict)
    ]
    return [seen for seen in said if isinstance(seen, int)]


def says_what_it_saw(item: Raw) -> bool:
    """Whether its controller says which generation it has seen; else an old "ready" may pass for a new one."""
    return bool(_observed(item))


def custom_trouble(item: Raw, where: str, grace: float) -> Trouble | None:
    """What keeps it from becoming ready for good, by its own word."""
    stalled = condition(item, "Stalled")
    if stalled.get("status") != "True" or not is_seen(item):
        return None
    words = f"{item['kind']} {item['metadata']['name']} has stalled"
    return _trouble("stalled", words, stalled, where, grace)


def why_not_ready(item: Raw, where: str) -> Trouble:
    """Why it is not ready yet: no trouble in itself, but what is said when time is over."""
    ready = condition(item, "Ready")
    words = f"{item['kind']} {item['metadata']['name']} is not ready"
    return _trouble("custom-not-ready", words, ready, where, None)


def _trouble(cause: str, words: str, said: Raw, where: str, grace: float | None) -> Trouble:
    return Trouble(
        cause=cause,
        words=words,
        where=where,
        workload=where,
        quote=one_line(str(said.get("message") or said.get("reason") or "")),
        advice="See what its controller says",
        grace=grace,
        sure=False,
    )
