"""What `pilothouse sandbox` says and exits with, as a process of its own."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

WAIT = '- {as: dana, in: private, say: "/whoami"}\n- {as: dana, in: private, expect: {text: "1002", within: 30s}}\n'
CONFIG = """
telegram: {token_file: secret-token, webhook: {url: "https://bot.example.org/hook", secret: "${HOOK}"}}
chats:
  crew: {id: -1001000000009}
people:
  ann: {id: 7001, name: Ann}
  bob: {id: 7002, name: Bob}
bindings:
  - {role: admin, people: [ann]}
clusters:
  east: {in_cluster: true}
environments:
  test: {cluster: east, namespace: test, create_namespace: true}
apps:
  api:
    chart: chart
    image: registry.example.org/team/api
    secrets: {db.password: "${SET_BY_NOBODY}"}
    environments: [test]
sandbox:
  members: {crew: [ann]}
"""
OWN_WORLD = """
- {as: ann, in: crew, say: "/whoami"}
- {as: ann, in: crew, expect: {text: "7001", within: 30s}}
- {as: ann, in: crew, say: "/deploy api v1.1 test"}
- {as: ann, in: crew, expect: {text: "api → test v1\\\\.1", buttons: [Deploy]}}
"""


async def sandbox(*options: str) -> tuple[int, str, str]:
    """Run the command; its exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "sandbox", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, error = await asyncio.wait_for(process.communicate(), 300)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out.decode(), error.decode()


@pytest.mark.long(10)
async def test_all_went_as_told(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text(WAIT)
    code, out, error = await sandbox("--script", str(tmp_path / "script.yaml"))
    assert (code, error) == (0, "")
    assert "All 2 steps went as told" in out


@pytest.mark.long(10)
async def test_what_did_not_go_as_told_is_named_with_its_step_and_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text(WAIT.replace("1002", "9999").replace("30s", "3s"))
    code, out, _ = await sandbox("--script", str(tmp_path / "script.yaml"))
    assert code == 1
    assert "Step 2 of 2 (line 2) is not as told" in out
    assert "1002" in out.partition("is not as told")[2]
    log = re.search(r"\S+bot\.log", out)
    assert log is not None
    assert Path(log[0]).is_file()
    shutil.rmtree(Path(log[0]).parent)


async def test_a_script_that_cannot_be_understood_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("- {as: dana, in: private, shout: hi}\n")
    code, out, error = await sandbox("--script", str(tmp_path / "script.yaml"))
    assert (code, out) == (2, "")
    assert "script.yaml:1: step 1" in error


async def test_what_is_about_a_real_cluster_needs_one(tmp_path: Path) -> None:
    code, out, error = await sandbox("--play-nodes")
    assert (code, out) == (2, "")
    assert "--kubeconfig" in error
    (tmp_path / "kubeconfig").write_text("{}")
    code, _, error = await sandbox("--kubeconfig", str(tmp_path / "kubeconfig"))
    assert code == 2
    assert "there is no context" in error


async def test_a_world_of_ones_own_is_played_against_the_same_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "hook-secret")
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "chart").symlink_to(Path(__file__).parents[2] / "charts" / "microservice")
    (tmp_path / "script.yaml").write_text(OWN_WORLD)
    options = ("--script", str(tmp_path / "script.yaml"), "--config", str(tmp_path / "config.yaml"))
    code, out, error = await sandbox(*options)
    assert code == 0, out + error


@pytest.mark.long(10)
async def test_a_signal_stops_the_sandbox_and_its_bot(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text(WAIT + "- {wait: 90s}\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "sandbox", "--script", str(tmp_path / "script.yaml")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(300):
        while b"step 2 as told" not in await process.stdout.readline():
            pass
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 300) == 130
    assert children
    assert not [child for child in children if _is_alive(child)]


def _is_alive(process_id: str) -> bool:
    """Whether a process runs: one that nobody has reaped yet does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
