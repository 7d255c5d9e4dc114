"""The sample world and its bot, neither of which waits for flood limits: hostility comes in numbers."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot import app
from bot.sandbox.telegram import Limits as Nature
from bot.sandbox.telegram.floods import Floods
from bot.telegram.outbox import Outbox
from bot.telegram.pacing import Limits
from tests.worlds import World, open_bot_world

UNHURRIED = Limits(
    overall=1000, chat=0.001, burst=100, group_minute=10_000, group_edit=0.05, private_edit=0.05
)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "Outbox", partial(Outbox, limits=UNHURRIED))


@pytest.fixture
async def world(tmp_path: Path, unhurried: None) -> AsyncIterator[World]:
    async with open_bot_world(tmp_path) as world:
        world.telegram.state.floods = Floods(Nature.none(), world.telegram.state.clock)
        yield world
