"""Releases that are there already: revision, who made it, in which state it is, and whether another tool owns it."""

from datetime import datetime

from bot.access import Identity
from bot.app import Parts
from bot.checking.clocks import span
from bot.checking.lines import Answer, Finding, Group, Question
from bot.cluster import ClusterRefused
from bot.config import Target
from bot.planning.errors import OwnedByOthers
from bot.planning.foreign import foreign
from bot.planning.live import read_live, version_of
from bot.planning.releases import Past
from bot.planning.site import Site
from bot.planning.surveying import marked
from bot.rbac.asked import asking


def group(parts: Parts) -> Group:
    """A line for each app in its environment."""
    targets = parts.current.config.targets()
    return Group("Releases", [Question(f"{target}", _Asked(parts, target).state) for target in targets])


class _Asked:
    def __init__(self, parts: Parts, target: Target) -> None:
        self._parts = parts
        self._target = target

    async def state(self) -> Answer:
        target, parts = self._target, self._parts
        about = str(target)
        identity, who = self._identity()
        if target.environment.impersonate and identity is None:
            return Finding("note", about, "not looked at: nobody is there in whose name to ask")
        cluster = (await parts.clusters.at(target.access)).as_(identity)
        site = await _site(parts, target, identity)
        past = await parts.releases.past(site)
        asked = f" (asked as {who})" if who else ""
        newest = past.newest
        if newest is None:
            return f"not deployed{asked}"
        now = parts.clock.now()
        if newest.busy:
            made = f"revision {newest.number} by {past.maker(newest)}, {_ago(newest.updated, now)}"
            words = f"{newest.status} ({made}): its run goes on, or died; /status offers to mend it"
            return Finding("wrong", about, words)
        live = await read_live(parts.releases, site)
        owned = ""
        try:
            live = await marked(live, site, cluster)
        except OwnedByOthers as error:
            owned = error.words
        revision = live.revision or newest
        theirs = foreign(past, revision, live.marks, now)
        maker = theirs.maker if theirs is not None else f"Pilothouse ({past.maker(revision)})"
        version = version_of(target, past, live.record)
        words = (
            f"{version} {_state(past)}, revision {revision.number} by {maker}, {_ago(revision.updated, now)}"
        )
        if owned:
            return Finding("note", about, f"{words}; read-only here: {owned}")
        failed = newest.status == "failed"
        if failed:
            return Finding("wrong", about, f"{words}; revision {newest.number} failed: look at /history")
        return f"{words}{asked}"

    def _identity(self) -> tuple[Identity | None, str]:
        """In whose name to look: somebody who may, where the environment asks in people's names."""
        if not self._target.environment.impersonate:
            return None, ""
        found = asking(self._parts.current.config, self._parts.current.policy, self._target)
        return next(((identity, key) for key, identity in found.items()), (None, ""))


async def _site(parts: Parts, target: Target, identity: Identity | None) -> Site:
    """Where it is; a cluster whose identity may not be read has no verdicts of ours: Helm's record speaks alone."""
    try:
        return await parts.planner.site(target, identity)
    except ClusterRefused:
        return Site(
            access=target.access,
            cluster_uid="",
            namespace=target.namespace,
            release=target.release,
            identity=identity,
        )


def _state(past: Past) -> str:
    live = past.live
    return live.status if live is not None else "not deployed"


def _ago(then: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - then).total_seconds())
    return f"{span(seconds)} ago" if seconds < 172_800 else f"{seconds / 86_400:.0f} days ago"
