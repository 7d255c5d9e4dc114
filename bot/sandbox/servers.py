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
class Servers:
    """All three, listening."""

    telegram: TelegramServer
    cluster: KubernetesServer
    registry: RegistryServer
    behaviours: Behaviours


@asynccontextmanager
async def open_servers(
    *, port: int = 0, registries: Collection[str] = (), pace: Pace | None = None
) -> AsyncIterator[Servers]:
    """Start them; they end with the block. `port` is Telegram's (0: a free one).

    `registries` are hosts that the embedded registry stands in for, `pace` is how fast pods live.
    Raises: OSError where the port is taken.
    """
    async with AsyncExitStack() as owned:
        registry = await owned.enter_async_context(RegistryServer(aliases={ALIAS, *registries}))
        behaviours = Behaviours(registry)
        cluster = KubernetesServer(
            image_exists=registry.has,
            behaviour=behaviours.of,
            task_behaviour=behaviours.of_task,
            pace=pace,
        )
        await owned.enter_async_context(cluster)
        telegram = await owned.enter_async_context(TelegramServer(TOKEN, port=port))
        yield Servers(telegram, cluster, registry, behaviours)


def split_reference(image: str) -> tuple[str, str]:
    """The name without its host, and the tag ("" where there is none), of `host/name:tag@digest`."""
    name, _, tag = image.partition("@")[0].partition("/")[2].partition(":")
    return name, tag
