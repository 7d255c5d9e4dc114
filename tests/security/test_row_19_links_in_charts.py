"""Links and special files in a chart are refused, packed or not (security.md, row 19)."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from bot.helm import inspecting
from bot.helm.charts import FolderChart, fetch
from bot.helm.errors import ChartInvalid
from tests.helm.writing import CHART_YAML, Charts, tgz


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_an_archive_are_refused(kind: bytes) -> None:
    info = tarfile.TarInfo("demo/Chart.lock")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(ChartInvalid, match="link or a special file"):
        inspecting.inspect(tgz([CHART_YAML, (info, b"")]))


@pytest.mark.parametrize("where", ["Chart.lock", "templates/x.yaml", "templates"])
async def test_links_in_a_folder_are_refused(tmp_path: Path, where: str) -> None:
    folder = Charts(tmp_path).write({})
    (folder / where).parent.mkdir(exist_ok=True)
    (tmp_path / "outside").mkdir()
    (folder / where).symlink_to(tmp_path / "outside")
    with pytest.raises(ChartInvalid, match="link"):
        await fetch(FolderChart(folder))


async def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    for name in ("pipe", "Chart.yaml", ".helmignore"):
        folder = Charts(tmp_path).write({})
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
        with pytest.raises(ChartInvalid, match="special file"):
            await fetch(FolderChart(folder))
        (folder / name).unlink()
