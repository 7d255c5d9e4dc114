"""What docs/sandbox.md says of a push by hand is done as it stands there."""

import asyncio
import io
import re
from pathlib import Path

import pytest

from bot.sandbox.running import Ports, started
from tests.conformance.talking import free_port
from tests.programs import needed
from tests.worlds import QUICK, spaced

DOCUMENT = Path(__file__).parents[2] / "docs" / "sandbox.md"
PORT = "8081"
"""The one in the document."""


def commands(port: int) -> str:
    """Those of its only block for a shell, for another port."""
    (block,) = re.findall(r"```bash\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert block.count(f":{PORT}/") == 1
    return str(block).replace(f":{PORT}/", f":{port}/")


async def run(script: str) -> str:
    """What bash says."""
    process = await asyncio.create_subprocess_exec("bash", "-euc", script, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


@pytest.mark.long(5)
async def test_the_documented_call_builds_blog_and_offers_the_image(tmp_path: Path) -> None:
    for program in ("curl", "openssl", "git"):
        needed(program)
    port = free_port()
    async with started(tmp_path, ports=Ports(bot=port), pace=QUICK, out=io.StringIO()) as running:
        telegram, team = running.servers.telegram.world, running.world.cast.places["team"]
        assert f"--bot-port {PORT}`" in DOCUMENT.read_text(encoding="utf-8")
        assert re.fullmatch(r"blog main: operation \S+ \(202\)\n", await run(commands(port)))
        with telegram.changes() as changes:
            while not (
                built := [each for each in telegram.messages(team.id) if "✅ build blog main" in each.text]
            ):
                await anext(aiter(changes))
    (message,) = built
    assert "by GitHub push by you" in spaced(message.text)
    assert message.thread_id == team.topics["deploys"]
    assert message.buttons[0][0].label == "Deploy to staging"
