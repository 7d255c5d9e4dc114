"""Makes the played nodes known to the API server, and keeps them Ready: Node, Lease and heartbeats."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog

from bot.clock import Clock
from bot.sandbox.kubernetes.controllers.cluster import condition_of
from bot.sandbox.kubernetes.controllers.kinds import LEASE, NODE, STORAGE_CLASS
from bot.sandbox.kubernetes.controllers.nodes import (
    DEFAULT_CLASS,
    disk_class,
    healthy_conditions,
    node_labels,
    node_of,
)
from bot.sandbox.kubernetes.metadata import exact_timestamp, timestamp
from bot.sandbox.kubernetes.storage import Object
from bot.sandbox.nodes.api import Api, Refused
from bot.sandbox.nodes.mirror import Mirror

log = structlog.get_logger(__name__)

LEASES: Final = "kube-node-lease"
LEASE_LASTS: Final = 40
RENEW_EVERY: Final = 10.0
"""Seconds; both as a kubelet's."""
CAPACITY: Final = {"cpu": "64", "memory": "256Gi", "pods": "5000", "ephemeral-storage": "1Ti"}
"""Of each node: enough for whoever asks for no more than a large machine has."""


class NodeTaken(Exception):
    """A node of that name is there, and somebody else's."""


@dataclass(frozen=True)
class Registrar:
    """Registers nodes whose kubelet listens at `address` and `port`."""

    api: Api
    clock: Clock
    address: str
    port: int
    version: str
    taints: tuple[Object, ...] = ()

    @asynccontextmanager
    async def registered(self, names: Collection[str]) -> AsyncIterator[None]:
        """The nodes are there until the end of the block. Raises: NodeTaken, Refused, aiohttp.ClientError."""
        try:
            for name in names:
                await self.register(name)
            yield
        finally:
            for name in names:
                with suppress(Refused, aiohttp.ClientError, TimeoutError):
                    await self.api.delete(NODE, NODE.key("", name))
                    await self.api.delete(LEASE, LEASE.key(LEASES, name))

    async def register(self, name: str) -> None:
        """Create the node, or take it over from a kubelet that was played before."""
        node = self._node(name)
        try:
            await self.api.create(NODE, node)
        except Refused as refused:
            if refused.code != 409:
                raise
            key = NODE.key("", name)
            found = await self.api.get(NODE, key)
            if found["spec"].get("providerID") != node["spec"]["providerID"]:
                raise NodeTaken(f"There is a node {name} already, which is not a played one.") from refused
            await self.api.merge(NODE, key, {"status": node["status"]}, "status")
        await self._renew(name)

    async def keep_ready(self, names: Collection[str], mirror: Mirror) -> None:
        """Renew the nodes' Leases, and whatever else makes them Ready, for ever."""
        while True:
            await self.clock.sleep(RENEW_EVERY)
            for name in names:
                try:
                    await self._renew(name)
                    await self._mend(name, mirror)
                except (Refused, aiohttp.ClientError, OSError, ValueError) as error:
                    log.info("heartbeat failed", node=name, error=str(error) or repr(error))

    async def _mend(self, name: str, mirror: Mirror) -> None:
        node = mirror.truth(NODE.key("", name))
        if node is None:
            await self.register(name)
        elif (condition_of(node, "Ready") or {}).get("status") != "True":
            conditions = healthy_conditions(timestamp(self.clock.now()))
            await self.api.merge(NODE, NODE.key("", name), {"status": {"conditions": conditions}}, "status")

    async def _renew(self, name: str) -> None:
        key = LEASE.key(LEASES, name)
        spec = {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_LASTS,
            "renewTime": exact_timestamp(self.clock.now()),
        }
        try:
            await self.api.merge(LEASE, key, {"spec": spec})
        except Refused as refused:
            if refused.code != 404:
                raise
            metadata = {"name": name, "namespace": LEASES}
            await self.api.create(LEASE, {"metadata": metadata, "spec": spec})

    def _node(self, name: str) -> Object:
        node = node_of(name, self.address, CAPACITY, self.version, timestamp(self.clock.now()))
        node["metadata"] = {"name": name, "labels": node_labels(name)}
        node["spec"]["taints"] = [dict(taint) for taint in self.taints]
        status = node["status"]
        # Without its host name, to which the API server would rather connect.
        status["addresses"] = [{"type": "InternalIP", "address": self.address}]
        status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": self.port}}
        return node


@asynccontextmanager
async def storage_class(api: Api) -> AsyncIterator[None]:
    """A class `standard`, the default one, is there until the end of the block, unless the cluster has its own."""
    found, _ = await api.list(STORAGE_CLASS)
    if found:
        yield
        return
    metadata = {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}}
    await api.create(STORAGE_CLASS, {"metadata": metadata, **disk_class()})
    try:
        yield
    finally:
        with suppress(Refused, aiohttp.ClientError, TimeoutError):
            await api.delete(STORAGE_CLASS, STORAGE_CLASS.key("", "standard"))
