"""A builder that makes a Kubernetes Job of each build, so that builds scale with the cluster and not with the bot's
machine. What the Job is made of is told in `bot.images.builders.job_manifest`.

The Job goes on when the bot dies, and the bot that comes after follows it further.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import structlog

from bot.clock import Clock
from bot.cluster.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterConflict, ClusterError, ClusterRefused, ClusterUnreachable
from bot.cluster.watching import WatchEvent
from bot.events import BuildWords
from bot.images.builders import job_manifest
from bot.images.builders.building import BuildRequest, Tell
from bot.images.builders.buildkit_words import BuildkitWords
from bot.images.builders.job_manifest import CONTAINER, LABEL, JobSettings, Object
from bot.images.errors import BuilderAway, BuildFailed
from bot.images.references import is_digest
from bot.images.wording import one_line

log = structlog.get_logger(__name__)

_AGAIN = 2.0
"""Seconds before a log is asked for again."""
_NEWS = 2.0
"""Seconds in which what both of two watches tell of comes by the later one."""
_LAST_LINES = 20.0
"""Seconds that a container that has ended is given to be read to its end."""
_TIDYING = 30.0


class JobBuilder:
    """Builds in a cluster."""

    name = "job"

    def __init__(
        self,
        settings: Callable[[], JobSettings | None],
        cluster: Callable[[], Awaitable[Cluster]],
        clock: Clock,
    ) -> None:
        """`settings` is None where no cluster is configured for builds; `cluster` is the one that is."""
        self._settings = settings
        self._cluster = cluster
        self._clock = clock

    async def missing(self) -> str:
        """Why it can't build here."""
        settings = self._settings()
        if settings is None:
            return "No cluster is configured for builds (builds.job)."
        try:
            cluster = await self._cluster()
            for group, resource in (("batch", "jobs"), ("", "secrets")):
                if not await cluster.may("create", group, resource, settings.namespace):
                    return f"The bot may not create {resource} in the namespace {settings.namespace}."
        except ClusterError as error:
            return f"Builds have no cluster: {error}."
        return ""

    async def goes_on(self, build: str) -> bool:
        """Whether its Job is there."""
        job = Ref("batch/v1", "Job", job_manifest.name_of(build), self._needed().namespace)
        try:
            return await (await self._cluster()).get(job) is not None
        except ClusterError as error:
            raise _away(error) from error

    def _needed(self) -> JobSettings:
        settings = self._settings()
        if settings is None:
            raise BuilderAway("No cluster is configured for builds (builds.job).")
        return settings

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        """Build and push."""
        settings = self._needed()
        try:
            cluster = await self._cluster()
            made = _Made(cluster, settings, request, tell, self._clock)
            try:
                return await made.followed()
            finally:  # a cancel ends what runs in the cluster, too
                await asyncio.shield(made.remove())
        except ClusterError as error:
            raise _away(error) from error

    async def trim(self, most: int) -> None:
        """A Job's cache goes with it."""


def _away(error: ClusterError) -> BuilderAway:
    return BuilderAway(f"The cluster of builds: {error}.")


class _Made:
    """One build's Job, and what is followed of it."""

    def __init__(
        self, cluster: Cluster, settings: JobSettings, request: BuildRequest, tell: Tell, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._request = request
        self._tell = tell
        self._clock = clock
        self._words = BuildkitWords(tell)
        self._name = job_manifest.name_of(request.build)
        self._job = Ref("batch/v1", "Job", self._name, settings.namespace)
        self._secret = Ref("v1", "Secret", self._name, settings.namespace)
        self._waits_for = ""
        self._is_read = False

    async def followed(self) -> str:
        """Make the Job unless it is there, see it to its end; the digest. Raises: BuildFailed, ClusterError."""
        uid = await self._begin()
        pod = asyncio.create_task(self._follow_pod(uid))
        job = asyncio.create_task(self._follow_job())
        try:
            await asyncio.wait((pod, job), return_when=asyncio.FIRST_COMPLETED)
            if not pod.done():  # the Job may have ended with its pod, which says why
                await asyncio.wait((pod,), timeout=_NEWS)
                await asyncio.wait((pod,), timeout=_LAST_LINES if self._is_read else 0)
            digest = await pod if pod.done() else ""
            return digest or await job
        finally:
            for task in (pod, job):
                task.cancel()
            await asyncio.gather(pod, job, return_exceptions=True)

    async def _follow_pod(self, job: str) -> str:
        """The digest that the pod of the Job with that uid leaves; "" where it is deleted. Raises: BuildFailed."""
        reading: asyncio.Task[None] | None = None
        labels = f"{LABEL}={self._request.build}"
        watched = self._cluster.watch("v1", "Pod", self._settings.namespace, labels=labels)
        try:
            async with aclosing(watched) as events:
                async for event in events:
                    if event.type not in ("ADDED", "MODIFIED", "DELETED") or not _is_of(event.object, job):
                        continue
                    state = _state(event.object)
                    if reading is None and ("running" in state or "terminated" in state):
                        reading = asyncio.create_task(self._read(event.object["metadata"]["name"]))
                        self._is_read = True
                    if _is_taken_away(event, state):
                        self._tell(BuildWords(("The build's pod was deleted",)))
                        return ""
                    if "terminated" in state:
                        return await self._ended(state["terminated"], reading)
                    self._tell_waiting(event.object, state)
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        raise BuildFailed("Nothing more is known of the build's pod")

    async def _follow_job(self) -> str:
        """Never a digest: its end without one. Raises: BuildFailed."""
        fields, found = f"metadata.name={self._name}", False
        watched = self._cluster.watch("batch/v1", "Job", self._settings.namespace, fields=fields)
        async with aclosing(watched) as events:
            async for event in events:
                if event.type in ("ADDED", "MODIFIED"):
                    found = True
                    self._check(event.object)
                elif event.type == "DELETED" or (event.type == "SYNCED" and not found):
                    break
        raise BuildFailed("Somebody deleted the build's Job")

    def _check(self, job: Object) -> None:
        """Raises: BuildFailed where it has failed, or is about to."""
        for condition in (job.get("status") or {}).get("conditions") or ():
            if condition["type"] not in ("FailureTarget", "Failed") or condition["status"] != "True":
                continue
            if condition.get("reason") == "DeadlineExceeded":
                raise BuildFailed(
                    f"It took longer than {self._settings.seconds / 60:.0f} min",
                    advice=f"Raise builds.timeout, or see why: kubectl describe job {self._name}",
                )
            raise BuildFailed(
                one_line(str(condition.get("message") or "The build's Job failed"), longest=160)
            )

    async def remove(self) -> None:
        """Remove the Job with its pod, and the Secret."""
        try:
            async with asyncio.timeout(_TIDYING):
                await self._cluster.delete(self._job)
                await self._cluster.delete(self._secret)
        except (ClusterError, TimeoutError):  # it has a deadline, and goes by itself after its end
            log.warning("a build's Job could not be removed", job=self._name, exc_info=True)

    async def _begin(self) -> str:
        """Make what is not there yet; the Job's uid."""
        build, namespace = self._request.build, self._settings.namespace
        known = await self._cluster.get(self._job)
        job = known or await self._cluster.create(
            "batch/v1", "Job", namespace, job_manifest.job(build, self._request, self._settings)
        )
        secret = await asyncio.to_thread(job_manifest.secret, build, self._request, job)
        try:
            await self._cluster.create("v1", "Secret", namespace, secret)
        except ClusterConflict:
            if known is None:  # one of an earlier Job, which goes with that
                await self._cluster.delete(self._secret)
                await self._cluster.create("v1", "Secret", namespace, secret)
        return str(job["metadata"]["uid"])

    async def _read(self, pod: str) -> None:
        """Follow the container's log to its end, over breaks of the connection."""
        last = ""
        while True:
            known = last
            followed = self._cluster.follow(self._settings.namespace, pod, CONTAINER, since=known)
            try:
                async with aclosing(followed) as lines:
                    async for line in lines:
                        at, _, text = line.partition(" ")
                        if at > known:  # the server counts in whole seconds
                            last = at
                            self._words.read([text])
                return
            except ClusterUnreachable:
                await self._clock.sleep(_AGAIN)
            except ClusterRefused:
                return  # the pod is gone

    async def _ended(self, end: Mapping[str, Any], reading: asyncio.Task[None] | None) -> str:
        if reading is not None:
            await asyncio.wait((reading,), timeout=_LAST_LINES)
        digest = str(end.get("message") or "").strip()
        if end.get("exitCode") == 0 and is_digest(digest):
            return digest
        if end.get("reason") == "OOMKilled":
            raise BuildFailed("It ran out of memory", advice="Raise builds.job.resources")
        raise self._words.failure(int(end.get("exitCode") or 0))

    def _tell_waiting(self, pod: Object, state: Mapping[str, Any]) -> None:
        """Say why a pod does not run yet, once for each reason."""
        waiting = state.get("waiting") or {}
        why = str(waiting.get("message") or "") or next(
            (
                str(each.get("message") or "")
                for each in (pod.get("status") or {}).get("conditions") or ()
                if each.get("type") == "PodScheduled" and each.get("status") == "False"
            ),
            "",
        )
        if why and why != self._waits_for:
            self._waits_for = why
            self._tell(BuildWords((one_line(why, longest=200),)))


def _is_taken_away(event: WatchEvent, state: Mapping[str, Any]) -> bool:
    """Whether the pod goes before its work is done; how it then ends says nothing of the build."""
    ended_well = (state.get("terminated") or {}).get("exitCode") == 0
    return not ended_well and (event.type == "DELETED" or "deletionTimestamp" in event.object["metadata"])


def _is_of(pod: Object, job: str) -> bool:
    """Whether that Job, by its uid, made the pod."""
    return any(each.get("uid") == job for each in pod["metadata"].get("ownerReferences") or ())


def _state(pod: Object) -> Mapping[str, Any]:
    """The state of the container that builds; {} where there is none yet."""
    for each in (pod.get("status") or {}).get("containerStatuses") or ():
        if each.get("name") == CONTAINER:
            state: Mapping[str, Any] = each.get("state") or {}
            return state
    return {}
