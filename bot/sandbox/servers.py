"""The embedded servers together: Telegram, a cluster and a registry that agree on what the images do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from bot.sandbox.kubernetes.behaviour import Behaviour, Pace, behaviour_of_tag
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.registry import RegistryServer
from bot.sandbox.telegram import TelegramServer

TOKEN: Final = "1000000001:AAsandbox-token-that-opens-nothing-0001"  # noqa: S105 - it opens nothing
"""The bot's token: in the form that Telegram gives out, and known to the embedded Telegram alone."""
LOOPBACK: Final = ("127.0.0.1", 0)
"""This machine, at a port that is free."""
ALIAS: Final = "registry"
"""The host by which scripts call the registry, whatever port it has."""


@dataclass
class Behaviours:
    """What each image does: what was ordered for its tag, else what the tag ends with, else it works."""

    registry: RegistryServer
    ordered: dict[tuple[str, str], Behaviour] = field(default_factory=dict)
    """By name without host, and tag."""
    tasks: dict[tuple[str, str], Behaviour] = field(default_factory=dict)
    """The same for what is meant to end by itself, such as a migration: it works unless that was ordered."""

    def of(self, image: str) -> Behaviour:
        """What a container of this image reference does, by tag also where a digest pins it."""
        name, tags = self._tags(image)
        for each in tags:
            if (name, each) in self.ordered:
                return self.ordered[name, each]
        return next((behaviour_of_tag(each) for each in tags), "ok")

    def of_task(self, image: str) -> Behaviour:
        """What a Job's or an init container of this image reference does."""
        name, tags = self._tags(image)
        return next((self.tasks[name, each] for each in tags if (name, each) in self.tasks), "ok")

    def _tags(self, image: str) -> tuple[str, list[str]]:
        name, tag = split_reference(image)
        return name, [tag] if tag else list(self.registry.tags_of(image))

    def order(self, reference: str, behaves: Behaviour, *, task: bool = False) -> None:
        """Let an image behave so from its next start on, as a `task` or as what runs on and on.

        Its tag is added where the registry lacks it.
        """
        name, tag = split_reference(reference)
        (self.tasks if task else self.ordered)[name, tag] = behaves
        if tag not in self.registry.tags(name):
            self.registry.add(name, tag)


@dataclass(frozen=True)
class Beside:
    """Those that stand beside a cluster, listening."""

    telegram: TelegramServer
    registry: RegistryServer
    behaviours: Behaviours
    elsewhere: set[str] = field(default_factory=set, kw_only=True)
    """Hosts of real registries that the nodes can pull from as well: all of their images are there."""

    def has(self, image: str) -> bool:
        """Whether a node can pull an image."""
        return image.partition("/")[0] in self.elsewhere or self.registry.has(image)


@dataclass(frozen=True)
class Servers(Beside):
    """All three, listening."""

    cluster: KubernetesServer


@asynccontextmanager
async def open_beside(
    *, port: int = 0, registry_at: tuple[str, int] = LOOPBACK, registries: Collection[str] = ()
) -> AsyncIterator[Beside]:
    """Start Telegram, at `port` (0: a free one), and the registry; they end with the block.

    `registry_at` is the registry's host and port, which are in every image's name; `registries` are hosts that it
    stands in for.
    Raises: OSError where the port is taken.
    """
    async with AsyncExitStack() as owned:
        registry = await owned.enter_async_context(RegistryServer(*registry_at, aliases={ALIAS, *registries}))
        telegram = await owned.enter_async_context(TelegramServer(TOKEN, port=port))
        yield Beside(telegram, registry, Behaviours(registry))


@asynccontextmanager
async def open_servers(
    *,
    port: int = 0,
    registry_at: tuple[str, int] = LOOPBACK,
    registries: Collection[str] = (),
    pace: Pace | None = None,
) -> AsyncIterator[Servers]:
    """Start them all, as `open_beside` does; `pace` is how fast pods live. Raises: OSError."""
    async with open_beside(port=port, registry_at=registry_at, registries=registries) as beside:
        cluster = KubernetesServer(
            image_exists=beside.has,
            behaviour=beside.behaviours.of,
            task_behaviour=beside.behaviours.of_task,
            pace=pace,
        )
        async with cluster:
            yield Servers(
                beside.telegram, beside.registry, beside.behaviours, cluster, elsewhere=beside.elsewhere
            )


def split_reference(image: str) -> tuple[str, str]:
    """The name without its host, and the tag ("" where there is none), of `host/name:tag@digest`."""
    name, _, tag = image.partition("@")[0].partition("/")[2].partition(":")
    return name, tag
