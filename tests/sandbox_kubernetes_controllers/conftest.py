"""A cluster that lives on a clock which only moves when a test says so."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.kubernetes.behaviour import Behaviour
from bot.sandbox.kubernetes.controllers import Controllers, Pace
from bot.sandbox.kubernetes.logs import PodLogs
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.seeding import furnish
from bot.sandbox.kubernetes.storage import Key, Object, Storage

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TURNS = 12
"""Turns of the event loop in which a change, or a sleeper that woke, has reached the controllers."""


class MovableClock:
    """A clock whose sleepers wake as `advance` passes their time, in order."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return START + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), future))
        await future

    def move_to(self, time: float) -> bool:
        """Move to the next sleeper's time, at most to `time`; answers whether anyone woke."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if not self._sleepers or self._sleepers[0][0] > time:
            self._passed = time
            return False
        self._passed, _, future = heapq.heappop(self._sleepers)
        future.set_result(None)
        return True


class World:
    """The cluster under test: put objects in, let time pass, look at what became of them."""

    def __init__(self) -> None:
        self.storage = Storage()
        self.logs = PodLogs()
        self.clock = MovableClock()
        self.behaviours: dict[str, Behaviour] = {}
        self.missing: set[str] = set()
        self.controllers: Controllers | None = None
        furnish(self.storage, "shop", self.clock.now())

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        seen = 0
        while seen != self.storage.version:
            seen = self.storage.version
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if self.controllers is not None:
                await self.controllers.settled()

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, in the order in which things fall due."""
        await self.settle()
        end = self.clock.monotonic() + seconds
        while self.clock.move_to(end):
            await self.settle()
        await self.settle()

    def create(
        self, group: str, resource: str, kind: str, name: str, body: Object, **metadata: Any
    ) -> Object:
        """Store an object as the API would; `metadata` adds to or replaces what it has by default."""
        namespace = metadata.pop("namespace", "shop")
        described = {**new_metadata(name, namespace, at=self.clock.now(), generation=1), **metadata}
        version = f"{group}/v1" if group else "v1"
        obj = {"apiVersion": version, "kind": kind, "metadata": described, **body}
        return self.storage.put(Key(group, resource, namespace, name), obj)

    def change(self, group: str, resource: str, name: str, edit: Callable[[Object], None]) -> Object:
        """Change an object's spec as a client does: its generation goes up."""
        key = Key(group, resource, "shop", name)
        obj = self.storage.get(key)
        assert obj is not None
        edit(obj)
        obj["metadata"]["generation"] = obj["metadata"].get("generation", 1) + 1
        return self.storage.put(key, obj)

    def change_cluster(self, resource: str, name: str, edit: Callable[[Object], None]) -> None:
        """Change an object that is in no namespace."""
        key = Key("", resource, "", name)
        obj = self.storage.get(key)
        assert obj is not None
        edit(obj)
        self.storage.put(key, obj)

    def get(self, group: str, resource: str, name: str, namespace: str = "shop") -> Object:
        found = self.storage.get(Key(group, resource, namespace, name))
        assert found is not None, f"no {resource} {name}"
        return found

    def pods(self, **labels: str) -> list[Object]:
        found = self.storage.list("", "pods", "shop")
        return [p for p in found if labels.items() <= (p["metadata"].get("labels") or {}).items()]

    def pod(self, **labels: str) -> Object:
        (only,) = self.pods(**labels)
        return only

    def events(self, reason: str) -> list[Object]:
        return [e for e in self.storage.list("", "events") if e["reason"] == reason]

    def deployment(self, name: str = "web", image: str = "shop/web:1", **spec: Any) -> Object:
        return self.create("apps", "deployments", "Deployment", name, {"spec": workload(name, image, **spec)})

    def job(self, name: str = "migrate", image: str = "shop/web:1", **spec: Any) -> Object:
        template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "task", "image": image}]}}
        template["spec"].update(spec.pop("pod", {}))
        body = {"completions": 1, "parallelism": 1, "backoffLimit": 6, "template": template, **spec}
        return self.create("batch", "jobs", "Job", name, {"spec": body})

    def delete(self, group: str, resource: str, name: str, finalizer: str | None = None) -> None:
        """Delete as the API does: at once, or (with a finalizer or for a bound pod) by marking."""
        key = Key(group, resource, "shop" if resource != "namespaces" else "", name)
        obj = self.storage.get(key)
        assert obj is not None
        if finalizer is None and resource not in ("pods", "namespaces"):
            self.storage.delete(key)
            return
        if finalizer:
            obj["metadata"].setdefault("finalizers", []).append(finalizer)
        obj["metadata"]["deletionTimestamp"] = "2026-11-25T12:00:00Z"
        if resource == "pods":
            obj["metadata"]["deletionGracePeriodSeconds"] = 30
        self.storage.put(key, obj)


def workload(name: str, image: str, **spec: Any) -> Object:
    """The spec of a workload with one container `app`; `pod` adds to the pod's spec, `app` to the container."""
    container = {"name": "app", "image": image, **spec.pop("app", {})}
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [container], **spec.pop("pod", {})},
    }
    return {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}


@asynccontextmanager
async def living(world: World, pace: Pace | None = None) -> AsyncIterator[World]:
    """The world with its controllers at work."""
    controllers = Controllers(
        world.storage,
        world.logs,
        clock=world.clock,
        image_exists=lambda image: image not in world.missing,
        behaviour=lambda image: world.behaviours.get(image, "ok"),
        pace=pace,
    )
    with capture_logs() as logged:
        async with controllers:
            world.controllers = controllers
            await world.settle()
            yield world
    assert not [entry for entry in logged if entry["event"] == "reconcile failed"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.create("", "namespaces", "Namespace", "shop", {"spec": {}}, namespace="")
    async with living(made):
        yield made
