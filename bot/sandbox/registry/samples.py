"""The sample world's images: which versions of shop and blog exist, and when each was built.

The git repositories with the same versions are made by `bot.sandbox.repositories`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.registry.server import RegistryServer

SHOP_TAGS = ("v1.0", "v1.1", "v1.2", "v1.3", "v2.0-crash", "v2.0-oom", "v2.0-slow", "v2.0-broken")
BLOG_TAGS = ("v0.8", "v0.9", "v1.0")

BUILT = {
    "v0.8": datetime(2026, 8, 3, 9, 0, tzinfo=UTC),
    "v0.9": datetime(2026, 9, 7, 9, 0, tzinfo=UTC),
    "v1.0": datetime(2026, 10, 5, 9, 0, tzinfo=UTC),
    "v1.1": datetime(2026, 10, 12, 9, 0, tzinfo=UTC),
    "v1.2": datetime(2026, 10, 19, 9, 0, tzinfo=UTC),
    "v1.3": datetime(2026, 10, 26, 9, 0, tzinfo=UTC),
    "v2.0-crash": datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
    "v2.0-oom": datetime(2026, 11, 3, 9, 0, tzinfo=UTC),
    "v2.0-slow": datetime(2026, 11, 4, 9, 0, tzinfo=UTC),
    "v2.0-broken": datetime(2026, 11, 5, 9, 0, tzinfo=UTC),
}


def add_sample_images(registry: RegistryServer) -> None:
    """Add every version of shop (as indexes for two architectures) and of blog (as plain manifests)."""
    for name, tags in (("shop", SHOP_TAGS), ("blog", BLOG_TAGS)):
        for tag in tags:
            labels = {"org.opencontainers.image.title": name, "org.opencontainers.image.version": tag}
            registry.add(name, tag, created=BUILT[tag], labels=labels, index=name == "shop")
