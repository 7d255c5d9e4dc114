"""Scripts that were written for the embedded cluster go as told on a real control plane, unchanged.

The tour has a deploy, one that fails with its reason and is undone by itself, a notice and a rollback. In the other
one the bot is killed in the middle of an upgrade.
"""

import io
from pathlib import Path

import pytest

from tests.control_plane.running import ControlPlane
from tests.end_to_end.conftest import QUICK, given, goes_as_told, started

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    ROOT / "docs" / "tour.yaml",
    *(ROOT / "tests" / "conversations" / f"{name}.yaml" for name in ("killed",)),
]


@pytest.mark.long(30)
@pytest.mark.parametrize("script", [pytest.param(script, id=script.stem) for script in SCRIPTS])
async def test_a_conversation_goes_as_told(script: Path, bare_plane: ControlPlane, tmp_path: Path) -> None:
    there = given(bare_plane, folder=tmp_path)
    async with started(tmp_path, given=there, pace=QUICK, out=io.StringIO()) as running:
        await goes_as_told(running, script.read_text())
