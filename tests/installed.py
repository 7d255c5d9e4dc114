"""The sandbox's world with its releases, which are installed by the real Helm SDK once in each process of a run.

What that came to is copied into the worlds after the first: installing takes more work than most tests. Pods are not
copied; the cluster's own controllers make them anew. A second world beside an open one is furnished as usual.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.config import Config
from bot.sandbox import world
from bot.sandbox.installing import Release, install_releases, until_ready
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key, Object
from bot.sandbox.world import SandboxWorld
from bot.store.database import Database

_NOT_COPIED = ("pods", "events")
"""Resources that are about the life in one cluster."""


class _Installed:
    """What the sample's releases consist of, once they were installed.

    Their images name the registry, so that has one address in all of a process's worlds: one of loopback that no
    other process listens on.
    """

    def __init__(self) -> None:
        pid = os.getpid()
        self.registry_at = (f"127.{64 | pid >> 16 & 63}.{pid >> 8 & 255}.{pid & 255}", 0)
        self.in_use = False
        self.store = b""
        self._objects: list[tuple[Key, Object]] = []

    async def install(self, config: Config, releases: Sequence[Release], cluster: KubernetesServer) -> None:
        """Install the releases, or put what they were installed to into the cluster."""
        if not self._objects:
            await install_releases(config, releases, cluster)
            namespaces = {config.target(app, environment).namespace for app, environment, _ in releases}
            self._objects = list(_objects_of(cluster, namespaces))
            return
        for key, value in self._objects:
            cluster.storage.put(key, value)
        await until_ready(cluster)


def _objects_of(cluster: KubernetesServer, namespaces: set[str]) -> list[tuple[Key, Object]]:
    def is_theirs(key: Key) -> bool:
        if (key.group, key.resource) == ("", "namespaces"):
            return key.name in namespaces
        return key.namespace in namespaces and key.resource not in _NOT_COPIED

    found = [(key, cluster.storage.get(key)) for key in cluster.storage.keys() if is_theirs(key)]
    return [(key, _unsettled(value)) for key, value in found if value is not None]


def _unsettled(value: Object) -> Object:
    """Without the status of a workload, which tells of pods that another cluster had."""
    return (
        {name: part for name, part in value.items() if name != "status"}
        if "replicas" in value.get("spec", {})
        else value
    )


_INSTALLED = _Installed()


async def make_store(path: Path) -> None:
    """Make the bot's store there, empty, unless it is there: its tables are made once in each process of a run."""
    if path.exists():
        return
    if _INSTALLED.store:
        path.touch(mode=0o600)
        path.write_bytes(_INSTALLED.store)
        return
    async with Database(f"sqlite:///{path}"):
        pass
    _INSTALLED.store = path.read_bytes()


@asynccontextmanager
async def open_world(
    folder: Path, configs: Sequence[Path] | None = None, *, pace: Pace | None = None
) -> AsyncIterator[SandboxWorld]:
    """As `bot.sandbox.world.open_world`. Raises: ConfigInvalid."""
    if configs or _INSTALLED.in_use:
        async with world.open_world(folder, configs, pace=pace) as opened:
            yield opened
        return
    _INSTALLED.in_use = True
    try:
        async with world.open_world(
            folder, pace=pace, registry_at=_INSTALLED.registry_at, install=_INSTALLED.install
        ) as opened:
            host, _, port = opened.servers.registry.host.rpartition(":")
            _INSTALLED.registry_at = host, int(port)
            yield opened
    finally:
        _INSTALLED.in_use = False
