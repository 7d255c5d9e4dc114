"""Following a rollout to its end: watches in, progress events out, a verdict at last.

Starts before Helm does and runs beside it, since Helm blocks in its hooks: hooks and fresh pods are told of
at once, but that a workload has arrived is believed only after `applied`, when generations are new. What
counts as failed is decided in `course`, what pods suffer from in the causes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from bot.clock import Clock
from bot.cluster import Cluster, ClusterError, ClusterRefused
from bot.events import Event, Note, Trouble
from bot.rollout.assessing import Assessment, Shown, assess, deleted, repeats
from bot.rollout.causes import condition
from bot.rollout.causes_crash import telling_line
from bot.rollout.causes_routing import warnings
from bot.rollout.course import Course
from bot.rollout.last_words import fetch_last_words, termination_message
from bot.rollout.picture import Picture, Raw
from bot.rollout.slimming import Slimmer
from bot.rollout.verdicts import ObjectRef, Rules, Verdict, index_of
from bot.rollout.workloads import FOLLOWED, is_custom, is_workload

_FIRST_LOOK = 10.0
"""Seconds to wait for what was there before; a cluster that takes longer is followed by its objects' ages."""

_SHARE = 10
"""An assessment that took t is followed by a pause of this many t: a namespace in which much else happens must
not take the loop. Tens of milliseconds in the worst case, so troubles are still told within the second."""

_FRESH_LOOK = 15.0
"""Seconds within which the look after `applied` is tried once; it is tried again until it succeeds."""


class Follower:
    """Follows the objects of one release's manifest. An async context manager that owns its watches:

    async with Follower(cluster, "shop", objects, rules=rules, since=now, clock=clock) as follower:
        ...                        # start Helm in a task; when it has returned: follower.applied()
        async for event in follower:
            tell(event)
    follower.verdict
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        objects: Sequence[ObjectRef],
        *,
        rules: Rules,
        since: datetime,
        clock: Clock,
        unwell: Mapping[str, int] | None = None,
        held: bool = False,
    ) -> None:
        """`unwell` is what was not healthy before (`assessing.not_well`); `held` says that a restart cut a hold."""
        self._cluster = cluster
        self._namespace = namespace
        self._all = tuple(objects)
        self._objects = [it for it in objects if is_workload(it)]
        self._custom = [it for it in objects if is_custom(it)]
        self._unwell = unwell or {}
        self._rules = rules
        self._clock = clock
        self._picture = Picture(since)
        self._slim = Slimmer()
        self._course = Course(self._objects, rules, held=held)
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._unsynced: set[str] = set()
        self._blind: dict[str, str] = {}
        self._notes: list[str] = []
        self._lost: set[str] = set()
        self._lost_at = 0.0
        self._reasons: set[str] = set()
        """Why watches were lost, since the last time that all were there."""
        self._logs: dict[str, str] = {}
        self._logs_asked: set[tuple[str, int]] = set()
        self._believing = False
        self.verdict: Verdict | None = None
        """There when the iteration has ended."""

    async def __aenter__(self) -> Self:
        """Returns once it is known what was there before; enter it before Helm changes anything."""
        for kind, api_version in watched_kinds(self._objects).items():
            self._unsynced.add(kind)
            self._own(self._watch(api_version, kind), f"watch of {kind} in {self._namespace}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK):
                while self._unsynced:
                    self._changed.clear()
                    await self._changed.wait()
                self._picture.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is in trouble now and was not so before."""
        return tuple(it.trouble for it in self._course.troubles if not it.trouble.before)

    def applied(self) -> None:
        """Helm has returned: from now on a complete rollout may be believed, and the time-out runs."""
        self._course.applied(self._clock.monotonic())
        self._own(self._look_again(), f"fresh look at {self._namespace}")
        # Custom kinds may have come with the release itself; what stood before Helm does not matter here.
        for api_version, kind in sorted({(it.api_version, it.kind) for it in self._custom}):
            self._own(self._watch(api_version, kind), f"watch of {kind} in {self._namespace}")

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events as the cluster shows their causes; ends when the verdict is there."""
        while self.verdict is None:
            self._changed.clear()
            while self._notes:
                yield Note(self._notes.pop(0))
            began = time.perf_counter()
            events = self._step() if self._lost or not self._unsynced else []
            took = time.perf_counter() - began
            for event in events:
                yield event
            if self._course.verdict is not None:
                self.verdict = await self._completed(self._course.verdict)
                return
            await self._until_change()
            await asyncio.sleep(min(0.3, took * _SHARE))

    def _step(self) -> list[Event]:
        if self._lost:
            # An outage is nobody's lack of progress: it neither fails a version nor proves it.
            return self._course.blind(self._clock.monotonic(), self._lost_at)
        seen = [it for it in (*self._objects, *self._custom) if it.index not in self._blind]
        assessment = assess(
            self._picture,
            seen,
            self._rules,
            applied=self._believing,
            logs=self._logs,
            unwell=self._unwell,
        )
        assessment.troubles += deleted(assessment) if self._believing else []
        for shown in assessment.troubles:
            self._want_logs(shown)
        events = self._course.step(assessment, self._clock.monotonic(), applied=self._believing)
        self._blind_verdict(assessment)
        return events

    def _blind_verdict(self, assessment: Assessment) -> None:
        """Kinds that may not be watched are not followed; with nothing else to go by, nobody knows."""
        verdict = self._course.verdict
        unseen = tuple(it for it in (*self._objects, *self._custom) if it.index in self._blind)
        if verdict is None or not unseen:
            return
        verdict = replace(verdict, not_followed=(*verdict.not_followed, *unseen))
        hidden = any(it in self._objects for it in unseen)
        if verdict.health == "healthy" and hidden and not assessment.progress:
            words = next(iter(self._blind.values()))
            verdict = replace(verdict, health="unknown", words=f"The rollout could not be watched: {words}")
        self._course.verdict = verdict

    async def _watch(self, api_version: str, kind: str) -> None:
        index = index_of(api_version, kind)
        try:
            watch = self._cluster.watch(api_version, kind, self._namespace, keep=self._slim)
            async with contextlib.aclosing(watch) as events:
                async for event in events:
                    if event.type == "SYNCED":
                        self._unsynced.discard(index)
                    elif event.type == "BACK":
                        self._lost.discard(index)
                    elif event.type == "LOST":
                        self._lose(index, event.object["words"])
                    elif event.type != "DELETED":
                        self._picture.put(event.object)
                    elif not self._still_tells(event.object):
                        self._picture.remove(event.object)
                    self._changed.set()
        except ClusterError as error:
            self._blind[index] = error.words
            self._notes.append(f"{kind}s cannot be watched: {error.words}")
            self._unsynced.discard(index)
            self._changed.set()

    def _still_tells(self, item: Raw) -> bool:
        """Whether it tells something though it is gone: how a hook ended, which Helm deletes then, with its pods, or
        how a Job did that removes itself, and why the pods that ended with it."""
        if item["kind"] == "Job" and any(condition(item, it) for it in ("Complete", "Failed")):
            return True
        owners = item["metadata"].get("ownerReferences") or ()
        named = {(item["kind"], item["metadata"]["name"]), *((it["kind"], it["name"]) for it in owners)}
        ended = (item.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        return any(
            (it.kind, it.name) in named and (it.hook or (it.kind == "Job" and ended)) for it in self._objects
        )

    def _lose(self, kind: str, words: str) -> None:
        """A watch is cut; each reason is said once, since the others are usually cut with it."""
        if not self._lost:
            self._lost_at = self._clock.monotonic()
            self._reasons.clear()
        if words not in self._reasons:
            self._notes.append(f"{words[:1].upper()}{words[1:]}; still trying")
        self._reasons.add(words)
        self._lost.add(kind)

    async def _look_again(self) -> None:
        """Read what Helm has changed: a watch may be a moment behind, and show a rollout that has not begun."""
        kinds = {it.kind for it in self._objects if not it.hook} - self._blind.keys()
        while True:
            try:
                for kind in sorted(kinds):
                    items = await self._cluster.list(
                        FOLLOWED[kind], kind, self._namespace, timeout=_FRESH_LOOK
                    )
                    for item in items:
                        self._picture.put(item)
            except ClusterRefused as error:
                self._notes.append(f"The rollout cannot be looked at: {error.words}")
            except ClusterError:
                await self._clock.sleep(1.0)
                continue
            self._believing = True
            self._changed.set()
            return

    def _want_logs(self, shown: Shown) -> None:
        """Fetch a crashed container's last words, once for each of its deaths."""
        key = (shown.pod, shown.trouble.restarts)
        if not shown.pod or key in self._logs_asked:
            return
        if not repeats(shown.trouble) and shown.trouble.cause not in ("job-failed", "wrong-cpu"):
            return
        self._logs_asked.add(key)
        self._own(self._fetch_logs(shown), f"last words of {shown.pod}")

    async def _fetch_logs(self, shown: Shown) -> None:
        pod = self._picture.get("Pod", shown.pod)
        if pod is None:
            return
        words = await fetch_last_words(self._cluster, self._namespace, pod, shown.container)
        if words:
            self._logs[shown.pod] = words
            self._changed.set()

    async def _completed(self, verdict: Verdict) -> Verdict:
        """The verdict with its warnings, or with the application's last words."""
        if verdict.health != "healthy":
            return await self._with_last_words(verdict)
        found = await warnings(self._cluster, self._namespace, self._all, self._clock)
        return replace(verdict, troubles=(*verdict.troubles, *found))

    async def _with_last_words(self, verdict: Verdict) -> Verdict:
        """The verdict with what the first troubled pod said."""
        for shown in sorted(self._course.troubles, key=lambda it: it.trouble not in verdict.troubles[:1]):
            pod = self._picture.get("Pod", shown.pod)
            if pod is None or not shown.container:
                continue
            words = termination_message(pod, shown.container) or self._logs.get(shown.pod, "")
            words = words or await fetch_last_words(self._cluster, self._namespace, pod, shown.container)
            if words:
                return replace(verdict, last_words=words, troubles=_quoting(verdict, shown, words))
        return verdict

    async def _until_change(self) -> None:
        """Until something changes, or a grace period or time-out is over."""
        delay = 30.0 if self._unsynced and not self._lost else self._course.wakes_at - self._clock.monotonic()
        waits = {
            asyncio.create_task(self._changed.wait()),
            asyncio.create_task(self._clock.sleep(max(0.0, delay))),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # A fault of ours in a watch must not leave the rollout waiting for it in silence.
            self._notes.append(f"{task.get_name()} broke off")
            self._unsynced.clear()
            self._changed.set()


def _quoting(verdict: Verdict, shown: Shown, words: str) -> tuple[Trouble, ...]:
    """With what the pod said where the trouble quotes nothing; a failed Job's own message says nothing either."""
    return tuple(
        replace(it, quote=telling_line(words))
        if it == shown.trouble and (it.cause == "job-failed" or not it.quote)
        else it
        for it in verdict.troubles
    )


def watched_kinds(objects: Sequence[ObjectRef]) -> dict[str, str]:
    """The kinds to look at for these objects, with their API versions: as few as will do."""
    kinds = {it.kind for it in objects}
    if not kinds:
        return {}
    if "Deployment" in kinds:
        kinds.add("ReplicaSet")
    if "StatefulSet" in kinds:
        kinds.add("PersistentVolumeClaim")  # made from its templates, not by Helm
    return {kind: FOLLOWED[kind] for kind in sorted(kinds | {"Pod"})} | {"Event": "v1"}
