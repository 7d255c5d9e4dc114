"""One namespace a test, and one Helm of ours for all of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.helm.client import Helm
from tests.helm_cli.commands import Place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ours() -> AsyncIterator[Helm]:
    async with Helm() as helm:
        yield helm


@pytest.fixture
def place(real_kubeconfig: Path, real_namespace: str) -> Place:
    return Place(real_kubeconfig, real_namespace)
