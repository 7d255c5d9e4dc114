"""The sandbox's world on a real cluster that it was given."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.clock import SystemClock
from bot.config import Config
from bot.sandbox.given import Given, GivenClusters, GivenUnusable, given_clusters
from bot.sandbox.ground import Ground, Layer, reached_by
from bot.sandbox.installing import install_all
from bot.sandbox.kubeconfigs import KubeconfigUnfit, led_over, server_of
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.pods import GivenPods
from bot.sandbox.relay import Relay
from bot.sandbox.servers import open_beside
from bot.sandbox.world import KUBECONFIG, RUNNING, World, write_secretly


@asynccontextmanager
async def open_given_world(
    folder: Path,
    given: Given,
    configs: Sequence[Path] | None = None,
    *,
    port: int = 0,
    bot_port: int = 0,
    pace: Pace | None = None,
) -> AsyncIterator[World]:
    """As `open_world`, but for the cluster: all that it is to hold is in namespaces that are removed at the end.

    Where nodes are real nothing is installed: the sample's pods would wait for their images for ever.
    Raises: ConfigInvalid, OSError, GivenUnusable, ClusterError, HelmError.
    """
    ground = await Ground.read(folder, configs, bot_port)
    content = await asyncio.to_thread(given.read)
    contexts = given.contexts(ground.config.clusters, content)
    prefix = f"sandbox-{secrets.token_hex(3)}-"
    async with (
        open_beside(port=port, registries=ground.registries) as beside,
        _relayed(content, set(contexts.values())) as relays,
    ):
        kubeconfig = folder / KUBECONFIG
        ports = {context: relay.port for context, relay in relays.items()}
        copy = led_over(content, ports, given.kubeconfig.parent.absolute())
        await asyncio.to_thread(write_secretly, kubeconfig, yaml.safe_dump(copy))
        clusters = {
            key: {**reached_by(KUBECONFIG, context), "allow_exec": True} for key, context in contexts.items()
        }
        more = {"clusters": clusters, **_moved(ground.config, prefix)}
        furnished = await ground.furnish(beside, more)
        ways = {key: relays[context] for key, context in contexts.items()}
        async with given_clusters(given, sorted(relays), ways, prefix, beside, pace) as hands:
            about = f"{', '.join(sorted(relays))} of {given.kubeconfig}, in the namespaces {prefix}*"
            if not hands.images_run:
                about += "; its nodes are real and cannot pull the sandbox's images"
            elif ground.is_sample:
                await install_all(furnished.config, RUNNING)
                await hands.until_ready()
            yield World(
                beside,
                furnished.cast,
                furnished.files,
                ground.secrets,
                furnished.config,
                kubeconfig,
                hands,
                _pods(furnished.config, contexts, ways, hands),
                about,
            )


def _pods(
    config: Config, contexts: Mapping[str, str], ways: Mapping[str, Relay], hands: GivenClusters
) -> GivenPods:
    """Those of the clusters' apps, by key of the configuration."""
    clusters = {key: hands.by_context[context] for key, context in contexts.items()}
    namespaces: dict[str, set[str]] = {key: set() for key in clusters}
    for target in config.targets():
        namespaces[target.cluster_name].add(target.namespace)
    return GivenPods(clusters, ways, namespaces, SystemClock())


@asynccontextmanager
async def _relayed(content: Mapping[str, Any], contexts: Collection[str]) -> AsyncIterator[dict[str, Relay]]:
    """The bot's way to each context's cluster."""
    async with AsyncExitStack() as stack:
        try:
            relays = {context: Relay(*server_of(content, context)) for context in contexts}
        except KubeconfigUnfit as error:
            raise GivenUnusable(str(error)) from error
        for relay in relays.values():
            await stack.enter_async_context(relay)
        yield relays


def _moved(config: Config, prefix: str) -> Layer:
    """What to lay over the configuration so that all namespaces begin with `prefix`."""
    apps: Layer = {}
    for name, app in config.apps.items():
        own = {key: each.namespace for key, each in app.environments.items() if each.namespace}
        if own:
            environments = {
                key: {"namespace": prefix + own[key]} if key in own else {} for key in app.environments
            }
            apps[name] = {"environments": environments}
    environments = {key: {"namespace": prefix + each.namespace} for key, each in config.environments.items()}
    return {"environments": environments, "apps": apps}
