"""What a chart is known by, what is packed of a folder, and what is no chart; hostile ones are in tests/security."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from bot.helm import inspecting
from bot.helm.charts import ArchiveChart, ChartArchive, FolderChart, fetch
from bot.helm.errors import ChartInvalid, ChartUnavailable
from tests.helm.writing import ABOUT, CHART_YAML, Charts, tgz


def test_an_honest_archive_is_known_by_name_version_and_digest() -> None:
    archive = ChartArchive.of(tgz([CHART_YAML, ("demo/templates/x.yaml", b"a: 1")]))
    assert (archive.name, archive.version, archive.app_version) == ("demo", "1.2.3", "v9")
    assert len(archive.digest) == 64
    assert "data" not in repr(archive)


async def test_a_folder_packs_to_the_same_bytes_whatever_its_times_and_owners(charts: Charts) -> None:
    first = await charts.pack({"templates/b.yaml": "b", "templates/a.yaml": "a"})
    for path in charts.folder.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert await charts.pack({}) == first
    assert (await charts.pack({"templates/a.yaml": "changed"})).digest != first.digest


async def test_helmignore_is_obeyed(charts: Charts) -> None:
    chart = await charts.pack(
        {
            ".helmignore": "# comment\n*.bak\nsecret/\n/top.txt\n",
            "x.bak": "",
            "secret/a": "",
            "top.txt": "",
            "keep/top.txt": "",
        }
    )
    with tarfile.open(fileobj=io.BytesIO(chart.data)) as tar:
        assert tar.getnames() == ["demo/.helmignore", "demo/Chart.yaml", "demo/keep/top.txt"]


@pytest.mark.parametrize(
    "data", [b"", b"hello", gzip.compress(b"hello", mtime=0), gzip.compress(b"x" * 2000, mtime=0)[:20]]
)
def test_what_is_no_archive_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ChartInvalid):
        inspecting.inspect(data)


def test_a_missing_dependency_is_named_with_what_to_do() -> None:
    about = ABOUT + "dependencies: [{name: redis, version: ^17, repository: 'https://charts.example.org'}]"
    with pytest.raises(ChartInvalid, match=r"redis \^17.*helm dependency build"):
        inspecting.inspect(tgz([("demo/Chart.yaml", about.encode())]))


@pytest.mark.parametrize("listed", ["true", "5", "x", "{a: b}", "[1]"])
def test_dependencies_that_are_no_list_are_none(listed: str) -> None:
    about = f"{ABOUT}dependencies: {listed}"
    assert inspecting.inspect(tgz([("demo/Chart.yaml", about.encode())])).name == "demo"


def test_a_vendored_dependency_is_used() -> None:
    about = ABOUT + "dependencies: [{name: redis, version: ^17}, {name: pg, version: 1.0.0}]"
    redis = tgz([("redis/Chart.yaml", b"name: redis\nversion: 17.0.1\n")])
    members = [
        ("demo/Chart.yaml", about.encode()),
        ("demo/charts/redis-17.0.1.tgz", redis),
        ("demo/charts/pg/Chart.yaml", b"name: pg\nversion: 1.0.0\n"),
    ]
    assert inspecting.inspect(tgz(members)).name == "demo"


@pytest.mark.parametrize("source", [FolderChart(Path("/nowhere")), ArchiveChart(Path("/nowhere.tgz"))])
async def test_a_chart_that_is_not_there_is_unavailable(source: FolderChart | ArchiveChart) -> None:
    with pytest.raises(ChartUnavailable, match="No such file"):
        await fetch(source)
