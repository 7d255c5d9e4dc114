"""The owner of all controllers: starts them on a storage, and ends them."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from bot.clock import Clock
from bot.sandbox.kubernetes.behaviour import (
    BehaviourOf,
    ImageExists,
    Pace,
    TaskOf,
    every_image_exists,
    everything_works,
    no_tasks,
)
from bot.sandbox.kubernetes.controllers.budgets import BudgetController
from bot.sandbox.kubernetes.controllers.claims import ClaimController
from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.containers import Machine
from bot.sandbox.kubernetes.controllers.cronjobs import CronJobController
from bot.sandbox.kubernetes.controllers.daemonsets import DaemonSetController
from bot.sandbox.kubernetes.controllers.deployments import DeploymentController
from bot.sandbox.kubernetes.controllers.endpoints import EndpointSliceController
from bot.sandbox.kubernetes.controllers.garbage import GarbageCollector
from bot.sandbox.kubernetes.controllers.jobs import JobController
from bot.sandbox.kubernetes.controllers.kubelet import Kubelet
from bot.sandbox.kubernetes.controllers.nodes import furnish
from bot.sandbox.kubernetes.controllers.pulling import Registry
from bot.sandbox.kubernetes.controllers.quotas import QuotaController
from bot.sandbox.kubernetes.controllers.reconciling import Controller, ReconcileLoop, following
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.controllers.replicasets import ReplicaSetController
from bot.sandbox.kubernetes.controllers.scheduling import Scheduler
from bot.sandbox.kubernetes.controllers.statefulsets import StatefulSetController
from bot.sandbox.kubernetes.logs import PodLogs
from bot.sandbox.kubernetes.storage import Storage


class Controllers:
    """The controllers, the scheduler and the kubelets of one cluster; an async context manager.

    On entering, what every cluster has (nodes, a storage class) is created where it is
    missing, and everything that is stored is looked at.
    """

    def __init__(
        self,
        storage: Storage,
        logs: PodLogs,
        *,
        clock: Clock,
        image_exists: ImageExists = every_image_exists,
        behaviour: BehaviourOf = everything_works,
        task_behaviour: BehaviourOf | None = None,
        pace: Pace | None = None,
        tasks: TaskOf = no_tasks,
        version: str = "v1.37.0",
    ) -> None:
        pace = pace if pace is not None else Pace()
        self._version = version
        self._cluster = Cluster(storage, clock)
        recorder = Recorder(self._cluster)
        registry = Registry(image_exists, behaviour)
        machine = Machine(
            self._cluster, recorder, logs, registry, behaviour, task_behaviour or behaviour, pace, {}, tasks
        )
        self._loop = ReconcileLoop(self._cluster, _controllers(machine), clock)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._cluster.fill()
        furnish(self._cluster, self._version)
        await self._stack.enter_async_context(following(self._loop, self._cluster))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def settled(self) -> None:
        """Return once the controllers have done all that needs neither time nor a further change."""
        await self._loop.rested()


def _controllers(machine: Machine) -> list[Controller]:
    cluster, recorder, pace = machine.cluster, machine.recorder, machine.pace
    return [
        Scheduler(cluster, recorder, pace),
        Kubelet(machine),
        ReplicaSetController(cluster, recorder),
        DeploymentController(cluster, recorder),
        StatefulSetController(cluster, recorder),
        DaemonSetController(cluster, recorder),
        JobController(cluster, recorder, pace.back_off),
        CronJobController(cluster, recorder),
        QuotaController(cluster),
        BudgetController(cluster),
        GarbageCollector(cluster),
        EndpointSliceController(cluster),
        ClaimController(cluster, recorder),
    ]
