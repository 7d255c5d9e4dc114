"""The control plane that tests run on: real, started quickly, and gone when its tests are, however they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.cluster.errors import ClusterRefused
from tests.control_plane.building import KUBERNETES, PROGRAMS
from tests.control_plane.running import ControlPlane
from tests.go_programs import Unavailable

USES_ONE = """
import sys
from pathlib import Path
from tests.control_plane.sharing import shared

with shared(Path(sys.argv[1])) as plane:
    print(plane.url, flush=True)
    sys.stdin.read()
"""
LONGEST = 300.0
"""Seconds that a control plane may take to be gone: that is for a machine with more to do."""


async def test_it_is_a_real_one_of_the_version_that_is_pinned(control_plane: ControlPlane) -> None:
    async with Cluster(ClusterAccess(control_plane.kubeconfig)) as cluster:
        assert await cluster.version() == KUBERNETES


async def test_rights_are_checked(control_plane: ControlPlane) -> None:
    kubeconfig = control_plane.kubeconfig_of("nobody-in-particular", "people")
    async with Cluster(ClusterAccess(kubeconfig)) as cluster:
        with pytest.raises(ClusterRefused, match='User "nobody-in-particular" cannot list resource "pods"'):
            await cluster.list("v1", "Pod", "default")


def test_every_worker_has_the_same_one_and_a_crash_of_the_last_leaves_nothing(tmp_path: Path) -> None:
    first, second = (worker(tmp_path) for _ in range(2))
    assert told(first) == told(second)
    pids = processes_of(tmp_path)
    assert len(pids) >= 4, "etcd, the API server, the controllers and the scheduler"
    first.kill()
    first.wait()
    assert processes_of(tmp_path) == pids, "another worker uses it"
    second.kill()
    second.wait()
    assert gone(tmp_path)


def test_it_is_gone_when_its_keeper_is_killed(tmp_path: Path) -> None:
    only = worker(tmp_path)
    told(only)
    keeper = next(pid for pid in processes_of(tmp_path) if "tests.control_plane.sharing" in command(pid))
    os.kill(keeper, signal.SIGKILL)
    assert gone(tmp_path)
    only.kill()
    only.wait()


def test_kubebuilder_assets_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROGRAMS.packages:
        (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert PROGRAMS.build(pytest.fail) == {name: tmp_path / name for name in PROGRAMS.packages}


def test_without_go_one_line_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    with pytest.raises(
        Unavailable, match=r"install Go .*make control-plane.*KUBEBUILDER_ASSETS.*KUBECONFIG"
    ) as why:
        PROGRAMS.build(lambda _: None)
    assert "\n" not in str(why.value)


def worker(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USES_ONE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def processes_of(folder: Path) -> set[int]:
    """Everything that runs with this folder in its command line, the workers of the test left out."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return {pid for pid in numbers if str(folder) in command(pid) and USES_ONE not in command(pid)}


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def gone(folder: Path) -> bool:
    deadline = time.monotonic() + LONGEST
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not processes_of(folder)
