"""The bot's token is replaced by its owner while the bot runs: first with Telegram, then in its file."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import yaml
from structlog.testing import capture_logs

from bot.sandbox.world import SandboxWorld
from tests.modes.opening import bot_in, talks
from tests.worlds import LONGEST

NEW = "1000000001:AAanother-token-after-the-first-leaked-0002"


def _without_token(sandbox: SandboxWorld, folder: Path) -> SandboxWorld:
    """The same world, whose files leave the token to one that is laid over them."""
    sample, *laid_over = sandbox.configs
    shutil.copytree(sample.parent, folder)
    for path in (folder / sample.name, *laid_over):
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        config.get("telegram", {}).pop("token", None)
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return replace(sandbox, configs=(folder / sample.name, *laid_over))


async def test_a_new_token_is_taken_from_its_file_without_a_restart(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    file = tmp_path / "token-file"
    file.write_text(sandbox.servers.telegram.state.token + "\n", encoding="utf-8")
    sandbox = _without_token(sandbox, tmp_path / "sample")
    async with bot_in(sandbox, tmp_path, {"telegram": {"token_file": str(file)}}) as world:
        world.dana.says("/whoami", chat="private")
        await world.sees("Your id 1002", chat="private")
        file.unlink()  # as some tools replace a file: gone first, then there again
        sandbox.servers.telegram.state.token = NEW
        world.dana.says("/deploy shop v1.2 staging")
        with capture_logs() as logs:
            async with asyncio.timeout(LONGEST):
                while not any("can't be read again" in each["event"] for each in logs):
                    await asyncio.sleep(0.05)
        file.write_text(NEW + "\n", encoding="utf-8")
        await world.sees("Plan: shop → staging v1.2")
        await talks(world, "v1.3")
        assert "another-token" not in world.parts.current.masker.mask_text(f"bot{NEW}/getMe")
