"""Rights: whether the bot, and whoever it asks for, may do what operating each app takes, by the API server's word."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.access import ClusterAccess, Identity
from bot.app import Parts
from bot.checking.lines import LONGEST, Answer, Finding, Group, Question
from bot.cluster import Cluster, ClusterError, IdentityMissing
from bot.config import Target
from bot.rbac import needs
from bot.rbac.asked import asking, of_people, of_target
from bot.rbac.needs import Need
from bot.rbac.objects import made_by
from bot.rbac.roles import Object, Subject, documents

REVIEWS_AT_ONCE = 16

OWN = "pilothouse"
"""How the bot's own Roles are called, as `pilothouse rbac` calls them."""

SHOWN = 6
"""Kinds that a line names; the Role that is printed has all of them."""

STAND_IN = Subject("ServiceAccount", "pilothouse", "pilothouse")
"""Who gets the Role where the cluster does not say who asks."""


Whose = tuple[str, Subject, str]
"""A cluster by its name, who needs rights there, and how their Role is called."""


@dataclass
class Grants:
    """What is needed, and what of it is not granted; filled while questions are answered."""

    wanted: dict[Whose, set[Need]] = field(default_factory=lambda: defaultdict(set))
    lacking: dict[Whose, set[Need]] = field(default_factory=lambda: defaultdict(set))
    to_create: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Namespaces that the bot is to create, by cluster."""

    def roles(self) -> Iterator[tuple[str, list[Object]]]:
        """For each cluster what would grant what is lacking, ready to apply.

        A Role is printed whole, since applying it puts it in the place of one of that name.
        """
        made: dict[str, list[Object]] = defaultdict(list)
        for whose, lacking in self.lacking.items():
            cluster, subject, name = whose
            places = {each.namespace for each in lacking}
            whole = [each for each in self.wanted[whose] if each.namespace in places]
            there = places & self.to_create[cluster]
            made[cluster] += documents(whole, subject, name=name, namespaces=there)
        yield from sorted(made.items())


def group(parts: Parts, grants: Grants) -> Group:
    """A line for each cluster, for each app in its environment, and for each person in whose name the bot asks."""
    config = parts.current.config
    everywhere = [
        Question(f"rights in {name}", _Asked(parts, name, cluster.access, f"rights in {name}", grants).known)
        for name, cluster in config.clusters.items()
    ]
    targets = [_of_target(parts, target, grants) for target in config.targets()]
    return Group("Rights", [*everywhere, *_of_builds(parts, grants), *targets])


def _of_builds(parts: Parts, grants: Grants) -> Iterator[Question]:
    config = parts.current.config
    if (job := config.builds.job) is not None:
        about = f"rights for builds in {job.namespace}"
        asked = _Asked(parts, job.cluster, config.clusters[job.cluster].access, about, grants)
        yield Question(about, partial(asked.granted, needs.building(job.namespace)), LONGEST)


def _of_target(parts: Parts, target: Target, grants: Grants) -> Question:
    about = f"rights for {target}"
    asked = _Asked(parts, target.cluster_name, target.access, about, grants)

    async def ask() -> Answer:
        return await asked.reviewed(target)

    return Question(about, ask, 2 * LONGEST)


class _Asked:
    """Questions about one cluster, under one heading."""

    def __init__(
        self, parts: Parts, cluster_name: str, access: ClusterAccess, about: str, grants: Grants
    ) -> None:
        self._parts = parts
        self._cluster_name = cluster_name
        self._access = access
        self._about = about
        self._grants = grants

    async def known(self) -> Answer:
        """What the bot needs of a cluster whatever it deploys, and whether it has far more than that."""
        cluster = await self._parts.clusters.at(self._access)
        if await cluster.may("*", "*", "*"):
            words = (
                "the bot's account may do anything there: `pilothouse rbac` prints the little that it needs"
            )
            return Finding("note", self._about, words)
        return await self._of_bot(cluster, needs.everywhere())

    async def granted(self, wanted: Collection[Need]) -> Answer:
        """What the bot needs there in its own name, whatever it deploys."""
        return await self._of_bot(await self._parts.clusters.at(self._access), wanted)

    async def reviewed(self, target: Target) -> Answer:
        """What operating a target takes."""
        config, policy = self._parts.current.config, self._parts.current.policy
        cluster = await self._parts.clusters.at(self._access)
        made = await made_by(self._parts, target, cluster)
        if target.environment.create_namespace:
            self._grants.to_create[self._cluster_name].add(target.namespace)
        if not target.environment.impersonate:
            return await self._of_bot(cluster, of_target(target, made))
        people = asking(config, policy, target)
        if not people:
            words = f"{target.environment.name} asks in people's names, and nobody with rights there has one"
            return Finding("wrong", self._about, f"{words}: give them `kubernetes: {{user: ...}}`")
        acting = needs.impersonating(people.values())
        lines = [await self._of_bot(cluster, acting)]
        wanted = of_people(config, policy, target, made)
        for key, identity in people.items():
            lines.append(await self._persons(key, identity, cluster, wanted[key]))
        return lines

    async def _of_bot(self, cluster: Cluster, wanted: Collection[Need]) -> Finding:
        return await self._line("the bot", cluster, wanted, await _subject(cluster), OWN)

    async def _persons(
        self, key: str, identity: Identity, cluster: Cluster, wanted: Collection[Need]
    ) -> Finding:
        who = f"{key} ({identity.user})"
        subject = Subject("User", identity.user)
        try:
            return await self._line(who, cluster.as_(identity), wanted, subject, f"{OWN}-{key}")
        except IdentityMissing:
            return Finding("wrong", self._about, f"{who} can't be asked for: the bot may not act as {key}")

    async def _line(
        self, who: str, cluster: Cluster, wanted: Collection[Need], subject: Subject, name: str
    ) -> Finding:
        whose = (self._cluster_name, subject, name)
        self._grants.wanted[whose].update(wanted)
        lacking = await refused(cluster, wanted)
        if not lacking:
            things = f"all {len(wanted)} things that it takes" if len(wanted) > 1 else "what it takes"
            return Finding("ok", self._about, f"{who} may do {things}")
        self._grants.lacking[whose].update(lacking)
        return Finding("wrong", self._about, f"{who} may not {told(lacking)}: the Role below grants it")


async def refused(cluster: Cluster, wanted: Collection[Need]) -> set[Need]:
    """Those that whoever `cluster` asks as may not.

    Raises: ClusterError.
    """
    turns = asyncio.Semaphore(REVIEWS_AT_ONCE)

    async def one(need: Need) -> bool:
        resource, _, subresource = need.resource.partition("/")
        async with turns:
            return bool(
                await cluster.may(
                    need.verb,
                    need.group,
                    resource,
                    need.namespace or None,
                    name=need.name or None,
                    subresource=subresource or None,
                )
            )

    ordered = sorted(wanted)
    allowed = await asyncio.gather(*(one(need) for need in ordered))
    return {need for need, may in zip(ordered, allowed, strict=True) if not may}


def told(lacking: Collection[Need]) -> str:
    """In words: "impersonate users dana; create/patch deployments.apps, list pods in shop"."""
    places: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for need in sorted(lacking):
        kind = f"{need.resource}.{need.group}" if need.group else need.resource
        places[need.namespace][f"{kind} {need.name}".strip()].append(need.verb)
    return "; ".join(_told_in(namespace, kinds) for namespace, kinds in places.items())


def _told_in(namespace: str, kinds: Mapping[str, Sequence[str]]) -> str:
    shown = [f"{'/'.join(verbs)} {kind}" for kind, verbs in list(kinds.items())[:SHOWN]]
    more = [f"{len(kinds) - SHOWN} more kinds"] if len(kinds) > SHOWN else []
    return f"{', '.join(shown + more)}{f' in {namespace}' if namespace else ''}"


async def _subject(cluster: Cluster) -> Subject:
    """Who the bot is to the cluster, as a binding names it (asked by kubectl's `auth whoami`, Kubernetes 1.28)."""
    kind = ("authentication.k8s.io/v1", "SelfSubjectReview")
    try:
        answer = await cluster.create(*kind, None, {"apiVersion": kind[0], "kind": kind[1]})
    except ClusterError:
        return STAND_IN
    user = ((answer.get("status") or {}).get("userInfo") or {}).get("username")
    return Subject.of_user(str(user)) if user else STAND_IN
