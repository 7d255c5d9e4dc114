"""An embedded Kubernetes cluster: the API server, its state and its controllers, on one socket.

    async with KubernetesServer(behaviour=lambda image: "ok") as cluster:
        Path("kubeconfig").write_text(cluster.kubeconfig())

Everything is in memory and ends with the block.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Self

import yaml
from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.sandbox.kubernetes.authorization import Gate
from bot.sandbox.kubernetes.behaviour import (
    BehaviourOf,
    ImageExists,
    Pace,
    TaskOf,
    every_image_exists,
    everything_works,
    no_tasks,
)
from bot.sandbox.kubernetes.controllers import Controllers
from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.logs import LogLine, PodLogs
from bot.sandbox.kubernetes.namespaces import keep_namespaces
from bot.sandbox.kubernetes.objects import Objects
from bot.sandbox.kubernetes.resources import Resources
from bot.sandbox.kubernetes.schemas import MINOR, Schemas
from bot.sandbox.kubernetes.seeding import seed
from bot.sandbox.kubernetes.serving import Api, answered, refusing_in_status
from bot.sandbox.kubernetes.storage import Key, Storage

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request's body; etcd's own limit is far lower, but a Helm release may be big before gzip."""

CLUSTER_NAMES = uuid.UUID("6f8d9e52-4c1f-4f0a-9a57-1f1d2b6c7a10")
"""From this and its name a cluster's uid is made: the same name is the same cluster, run after run."""

Meets = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class KubernetesServer:
    """One cluster. An async context manager: entering listens and starts the controllers."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str = "sandbox",
        image_exists: ImageExists = every_image_exists,
        behaviour: BehaviourOf = everything_works,
        task_behaviour: BehaviourOf | None = None,
        pace: Pace | None = None,
        tasks: TaskOf = no_tasks,
    ) -> None:
        """`port` 0 takes a free one; `name` names the context and decides the cluster's uid.

        `task_behaviour` decides for the containers of Jobs and for init containers, where that differs, and `tasks`
        what one of them writes and leaves.
        """
        self.name = name
        self.uid = str(uuid.uuid5(CLUSTER_NAMES, name))
        self.storage = Storage()
        self.pod_logs = PodLogs()
        self.gate = Gate(self.storage)
        self._clock = clock if clock is not None else SystemClock()
        self._host, self._port = host, port
        self._image_exists, self._behaviour = image_exists, behaviour
        self._task_behaviour, self._tasks = task_behaviour, tasks
        self._pace = pace if pace is not None else Pace()
        self._stack = AsyncExitStack()
        self._controllers: Controllers | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._coming_back: asyncio.Task[None] | None = None
        self._failing: tuple[ApiError, float] | None = None
        self.meets: Meets | None = None
        """Each request meets this first, which may answer it, cut it off or keep it: for faults that tests make."""

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        schemas = await asyncio.to_thread(Schemas)
        objects = Objects(self.storage, Resources(schemas), self._clock)
        seed(self.storage, self.uid, self._clock.now())
        self.storage.forget()
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._faults, refusing_in_status])
        app.router.add_route("*", "/{path:.*}", Api(objects, self.pod_logs, self._clock, self.gate).handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        self._stack.push_async_callback(self._runner.cleanup)
        await self._listen()
        self._stack.push_async_callback(self._stay)
        self._own(asyncio.create_task(keep_namespaces(objects, self._clock), name="sandbox namespaces"))
        self._controllers = await self._stack.enter_async_context(self._new_controllers())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def settled(self) -> None:
        """Return once the controllers have done all that needs neither time nor a further change."""
        if self._controllers is not None:
            await self._controllers.settled()

    def _new_controllers(self) -> Controllers:
        return Controllers(
            self.storage,
            self.pod_logs,
            clock=self._clock,
            behaviour=self._behaviour,
            task_behaviour=self._task_behaviour,
            image_exists=self._image_exists,
            pace=self._pace,
            tasks=self._tasks,
            version=MINOR,
        )

    def _own(self, task: "asyncio.Task[None]") -> None:
        async def end() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        self._stack.push_async_callback(end)

    async def _listen(self) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, self._host, self._port, reuse_address=True)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    def kubeconfig(self) -> str:
        """A kubeconfig as YAML with one context, called as the cluster is; the current one."""
        name = self.name
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": name,
                "clusters": [{"name": name, "cluster": {"server": self.url}}],
                "users": [{"name": name, "user": {"token": "sandbox"}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            },
            sort_keys=False,
        )

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool = False) -> list[LogLine]:
        """What a container has written; empty when there is no such pod."""
        found = self.storage.peek(Key("", "pods", namespace, pod))
        if found is None:
            return []
        return self.pod_logs.read(namespace, found["metadata"]["uid"], container, previous=previous)

    @property
    def is_down(self) -> bool:
        """Whether it refuses connections."""
        return self._site is None

    async def down(self, seconds: float | None) -> None:
        """Refuse connections and cut those there are, for so long (None: until `up`). Returns once it is down."""
        await self._stay()
        if self._site is not None:
            await self._site.stop()
            self._site = None
        assert self._runner is not None
        assert self._runner.server is not None
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()
        if seconds is not None:
            returning = self._come_back(seconds)
            self._coming_back = asyncio.create_task(returning, name="sandbox cluster comes back")

    async def up(self) -> None:
        """Listen again, whatever `down` said; nothing where it does."""
        await self._stay()
        if self.is_down:
            await self._listen()

    async def _come_back(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self._listen()

    async def returned(self) -> None:
        """Wait until the end of a `down`; at once when there is none."""
        if self._coming_back is not None:
            await self._coming_back

    async def _stay(self) -> None:
        """Forget a return that is planned."""
        if self._coming_back is not None:
            self._coming_back.cancel()
            with suppress(asyncio.CancelledError):
                await self._coming_back
            self._coming_back = None

    def fail(self, status: int, seconds: float) -> None:
        """Answer every request with that HTTP status for so long (429 and 503 with Retry-After 1)."""
        reasons = {
            429: "TooManyRequests",
            500: "InternalError",
            503: "ServiceUnavailable",
            401: "Unauthorized",
        }
        retry = 1 if status in (429, 503) else None
        words = "the server is currently unable to handle the request"
        error = ApiError(status, reasons.get(status, "Unknown"), words, retry_after=retry)
        self._failing = (error, self._clock.monotonic() + seconds)

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self._failing is not None:
            error, until = self._failing
            if self._clock.monotonic() < until:
                headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
                return answered(error.status, error.code, headers=headers)
            self._failing = None
        met = await self.meets(request) if self.meets is not None else None
        if met is not None:
            return met
        response: web.StreamResponse = await handler(request)
        return response
