"""Whatever reaches out of the process, by how it is made: the composition root opens these and no others.

A test hands in its own, that fail or die where it wants them to; `pilothouse run` knows nothing of that.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bot.clock import Clock
from bot.cluster.clusters import Clusters
from bot.connections import Images
from bot.helm.client import Helm
from bot.images.builders.building import Builder
from bot.store.database import Database
from bot.telegram.transport import Bot, connect


def as_it_is(builder: Builder) -> Builder:
    """A builder with nothing around it."""
    return builder


@dataclass(frozen=True)
class Outside:
    """Makers of the store, and of the ways to Helm, clusters, registries, builders and Telegram."""

    database: Callable[[str], Database] = Database
    helm: Callable[..., Helm] = Helm
    clusters: Callable[[Clock], Clusters] = Clusters
    images: Callable[..., Images] = Images
    builder: Callable[[Builder], Builder] = as_it_is
    """What is asked in each builder's place."""
    connect: Callable[..., AbstractAsyncContextManager[Bot]] = connect


OUTSIDE = Outside()
"""As they are for real."""
