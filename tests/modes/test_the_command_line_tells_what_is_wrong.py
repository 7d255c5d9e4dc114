"""Bad input on the command line: exit code 2 and sentences; `check` names what to do, a line each."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.sandbox.world import SandboxWorld


async def pilothouse(
    *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[int, str, str]:
    """Run the command; its exit code and what it wrote to both outputs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})}, cwd=cwd,
    )  # fmt: skip
    async with asyncio.timeout(300):
        out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in out + err
    return process.returncode, out.decode(), err.decode()


def options(sandbox: SandboxWorld, folder: Path, laid_over: Mapping[str, Any]) -> list[str]:
    path = folder / "laid-over.yaml"
    path.write_text(yaml.safe_dump(dict(laid_over)), encoding="utf-8")
    return [part for each in (*sandbox.configs, path) for part in ("--config", str(each))]


@pytest.mark.parametrize(
    "verb", [["run"], ["check"], ["plan", "shop", "v1", "staging"], ["render", "shop", "x"]]
)
async def test_a_configuration_that_is_not_there_is_told(verb: list[str], tmp_path: Path) -> None:
    code, _, err = await pilothouse(*verb, "--config", str(tmp_path / "none.yaml"))
    assert (code, err.strip()) == (
        2,
        f"There is no {tmp_path}/none.yaml. Start from config.example.yaml, or name a file with --config.",
    )


async def test_a_wrong_key_is_told_with_file_line_and_the_right_one(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    code, _, err = await pilothouse(
        "run", *options(sandbox, tmp_path, {"telegramm": {}}), env=sandbox.secrets
    )
    assert code == 2
    assert "laid-over.yaml:1" in err
    assert "did you mean telegram" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan", "shop", "v9.9", "staging"], "v9.9"),
        (["plan", "shop", "v1.2", "nowhere"], "Known are: shop in staging"),
        (["plan", "shpo", "v1.2", "staging"], "Known are: shop in staging"),
        (["render", "blog", "production"], "Name a version with --version"),
        (["render", "shop", "staging", "--set", "nothing"], "--set takes key=value"),
        (["render", "shop", "staging", "--nonsense"], "No such option"),
    ],
)
async def test_what_can_not_be_planned_is_told(
    sandbox: SandboxWorld, tmp_path: Path, words: list[str], told: str
) -> None:
    code, _, err = await pilothouse(*words, *options(sandbox, tmp_path, {}), env=sandbox.secrets)
    assert code == 2
    assert told in err


async def test_check_is_content_with_the_sample_world(sandbox: SandboxWorld, tmp_path: Path) -> None:
    code, out, _ = await pilothouse("check", *options(sandbox, tmp_path, {}), env=sandbox.secrets)
    assert code == 0, out
    assert "  wrong " not in out
    assert out.splitlines()[-1].startswith("Nothing is wrong: 0 wrong, ")


async def test_check_names_everything_that_is_wrong_and_what_to_do(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    (tmp_path / "away").write_text(
        sandbox.kubeconfig.read_text(encoding="utf-8").replace(
            f":{sandbox.servers.cluster.url.rpartition(':')[2]}", ":1"
        ),
        encoding="utf-8",
    )
    wrong = {
        "clusters": {"main": {"kubeconfig": str(tmp_path / "away")}},
        "apps": {"shop": {"chart": str(tmp_path / "no-chart")}, "blog": {"image": "127.0.0.1:1/blog"}},
        "registries": {"127.0.0.1:1": {"plain_http": True}},
    }
    secrets = dict(sandbox.secrets)
    secrets["PILOTHOUSE_SANDBOX_TOKEN"] = "1000000001:AAnot-the-token-that-telegram-gave-out-0009"
    code, out, _ = await pilothouse("check", *options(sandbox, tmp_path, wrong), env=secrets)
    lines = {line.partition(":")[0].strip(): line for line in out.splitlines()}
    assert code == 1
    assert "check telegram.token (BotFather shows it)" in lines["wrong Telegram"]
    assert "cannot be reached" in lines["wrong cluster main"]
    assert "no-chart" in lines["wrong chart of shop"]
    assert "cannot be reached" in lines["wrong registry of blog"]
    assert "AAnot-the-token" not in out


async def test_the_schema_needs_no_configuration(tmp_path: Path) -> None:
    code, out, err = await pilothouse("schema", cwd=tmp_path, env={"PYTHONPATH": os.getcwd()})
    assert (code, err) == (0, "")
    assert '"telegram"' in out
