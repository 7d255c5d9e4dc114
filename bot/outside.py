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
from bot.store.database import Database
from bot.telegram.transport import Bot, connect


@dataclass(frozen=True)
class Outside:
    """Makers of the store, and of the ways to Helm, clusters, registries and Telegram."""

    database: Callable[[str], Database] = Database
    helm: Callable[..., Helm] = Helm
    clusters: Callable[[Clock], Clusters] = Clusters
    images: Callable[..., Images] = Images
    connect: Callable[..., AbstractAsyncContextManager[Bot]] = connect


OUTSIDE = Outside()
"""As they are for real."""
