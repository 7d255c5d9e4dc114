"""The owner of the played nodes: their mirror, their kubelet, what is written back, and the Nodes themselves."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import structlog

from bot.clock import Clock, SystemClock
from bot.sandbox.kubernetes.behaviour import (
    BehaviourOf,
    ImageExists,
    Pace,
    TaskOf,
    every_image_exists,
    everything_works,
    no_tasks,
)
from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.containers import Machine
from bot.sandbox.kubernetes.controllers.kinds import POD
from bot.sandbox.kubernetes.controllers.kubelet import Kubelet
from bot.sandbox.kubernetes.controllers.pulling import Registry
from bot.sandbox.kubernetes.controllers.reconciling import ReconcileLoop, following
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.logs import PodLogs
from bot.sandbox.kubernetes.storage import Object
from bot.sandbox.nodes.api import Api
from bot.sandbox.nodes.disks import Provisioner
from bot.sandbox.nodes.endpoint import KubeletEndpoint
from bot.sandbox.nodes.kubeconfig import read_access
from bot.sandbox.nodes.mirror import Mirror
from bot.sandbox.nodes.mirroring import MIRRORED, Mirroring, keep
from bot.sandbox.nodes.registering import Registrar, storage_class
from bot.sandbox.nodes.writing import Outbox, Writing

log = structlog.get_logger(__name__)

NAMES: Final = ("worker-1", "worker-2")


class PlayedNodes:
    """Nodes of a real control plane; an async context manager. Entering returns once they are registered.

    Leaving takes the nodes away again. Where the process dies instead, the next one goes on with their pods.
    """

    def __init__(
        self,
        kubeconfig: Path,
        *,
        context: str | None = None,
        names: Sequence[str] = NAMES,
        behaviour: BehaviourOf = everything_works,
        task_behaviour: BehaviourOf | None = None,
        image_exists: ImageExists = every_image_exists,
        pace: Pace | None = None,
        tasks: TaskOf = no_tasks,
        clock: Clock | None = None,
        address: str = "127.0.0.1",
        taints: Sequence[Object] = (),
    ) -> None:
        """`address` is where the kubelets listen, which the API server must reach for logs.

        `task_behaviour` decides for containers that are meant to end, where that differs, and `tasks` what one of
        them writes and leaves. With `taints` the nodes take only pods that tolerate them.
        Raises: KubeconfigInvalid, OSError.
        """
        self._clock = clock if clock is not None else SystemClock()
        self._names, self._address, self._taints = tuple(names), address, tuple(taints)
        self._api = Api(read_access(kubeconfig, context))
        self._outbox = Outbox()
        self._mirror = Mirror(self._names, self._outbox.add)
        self._logs = PodLogs()
        self._cluster = Cluster(self._mirror, self._clock)
        machine = Machine(
            self._cluster,
            Recorder(self._cluster),
            self._logs,
            Registry(image_exists, behaviour),
            behaviour,
            task_behaviour or behaviour,
            pace if pace is not None else Pace(),
            {},
            tasks,
        )
        controllers = (Kubelet(machine), Provisioner(self._cluster))
        self._loop = ReconcileLoop(self._cluster, controllers, self._clock)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Raises: NodeTaken, Refused, aiohttp.ClientError, TimeoutError, OSError."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._api)
            endpoint = KubeletEndpoint(self._logs, self._pod, self._clock, self._address)
            await stack.enter_async_context(endpoint)
            mirrorings = [Mirroring(self._api, self._mirror, each, self._clock) for each in MIRRORED]
            for mirroring in mirrorings:
                await mirroring.list()
            version = await self._api.version()
            registrar = Registrar(self._api, self._clock, self._address, endpoint.port, version, self._taints)
            await stack.enter_async_context(storage_class(self._api))
            await stack.enter_async_context(registrar.registered(self._names))
            await stack.enter_async_context(following(self._loop, self._cluster))
            writing = Writing(self._api, self._mirror, self._outbox, self._clock)
            for work in (keep(mirrorings), writing.work(), registrar.keep_ready(self._names, self._mirror)):
                stack.push_async_callback(_end, asyncio.create_task(_told(work)))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _pod(self, namespace: str, name: str) -> Object | None:
        return self._mirror.peek(POD.key(namespace, name))


async def _told(work: Coroutine[Any, Any, None]) -> None:
    """Do work that has no end; that it ended all the same is a mistake of ours, which nobody else would notice."""
    try:
        await work
    except Exception:
        log.exception("played nodes have stopped working")
        raise


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
