"""A namespace of a real control plane, and rollouts there that are followed as an operation follows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.clock import SystemClock
from bot.cluster import Cluster, ClusterRefused, Ref
from bot.events import Event, PodTrouble, Trouble
from bot.helm.errors import HelmError
from bot.rollout import Follower, ObjectRef, Rules, Verdict

Object = dict[str, Any]

RULES = Rules(crash_restarts=3, image_grace=0.2, timeout=60, settle=0.2)
"""Of little patience where a trouble is there, and of much where there is none: the machine may be busy."""

LONGEST = 300.0
"""Seconds that anything may take on a machine with more to do."""

HOOK = "helm.sh/hook"


@dataclass
class Followed:
    """What was seen of a rollout."""

    events: list[Event] = field(default_factory=list)
    ended: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """How it ended."""
        assert self.ended is not None, "it was not followed to its end"
        return self.ended

    @property
    def troubles(self) -> list[Trouble]:
        """What was told, oldest first."""
        return [each.trouble for each in self.events if isinstance(each, PodTrouble)]


@dataclass(frozen=True)
class Place:
    """A namespace."""

    cluster: Cluster
    namespace: str

    def ref(self, item: Object) -> Ref:
        """Where an object of a manifest is."""
        return Ref(item["apiVersion"], item["kind"], item["metadata"]["name"], self.namespace)

    async def create(self, *items: Object) -> None:
        """Create the objects, in this order."""
        for item in items:
            await self.cluster.create(item["apiVersion"], item["kind"], self.namespace, item)

    async def delete(self, *items: Object) -> None:
        """Remove the objects and what they own."""
        for item in items:
            await self.cluster.delete(self.ref(item))

    async def change(self, item: Object, **spec: Any) -> None:
        """Lay this over an object's spec."""
        await self.cluster.patch(self.ref(item), {"spec": spec})

    async def get(self, item: Object) -> Object:
        """The object as it is now."""
        found = await self.cluster.get(self.ref(item))
        assert found is not None
        return found

    async def until(
        self, api_version: str, kind: str, enough: Callable[[Object], bool], *, labels: str | None = None
    ) -> Object:
        """The first object of a kind here that is as wanted, as soon as it is."""
        watch = self.cluster.watch(api_version, kind, self.namespace, labels=labels)
        async with asyncio.timeout(LONGEST), contextlib.aclosing(watch) as events:
            async for event in events:
                if event.type in ("ADDED", "MODIFIED") and enough(event.object):
                    return event.object
        raise AssertionError("a watch does not end")

    async def gone(self, item: Object) -> None:
        """Return once there is no such object any more."""
        name = item["metadata"]["name"]
        watch = self.cluster.watch(
            item["apiVersion"], item["kind"], self.namespace, fields=f"metadata.name={name}"
        )
        known = False
        async with asyncio.timeout(LONGEST), contextlib.aclosing(watch) as events:
            async for event in events:
                known = event.type in ("ADDED", "MODIFIED") or (known and event.type != "DELETED")
                if not known:
                    return

    async def pod_of(self, app: str, *, but: Sequence[str] = ()) -> Object:
        """A pod that a workload has made, other than those named."""
        return await self.until(
            "v1", "Pod", lambda pod: pod["metadata"]["name"] not in but, labels=f"app={app}"
        )

    async def status(self, pod: Object, status: Object) -> None:
        """Write a pod's status, as its kubelet would; statuses of containers have what all of them have."""
        whole = dict(status)
        for key in ("containerStatuses", "initContainerStatuses"):
            if key in whole:
                whole[key] = [_EVERY_CONTAINER | each for each in whole[key]]
        ref = Ref("v1", "Pod", pod["metadata"]["name"], self.namespace)
        await self.cluster.patch(ref, {"status": whole}, subresource="status", manager="kubelet")

    async def event(self, about: Object, reason: str, message: str, count: int = 1) -> None:
        """Tell an event, as kubelets and controllers do."""
        at = SystemClock().now().strftime("%Y-%m-%dT%H:%M:%SZ")
        name, uid = about["metadata"]["name"], about["metadata"]["uid"]
        body = {
            "metadata": {"generateName": f"{name}."},
            "involvedObject": {"kind": about["kind"], "name": name, "namespace": self.namespace, "uid": uid},
            "reason": reason,
            "message": message,
            "type": "Warning",
            "count": count,
            "firstTimestamp": at,
            "lastTimestamp": at,
            "source": {"component": "kubelet"},
        }
        await self.cluster.create("v1", "Event", self.namespace, body)

    async def followed(
        self,
        change: Callable[[], Awaitable[None]],
        *items: Object,
        then: Callable[[], Awaitable[None]] | None = None,
        until: Callable[[Event], bool] | None = None,
        rules: Rules = RULES,
        unwell: Mapping[str, int] | None = None,
    ) -> Followed:
        """Follow a change of these objects to its verdict, or to an event: the watch first, then the change,
        then `applied` unless Helm has failed, and `then` what happens to the pods."""
        clock, seen = SystemClock(), Followed()

        async def work(follower: Follower) -> None:
            try:
                await change()
            except HelmError:  # nothing more is applied: the verdict is about the hooks
                return
            follower.applied()
            if then is not None:
                await then()

        follower = Follower(
            self.cluster,
            self.namespace,
            refs(items),
            rules=rules,
            since=clock.now(),
            clock=clock,
            unwell=unwell,
        )
        try:
            async with asyncio.timeout(LONGEST), follower, asyncio.TaskGroup() as group:
                working = group.create_task(work(follower))
                async for event in follower:
                    seen.events.append(event)
                    if until is not None and until(event):
                        break
                await working
        except TimeoutError:
            raise AssertionError(f"it went on and on: {seen.events}") from None
        seen.ended = follower.verdict
        return seen


_EVERY_CONTAINER: Object = {
    "name": "app",
    "image": "registry.example.org/team/shop:v1.2",
    "imageID": "",
    "ready": False,
    "restartCount": 0,
}


def refs(items: Sequence[Object]) -> list[ObjectRef]:
    """The objects of a manifest as a rollout knows them."""
    return [
        ObjectRef(
            item["apiVersion"],
            item["kind"],
            item["metadata"]["name"],
            hook=HOOK in (item["metadata"].get("annotations") or {}),
        )
        for item in items
    ]


@contextlib.asynccontextmanager
async def made(cluster: Cluster, *items: Object) -> AsyncIterator[None]:
    """Objects of the whole cluster are there until the end of the block."""
    try:
        for item in items:
            await cluster.create(item["apiVersion"], item["kind"], None, item)
        yield
    finally:
        for item in items:
            with contextlib.suppress(ClusterRefused):
                await cluster.delete(Ref(item["apiVersion"], item["kind"], item["metadata"]["name"]))
