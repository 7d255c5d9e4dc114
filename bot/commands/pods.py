"""The pods of one release: found by its workloads, told in words, those in trouble first.

A chart need not set any label, so pods are found as Kubernetes itself does it: by the selectors of the workloads that
the release's stored manifests name, and by who owns them. How a screen lays them out is left to the templates.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.access import Identity
from bot.cluster import Cluster, Ref
from bot.commands.services import Services
from bot.config import Target
from bot.planning.errors import NothingThere
from bot.planning.plan import ObjectRef, refs
from bot.planning.site import Site
from bot.rollout import assessing
from bot.rollout.causes import POD_CAUSES, Container, Finding, PodView, condition, first
from bot.rollout.picture import Picture, Raw, time_of
from bot.rollout.workloads import progress, selector_text

assert assessing.CAUSE_MODULES  # the causes are registered where they are assessed

WITH_PODS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod")
"""Built-in kinds that have pods."""

MOST = 500
"""Pods of a workload that are looked at: more than anybody pages through, and four megabytes on the wire."""

AT_ONCE = 8
"""Workloads asked for at the same time."""

_JOBS = 3
"""The newest Jobs of a CronJob whose pods are shown."""

SHORT = 5
"""Characters of a pod's name that people read and type."""


@dataclass(frozen=True)
class Pod:
    """One pod, as people are told of it."""

    name: str
    """The whole name."""
    workload: str
    """The name of the workload it belongs to."""
    state: str
    """`trouble`, `waiting`, `ready`, `done` or `leaving`."""
    words: str
    ready: str
    """Containers that serve, of those that stay: `1/1`."""
    restarts: int
    """How often its containers were started again."""
    created: datetime
    node: str
    """Where it runs; "" before it has a node."""
    finding: Finding | None = None
    """What it suffers from."""
    raw: Raw = field(default_factory=dict, repr=False)

    @property
    def short(self) -> str:
        """What people call it."""
        return short_name(self.name)

    @property
    def symbol(self) -> str:
        """The symbol of its state."""
        return SYMBOLS[self.state]

    @property
    def is_replaced(self) -> bool:
        """Whether its workload makes a new one when it is deleted; a Job's may be the last of its attempts."""
        owners = self.raw.get("metadata", {}).get("ownerReferences") or ()
        return any(owner.get("kind") in ("ReplicaSet", "StatefulSet", "DaemonSet") for owner in owners)

    @property
    def containers(self) -> list[Container]:
        """Init containers first, in the order in which they start."""
        return PodView(self.raw).containers


SYMBOLS = {"trouble": "❌", "waiting": "⏳", "ready": "✅", "leaving": "⏹", "done": "⚪"}
"""By state, in the order in which pods are shown."""


@dataclass(frozen=True)
class Workload:
    """A workload of the release that has pods."""

    kind: str
    name: str
    ready: int
    desired: int
    pods: tuple[Pod, ...]

    @property
    def symbol(self) -> str:
        """The symbol of its worst pod, or of pods that are missing."""
        if any(pod.state == "trouble" for pod in self.pods):
            return SYMBOLS["trouble"]
        return SYMBOLS["ready" if self.ready >= self.desired else "waiting"]


@dataclass(frozen=True)
class ReleasePods:
    """A release's workloads, and how to ask more of the cluster."""

    target: Target
    site: Site
    cluster: Cluster
    workloads: tuple[Workload, ...]

    @property
    def place(self) -> str:
        """As people say it: "shop in staging"."""
        return f"{self.target.app.name} in {self.target.environment.name}"

    @property
    def names(self) -> dict[str, Any]:
        """The names that a screen shows."""
        return {"app": self.target.app.name, "environment": self.target.environment.name}

    @property
    def pods(self) -> tuple[Pod, ...]:
        """All pods, those in trouble first, then by workload, newer before older."""
        order = list(SYMBOLS)
        every = [pod for workload in self.workloads for pod in workload.pods]
        return tuple(sorted(every, key=lambda pod: order.index(pod.state)))

    def named(self, word: str) -> Pod | None:
        """The pod of that whole name, or whose name ends in these last characters."""
        wanted = word.lower().removeprefix("pod/")
        exact = [pod for pod in self.pods if pod.name == wanted]
        short = [pod for pod in self.pods if wanted in (pod.short, pod.name[-SHORT:])]
        return next(iter(exact or short), None)

    def workload(self, word: str) -> Workload | None:
        """The workload of that name, which may stand behind its kind: `Deployment/shop`."""
        kind, _, name = word.lower().rpartition("/")
        return next(
            (each for each in self.workloads if each.name == name and kind in ("", each.kind.lower())), None
        )


def short_name(name: str) -> str:
    """The last five characters of a pod's name, by which people know it; of a StatefulSet's, "db-0"."""
    *rest, last = name.split("-")
    if rest and last.isdecimal() and len(last) < SHORT:
        return f"{rest[-1][-2 * SHORT :]}-{last}"
    return name[-SHORT:].lstrip("-.")


async def release_pods(services: Services, target: Target, identity: Identity | None) -> ReleasePods:
    """The pods of a release now; of a rollout under way, the old and the new ones.

    Raises: NothingThere when it is not deployed, ClusterError, HelmError, PlanRefused.
    """
    site = await services.planner.site(target, identity)
    found = await _with_pods(services, site)
    if not found:
        raise NothingThere(f"{target.app.name} is not deployed in {target.environment.name}")
    cluster = (await services.clusters.at(site.access)).as_(site.identity)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(ref: ObjectRef) -> Workload | None:
        async with turns:
            return await _workload(cluster, site.namespace, ref)

    workloads = await asyncio.gather(*(one(ref) for ref in found))
    return ReleasePods(target, site, cluster, tuple(each for each in workloads if each is not None))


async def _with_pods(services: Services, site: Site) -> list[ObjectRef]:
    """What the newest revision and the live one name: during a rollout they are not the same."""
    past = await services.releases.past(site, brief=True)
    revisions = {each.number: each for each in (past.live, past.newest) if each is not None}
    found: dict[tuple[str, str], ObjectRef] = {}
    for revision in revisions.values():
        _, objects, hooks = await services.releases.texts(site, revision)
        for ref in (*refs(objects), *refs(hooks, hook=True)):
            if ref.kind in WITH_PODS and ref.namespace == site.namespace:
                found[ref.kind, ref.name] = ref
    return sorted(found.values(), key=lambda ref: (ref.hook, WITH_PODS.index(ref.kind), ref.name))


async def _workload(cluster: Cluster, namespace: str, ref: ObjectRef) -> Workload | None:
    item = await cluster.get(Ref(ref.api_version, ref.kind, ref.name, namespace))
    if item is None:
        return None
    picture = Picture()
    item.setdefault("kind", ref.kind)
    picture.put(item)
    if ref.kind == "Pod":
        raw = [item]
    elif ref.kind == "CronJob":
        jobs = await cluster.metadata("batch/v1", "Job", namespace)
        newest = sorted(_owned(jobs, {_uid(item)}), key=_created, reverse=True)[:_JOBS]
        raw = [pod for job in newest for pod in await _job_pods(cluster, namespace, job)]
    else:
        raw = await _pods(cluster, namespace, item, picture)
    return await asyncio.to_thread(_assessed, ref, item, raw, picture)


def _assessed(ref: ObjectRef, item: Raw, raw: Sequence[Raw], picture: Picture) -> Workload:
    """The workload with its pods in words: of hundreds it takes a while."""
    for pod in raw:
        picture.put(pod)
    pods = _sorted(told(pod, ref.name, of_job=ref.kind in ("Job", "CronJob") or ref.hook) for pod in raw)
    if ref.kind == "CronJob":
        return Workload(ref.kind, ref.name, 0, 0, pods)
    now = progress(picture, item, hook=ref.hook)
    return Workload(ref.kind, ref.name, now.ready, now.desired, pods)


async def _pods(cluster: Cluster, namespace: str, item: Raw, picture: Picture) -> list[Raw]:
    """A workload's pods: those that its selector finds and that it owns, of a Deployment through its ReplicaSets."""
    labels = selector_text((item.get("spec") or {}).get("selector") or {})
    if not labels:
        return []
    owners = {_uid(item)}
    if item["kind"] == "Deployment":
        sets = await cluster.metadata("apps/v1", "ReplicaSet", namespace, labels=labels)
        for each in _owned(sets, owners):
            picture.put({**each, "kind": "ReplicaSet"})
            owners = owners | {_uid(each)}
    return _owned(await cluster.list("v1", "Pod", namespace, labels=labels, most=MOST), owners)


async def _job_pods(cluster: Cluster, namespace: str, job: Raw) -> list[Raw]:
    labels = f"job-name={job['metadata']['name']}"
    return _owned(await cluster.list("v1", "Pod", namespace, labels=labels, most=MOST), {_uid(job)})


def told(pod: Raw, workload: str, *, of_job: bool = False, events: Sequence[Raw] = (), logs: str = "") -> Pod:
    """A pod in words: what it suffers from, else where it is in its life."""
    seen = first(POD_CAUSES, PodView(pod, events, logs, of_job))
    state, words = _state(pod, seen[1] if seen is not None else None)
    containers = PodView(pod).containers
    staying = [each for each in containers if not each.init]
    return Pod(
        name=str(pod["metadata"]["name"]),
        workload=workload,
        state=state,
        words=words,
        ready=f"{sum(each.ready for each in staying)}/{len(staying)}",
        restarts=sum(each.restarts for each in containers),
        created=time_of(pod["metadata"].get("creationTimestamp")),
        node=str((pod.get("spec") or {}).get("nodeName") or ""),
        finding=seen[1] if seen is not None and state == "trouble" else None,
        raw=pod,
    )


def _state(pod: Raw, finding: Finding | None) -> tuple[str, str]:
    status = pod.get("status") or {}
    phase = status.get("phase")
    if pod["metadata"].get("deletionTimestamp"):
        return "leaving", "Is being removed"
    if phase == "Succeeded":
        return "done", "Finished"
    if finding is not None:
        return "trouble", finding.words
    if phase == "Failed":
        return "trouble", str(status.get("message") or status.get("reason") or "Failed")
    if condition(pod, "Ready").get("status") == "True":
        return "ready", "Ready"
    if not (pod.get("spec") or {}).get("nodeName"):
        return "waiting", "Waits for a node"
    started = any(each.running for each in PodView(pod).containers if not each.init)
    return "waiting", "Not ready yet" if started else "Is starting"


def _sorted(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    order = list(SYMBOLS)
    newest_first = sorted(pods, key=lambda pod: (pod.created, pod.name), reverse=True)
    return tuple(sorted(newest_first, key=lambda pod: order.index(pod.state)))


def _owned(items: Iterable[Raw], owners: set[str]) -> list[Raw]:
    return [
        item
        for item in items
        if any(owner.get("uid") in owners for owner in item["metadata"].get("ownerReferences") or ())
    ]


def _uid(item: Raw) -> str:
    return str(item["metadata"].get("uid") or "")


def _created(item: dict[str, Any]) -> str:
    return str(item["metadata"].get("creationTimestamp") or "")
