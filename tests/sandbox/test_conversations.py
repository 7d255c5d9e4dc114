"""Every script in tests/conversations, and the README's tour, goes as told in a sandbox of its own.

Its bot is a process of its own and keeps the pace that Telegram bears: each takes up to a minute, most of it waiting.
Only what runs at the start is not installed anew for each.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.sandbox.process import BotProcess
from bot.sandbox.running import Running, play
from tests.conversing import conversation
from tests.installed import open_world

ROOT = Path(__file__).parents[2]
SCRIPTS = [ROOT / "docs" / "tour.yaml", *sorted((ROOT / "tests" / "conversations").glob("*.yaml"))]


@pytest.mark.long(25)
@pytest.mark.parametrize("script", [pytest.param(script, id=script.stem) for script in SCRIPTS])
async def test_a_conversation_goes_as_told(script: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    async with open_world(tmp_path) as world:
        bot = BotProcess(
            world.configs,
            log=tmp_path / "bot.log",
            secrets=world.secrets,
            asked_at=world.asked_at,
            clock=SystemClock(),
        )
        async with bot:
            code = await play(Running(world, bot), conversation(script.read_text(encoding="utf-8")), out)
    assert code == 0, out.getvalue()
