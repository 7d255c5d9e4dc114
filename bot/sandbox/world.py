"""The sandbox's world: the servers filled with people, images and running releases, for any configuration.

Its cluster is the embedded one, or a real one that it was given. In the sample world the releases were installed by
the real Helm SDK before the bot starts. Running the bot is `running`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.config import Config
from bot.sandbox.cast import Cast
from bot.sandbox.ground import CHART, SAMPLE, Ground, reached_by
from bot.sandbox.hands import Hands
from bot.sandbox.installing import Install, install_releases
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.objects import EmbeddedHands
from bot.sandbox.pods import EmbeddedPods, Pods
from bot.sandbox.servers import LOOPBACK, Beside, Servers, open_servers

__all__ = ["CHART", "RUNNING", "SAMPLE", "SandboxWorld", "World", "open_world"]

RUNNING: Final = (
    ("shop", "staging", ("v1.0", "v1.1")),
    ("shop", "production", ("v1.0", "v1.1")),
    ("blog", "staging", ("v0.8", "v0.9")),
)
"""What runs at the start in the sample world: app, environment, and the versions of its revisions."""
KUBECONFIG: Final = "kubeconfig"
"""In the sandbox's folder: the bot's."""


@dataclass(frozen=True)
class World:
    """The world, ready for the bot to be started in it."""

    servers: Beside
    cast: Cast
    configs: tuple[Path, ...]
    """What the bot is started with, in order."""
    secrets: Mapping[str, str] = field(repr=False)
    """Variables that the bot's environment needs."""
    config: Config
    """All of them together."""
    kubeconfig: Path
    hands: Hands
    pods: Pods
    about: str
    """Where its cluster is, for people."""

    def asked_at(self) -> float:
        """When the bot last asked for updates, on the monotonic clock."""
        return self.servers.telegram.state.polls.asked_at


@dataclass(frozen=True)
class SandboxWorld(World):
    """The one with the embedded cluster."""

    servers: Servers


@asynccontextmanager
async def open_world(
    folder: Path,
    configs: Sequence[Path] | None = None,
    *,
    port: int = 0,
    bot_port: int = 0,
    registry_at: tuple[str, int] = LOOPBACK,
    pace: Pace | None = None,
    install: Install = install_releases,
) -> AsyncIterator[SandboxWorld]:
    """Open the servers and fill them.

    Files go into `folder`, `port` is Telegram's and `bot_port` the bot's (0: a free one, and the sample world has no
    webhook), `pace` is how fast pods live. `registry_at` and `install` are for who opens many: what was installed
    names the registry, and can be copied into another cluster.

    Raises: ConfigInvalid, OSError.
    """
    ground = await Ground.read(folder, configs, bot_port)
    async with open_servers(
        port=port, registry_at=registry_at, registries=ground.registries, pace=pace
    ) as servers:
        kubeconfig = folder / KUBECONFIG
        await asyncio.to_thread(write_secretly, kubeconfig, servers.cluster.kubeconfig())
        reached = reached_by(KUBECONFIG, servers.cluster.name)
        furnished = await ground.furnish(
            servers, {"clusters": dict.fromkeys(ground.config.clusters, reached)}
        )
        if ground.is_sample:
            await install(furnished.config, RUNNING, servers.cluster)
        yield SandboxWorld(
            servers,
            furnished.cast,
            furnished.files,
            ground.secrets,
            furnished.config,
            kubeconfig,
            EmbeddedHands(servers),
            EmbeddedPods(servers.cluster),
            servers.cluster.url,
        )


def write_secretly(path: Path, content: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
