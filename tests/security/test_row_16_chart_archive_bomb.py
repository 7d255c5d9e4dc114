"""A chart that unpacks without end is refused in little memory (security.md, row 16)."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.helm.writing import CHART_YAML, tgz

CAP = 256 << 20
"""Bytes that the process which looks at the bombs may have, all of Python and of ours included."""

LOOKING = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (CAP, CAP))
from pathlib import Path
from bot.helm import inspecting
from bot.helm.errors import ChartInvalid
for path in sys.argv[1:]:
    try:
        inspecting.inspect(Path(path).read_bytes())
    except ChartInvalid as refused:
        print(Path(path).name, refused.words)
""".replace("CAP", str(CAP))


def gigabytes() -> bytes:
    """One file that says it has four gigabytes, of which the first are there."""
    info = tarfile.TarInfo("demo/big")
    info.size = 4 << 30
    return gzip.compress(info.tobuf() + bytes(400 << 20), compresslevel=1)


def headers() -> bytes:
    """A header, not a file, that has gigabytes."""
    info = tarfile.TarInfo("demo/x")
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    return gzip.compress(info.tobuf() + bytes(400 << 20), compresslevel=1)


def many() -> bytes:
    """More small files than any chart has."""
    return tgz([CHART_YAML, *((f"demo/{n}", b"") for n in range(5001))])


def packed() -> bytes:
    """A subchart, packed, that unpacks to more than the whole may."""
    about = ("sub/Chart.yaml", b"name: sub\nversion: 1.0.0\n")
    inner = tgz([about, *((f"sub/{n}", bytes(9 << 20)) for n in range(40))])
    return tgz([CHART_YAML, ("demo/charts/sub.tgz", inner)])


BOMBS: dict[Callable[[], bytes], str] = {
    gigabytes: "64 MiB",
    headers: "",
    many: "5000 files",
    packed: "64 MiB",
}


def test_each_bomb_is_refused_under_a_memory_cap(tmp_path: Path) -> None:
    for bomb in BOMBS:
        (tmp_path / bomb.__name__).write_bytes(bomb())
    ended = subprocess.run(
        [sys.executable, "-c", LOOKING, *(str(tmp_path / bomb.__name__) for bomb in BOMBS)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = dict(line.split(" ", 1) for line in ended.stdout.splitlines())
    assert told.keys() == {bomb.__name__ for bomb in BOMBS}
    for bomb, words in BOMBS.items():
        assert words in told[bomb.__name__]
