"""The sandbox's world on a real cluster that it was given."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.config import Config
from bot.sandbox.given import Given, given_clusters
from bot.sandbox.ground import Ground, Layer, reached_by
from bot.sandbox.installing import install_all
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.servers import open_beside
from bot.sandbox.world import RUNNING, World


@asynccontextmanager
async def open_given_world(
    folder: Path,
    given: Given,
    configs: Sequence[Path] | None = None,
    *,
    port: int = 0,
    pace: Pace | None = None,
) -> AsyncIterator[World]:
    """As `open_world`, but for the cluster: all that it is to hold is in namespaces that are removed at the end.

    Raises: ConfigInvalid, OSError, GivenUnusable, ClusterError, HelmError.
    """
    ground = await Ground.read(folder, configs)
    contexts = given.contexts(list(ground.config.clusters))
    prefix = f"sandbox-{secrets.token_hex(3)}-"
    kubeconfig = given.kubeconfig.absolute()
    async with open_beside(port=port, registries=ground.registries) as beside:
        clusters = {key: reached_by(str(kubeconfig), context) for key, context in contexts.items()}
        furnished = await ground.furnish(beside, {"clusters": clusters, **_moved(ground.config, prefix)})
        async with given_clusters(given, sorted(set(contexts.values())), prefix, beside, pace) as hands:
            if ground.is_sample:
                await install_all(furnished.config, RUNNING)
                if hands.images_run:
                    await hands.until_ready()
            about = f"{', '.join(sorted(set(contexts.values())))} of {kubeconfig}, in namespaces {prefix}*"
            yield World(beside, furnished.cast, furnished.files, ground.secrets, kubeconfig, hands, about)


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
