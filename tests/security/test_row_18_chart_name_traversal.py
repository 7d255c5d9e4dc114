"""No name in a chart leads out of a folder: nothing is written outside (security.md, row 18)."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from bot.helm import inspecting
from bot.helm.client import Helm
from bot.helm.errors import ChartInvalid
from tests.helm.writing import CHART_YAML, Charts, tgz


@pytest.mark.parametrize("name", ["../x", "/etc/cron.d/x", "demo/../../x", "demo\\..\\x", "demo/a\nb"])
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ChartInvalid, match="outside its folder"):
        inspecting.inspect(tgz([CHART_YAML, (name, b"")]))


@pytest.mark.parametrize("name", ["../x", ".", "..", "/abs", "a/b", "", "-x"])
def test_a_chart_s_own_name_may_lead_nowhere(name: str) -> None:
    about = json.dumps({"apiVersion": "v2", "name": name, "version": "1.0.0"}).encode()
    with pytest.raises(ChartInvalid, match="no chart name"):
        inspecting.inspect(tgz([("demo/Chart.yaml", about)]))


async def test_what_helm_unpacks_stays_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`helm lint` is the one action that unpacks: into a folder of its own, by names that were looked at before."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    before = set(tmp_path.rglob("*"))
    async with Helm() as helm:
        good = await Charts(tmp_path / "good").pack({})
        await helm.lint(good, {}, namespace="n", kube_version="v1.31.0")
    assert {each for each in tmp_path.rglob("*") if "good" not in each.parts} == before
