"""`pilothouse ids`: told apart from a bot that runs, deaf to all, and losing nothing for the bot that comes later."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGINT, SIGKILL

import yaml

from bot.sandbox.telegram.state import Webhook
from bot.sandbox.world import SandboxWorld
from tests.modes.processes import Bot, open_crowd
from tests.modes.test_the_command_line_tells_what_is_wrong import options, pilothouse

NINA = 1009


@asynccontextmanager
async def listening(*words: str, env: Mapping[str, str], cwd: Path | None = None) -> AsyncIterator[Bot]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "ids", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **env, "PYTHONPATH": str(Path.cwd())}, cwd=cwd, start_new_session=True,
    )  # fmt: skip
    listener = Bot(process)
    reading = asyncio.create_task(listener.read())
    try:
        await listener.logged("Write to @")
        yield listener
    finally:
        if process.returncode is None:
            process.send_signal(SIGKILL)
        await reading


def begun(sandbox: SandboxWorld, folder: Path) -> Path:
    """A configuration that holds nothing but Telegram, and a mistake further down."""
    path = folder / "begun.yaml"
    laid_over = yaml.safe_load(sandbox.configs[-1].read_text(encoding="utf-8"))
    telegram = {"token": "${TELEGRAM_TOKEN}", "api_url": laid_over["telegram"]["api_url"]}
    path.write_text(
        yaml.safe_dump({"telegram": telegram, "apps": {"shop": {"chrat": "x"}}}), encoding="utf-8"
    )
    return path


async def test_it_prints_who_writes_once_each_and_leaves_all_for_the_bot(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    telegram = sandbox.servers.telegram.world
    team = sandbox.cast.places["team"]
    telegram.add_user(NINA, "Nina", last_name='K: "x" #\x1b[31m', username="nina_k")
    secret = {"TELEGRAM_TOKEN": sandbox.secrets["PILOTHOUSE_SANDBOX_TOKEN"]}
    telegram.says(NINA, NINA, "/start")
    async with listening("--config", str(begun(sandbox, tmp_path)), env=secret, cwd=tmp_path) as listener:
        line = await listener.logged("nina")
        assert line == '  nina: {id: 1009, name: "Nina K: \\"x\\" #"}  # people: @nina_k, in private'
        telegram.says(sandbox.cast.person("dana").id, team.id, "/hello", topic=2)
        await listener.logged("  dana: {id: 1002, name: Dana}  # people: @dana, in ")
        line = await listener.logged("-100")
        assert f": {{id: {team.id}, topics: {{deploys: 2}}}}  # chats: supergroup" in line
        telegram.says(NINA, NINA, "again")
        telegram.says(sandbox.cast.person("dana").id, team.id, "/hello", topic=3)
        await listener.logged(r"topics: \{deploys: 2, alerts: 3\}.*with one more topic")
        listener.process.send_signal(SIGINT)
        assert await listener.ended() == 0
        assert listener.text.count("id: 1009") == 1
    assert not [each for each in telegram.messages(NINA) if each.by_bot]
    assert len(telegram.state.updates.pending()) == 4
    assert not (tmp_path / "state").exists()


async def test_it_ends_by_itself_and_refuses_where_a_webhook_is_set(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    arguments = ["ids", "--for", "1s", *options(sandbox, tmp_path, {"store": "${NOT_SET_YET}"})]
    code, out, err = await pilothouse(*arguments, env=sandbox.secrets)
    assert (code, out) == (0, "")
    assert err.startswith("Write to @pilothouse_bot, and where it is a member.")
    assert err.endswith("Nobody wrote\n")
    sandbox.servers.telegram.world.state.webhook = Webhook("https://bot.example.org/telegram", "s" * 20, 40)
    code, _, err = await pilothouse(*arguments, env=sandbox.secrets)
    assert code == 2
    assert "updates to https://bot.example.org/telegram" in err
    assert "deleteWebhook" in err


async def test_without_a_file_the_token_is_that_of_the_environment(tmp_path: Path) -> None:
    code, _, err = await pilothouse("ids", "--for", "1s", env={"TELEGRAM_TOKEN": ""}, cwd=tmp_path)
    assert (code, "TELEGRAM_TOKEN" in err) == (2, True)
    code, _, err = await pilothouse("ids", "--for", "soon", env={"TELEGRAM_TOKEN": "x"}, cwd=tmp_path)
    assert (code, err) == (2, "--for should be a duration such as 90s, 5m, 2h or 1d\n")


async def test_beside_a_running_bot_it_refuses(sandbox: SandboxWorld, tmp_path: Path) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        bot = await crowd.start()
        await bot.logged("listening")
        ways = {
            "The bot runs already (process": {},
            "Another process reads": {"store": f"sqlite:///{tmp_path}/other.db"},
        }
        for words, laid_over in ways.items():
            arguments = options(sandbox, tmp_path, laid_over)
            code, out, err = await pilothouse("ids", "--for", "30s", *arguments, env=sandbox.secrets)
            assert (code, out) == (2, "")
            assert words in err
            assert "/newcomers and /whois tell ids" in err
        crowd.says("/whoami")
        await crowd.sees("Your id 1002")
