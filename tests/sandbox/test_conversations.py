"""Every script in tests/conversations, and the README's tour, goes as told in a sandbox of its own.

Each takes up to two minutes, most of it waiting, and shares nothing with the others: run them side by side
(`pytest -n auto`).
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.sandbox.running import run_sandbox

ROOT = Path(__file__).parents[2]
SCRIPTS = [ROOT / "docs" / "tour.yaml", *sorted((ROOT / "tests" / "conversations").glob("*.yaml"))]


@pytest.mark.long(25)
@pytest.mark.parametrize("script", [pytest.param(script, id=script.stem) for script in SCRIPTS])
async def test_a_conversation_goes_as_told(script: Path) -> None:
    out = io.StringIO()
    code = await run_sandbox(script=script, config=None, out=out)
    assert code == 0, out.getvalue()
