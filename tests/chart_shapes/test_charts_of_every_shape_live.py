"""Charts as people have them live on a real Kubernetes, through the chat: one test plays the life of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chart_shapes.aggregating import aggregated
from tests.chart_shapes.lives import Shape, shapes
from tests.chart_shapes.playing import FIRST, SECOND, Life, configured
from tests.control_plane.running import ControlPlane
from tests.real_worlds import RealWorld, open_real_world

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long(10)]
"""A life is four operations one after the other, one of them with 300 objects."""

SHAPES = shapes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, control_plane: ControlPlane
) -> AsyncIterator[RealWorld]:
    """On our own control plane: its nodes are played, and know images that nobody has built."""
    folder = tmp_path_factory.mktemp("world")
    async with open_real_world(folder, control_plane.kubeconfig, configured(folder, SHAPES)) as world:
        yield world


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
async def test_it_is_deployed_changed_drifted_rolled_back_and_uninstalled(
    world: RealWorld, shape: Shape, tmp_path: Path
) -> None:
    life = Life(world, shape, world.configs[0].parent)
    for words in shape.before:
        await world.kubectl(shape.name, *words)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(life.clean)
        if shape.aggregated:
            await stack.enter_async_context(aggregated(world, shape.name, tmp_path))
        for case in shape.refused:
            await life.is_refused(case)
        await life.is_deployed(FIRST, shape.deployed)
        await life.is_deployed(SECOND, shape.changed)
        await life.drifts(shape.drifted)
        await life.is_rolled_back(shape.rolled_back)
        await life.is_uninstalled(shape.uninstalled)
