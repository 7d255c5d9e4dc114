"""security.md, rows 16 to 19: what has hurt Helm's own loader never reaches it."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from bot.helm import inspecting
from bot.helm.charts import ArchiveChart, ChartArchive, FolderChart, fetch
from bot.helm.errors import ChartInvalid, ChartUnavailable
from tests.helm.writing import ABOUT, Charts, tgz

CHART = ("demo/Chart.yaml", ABOUT.encode())


def test_an_honest_archive_is_known_by_name_version_and_digest() -> None:
    archive = ChartArchive.of(tgz([CHART, ("demo/templates/x.yaml", b"a: 1")]))
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


def test_an_archive_that_unpacks_to_gigabytes_is_refused_in_little_memory() -> None:
    size = 4 << 30
    info = tarfile.TarInfo("demo/big")
    info.size = size
    bomb = gzip.compress(info.tobuf() + bytes(200 << 20), compresslevel=1)
    tracemalloc.start()
    with pytest.raises(ChartInvalid, match="64 MiB"):
        inspecting.inspect(bomb)
    assert tracemalloc.get_traced_memory()[1] < 150 << 20
    tracemalloc.stop()


def test_a_bomb_in_the_tar_headers_is_refused() -> None:
    info = tarfile.TarInfo("demo/x")
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    with pytest.raises(ChartInvalid):
        inspecting.inspect(gzip.compress(info.tobuf() + bytes(100 << 20), compresslevel=1))


def test_many_small_files_are_refused() -> None:
    with pytest.raises(ChartInvalid, match="5000 files"):
        inspecting.inspect(tgz([CHART, *((f"demo/{n}", b"") for n in range(5001))]))


def test_a_bomb_inside_a_packed_subchart_counts_too() -> None:
    inner = tgz(
        [
            ("sub/Chart.yaml", b"name: sub\nversion: 1.0.0\n"),
            *((f"sub/{n}", bytes(9 << 20)) for n in range(8)),
        ]
    )
    with pytest.raises(ChartInvalid, match="64 MiB"):
        inspecting.inspect(tgz([CHART, ("demo/charts/sub.tgz", inner)]))


def test_a_schema_is_found_however_deep_its_chart_is_packed() -> None:
    schema = b'{"$ref": "file:///dev/zero"}'
    inner = tgz([("x/Chart.yaml", b"name: x\nversion: 1.0.0\n"), ("x/values.schema.json", schema)])
    with pytest.raises(ChartInvalid, match="only refer to itself"):
        inspecting.inspect(tgz([CHART, ("demo/charts/sub/charts/x.tgz", inner)]))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_an_archive_are_refused(kind: bytes) -> None:
    info = tarfile.TarInfo("demo/Chart.lock")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(ChartInvalid, match="link or a special file"):
        inspecting.inspect(tgz([CHART, (info, b"")]))


@pytest.mark.parametrize("name", ["../x", "/etc/cron.d/x", "demo/../../x", "demo\\..\\x", "demo/a\nb"])
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ChartInvalid, match="outside its folder"):
        inspecting.inspect(tgz([CHART, (name, b"")]))


@pytest.mark.parametrize("name", ["../x", ".", "..", "/abs", "a/b", "", "-x"])
def test_a_chart_s_own_name_may_lead_nowhere(name: str) -> None:
    about = json.dumps({"apiVersion": "v2", "name": name, "version": "1.0.0"}).encode()
    with pytest.raises(ChartInvalid, match="no chart name"):
        inspecting.inspect(tgz([("demo/Chart.yaml", about)]))


@pytest.mark.parametrize("where", ["Chart.lock", "templates/x.yaml", "templates"])
async def test_links_in_a_folder_are_refused(charts: Charts, tmp_path: Path, where: str) -> None:
    folder = charts.write({})
    (folder / where).parent.mkdir(exist_ok=True)
    (tmp_path / "outside").mkdir()
    (folder / where).symlink_to(tmp_path / "outside")
    with pytest.raises(ChartInvalid, match="link"):
        await fetch(FolderChart(folder))


async def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(charts: Charts) -> None:
    for name in ("pipe", "Chart.yaml", ".helmignore"):
        folder = charts.write({})
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
        with pytest.raises(ChartInvalid, match="special file"):
            await fetch(FolderChart(folder))
        (folder / name).unlink()


@pytest.mark.parametrize(
    "target",
    ["file:///dev/zero", "/dev/zero", "http://169.254.169.254/x", "other.json", "https://example.org/s.json"],
)
@pytest.mark.parametrize("path", ["demo/values.schema.json", "demo/charts/sub/values.schema.json"])
def test_a_schema_may_refer_only_to_itself(target: str, path: str) -> None:
    schema = json.dumps({"properties": {"a": {"items": [{"$ref": target}]}}}).encode()
    with pytest.raises(ChartInvalid, match="only refer to itself"):
        inspecting.inspect(tgz([CHART, (path, schema)]))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_a_schema_nested_without_end_is_refused(depth: int) -> None:
    schema = b'{"not":' * depth + b"{}" + b"}" * depth
    with pytest.raises(ChartInvalid, match=r"schema\.json"):
        inspecting.inspect(tgz([CHART, ("demo/values.schema.json", schema)]))


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
