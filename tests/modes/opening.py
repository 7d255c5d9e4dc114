"""A bot in a sample world that is already open, so that its configuration can name the world's own addresses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.world import SandboxWorld
from tests.worlds import SETTLING, World, open_bot


@asynccontextmanager
async def bot_in(
    sandbox: SandboxWorld, folder: Path, laid_over: Mapping[str, Any] | None = None
) -> AsyncIterator[World]:
    """Start a bot whose configuration is the sample's with `laid_over` on top; it is closed with the block."""
    path = folder / "mode.yaml"
    path.write_text(yaml.safe_dump(dict(laid_over or {})), encoding="utf-8")
    async with open_bot(sandbox, SETTLING, path) as world:
        yield world


async def talks(world: World, version: str = "v1.2") -> None:
    """The short conversation that proves a mode: a deploy is asked for, planned, confirmed and done."""
    plan = await world.dana.deploys(version)
    done = await world.sees(rf"✅ shop → staging {version}")
    assert done.id == plan.id
    assert world.history("shop", "shop-staging")[-1] == "deployed"
