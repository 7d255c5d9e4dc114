"""Helm with real workers, and charts written for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.helm.client import Helm
from tests.helm import processes
from tests.helm.writing import Charts


@pytest.fixture(autouse=True)
def workers_are_counted_from_now_on() -> None:
    processes.begin()


@pytest.fixture
async def helm() -> AsyncIterator[Helm]:
    async with Helm() as helm:
        yield helm


@pytest.fixture
def charts(tmp_path: Path) -> Charts:
    return Charts(tmp_path)
