"""YAML that grows without end is refused in no time, wherever it comes from (security.md, row 27)."""

from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import KubeconfigUnusable
from bot.cluster.kubeconfigs import one_context
from bot.config import ConfigInvalid, load
from bot.helm import inspecting
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.kubeconfigs import Kubeconfig, KubeconfigRefused
from bot.helm.repositories import RepoChart, _entry
from tests.helm.writing import tgz
from tests.security.acting import reconfigured
from tests.security.bombs import LAUGHS, MERGES, bounded, values_of
from tests.worlds import World


async def test_a_bomb_in_a_values_file_is_told_with_the_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text("a: b", encoding="utf-8")
    await reconfigured(world, apps=values_of(world, "bomb.yaml"))
    for content in (LAUGHS, MERGES, "a: " + "[" * 5000, "a: &a {b: *a}", "x: y\n" * 300_000):
        (tmp_path / "bomb.yaml").write_text(content, encoding="utf-8")
        world.kim.says("/values shop staging", "private")
        seen = await world.sees("values file", chat="private kim", within=20)
        assert "bomb.yaml" in seen.text


@pytest.mark.parametrize(
    "content", [LAUGHS, MERGES, "a: " + "[" * 5000, "people: &a {b: *a}", "a: b\n" * 300_000]
)
def test_a_bomb_in_the_configuration_is_refused_in_no_time(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.yaml").write_text(content, encoding="utf-8")
    with bounded(), pytest.raises(ConfigInvalid):
        load([tmp_path / "config.yaml"], {})


@pytest.mark.parametrize(
    "fields",
    [
        f"{LAUGHS}\nname: demo\nversion: *l11\n",
        f"{LAUGHS}\nname: *l11\nversion: 1.0.0\n",
        f"{LAUGHS}\nname: demo\nversion: 1.0.0\ndependencies: [{{name: *l11, version: *l11}}]\n",
        f"{MERGES}\nname: demo\nversion: 1.0.0\n",
        "name: demo\nversion: " + "[" * 100_000,
    ],
    ids=["version", "name", "dependency", "merges", "depth"],
)
def test_a_bomb_in_a_charts_own_description_is_refused_in_no_time(fields: str) -> None:
    with bounded(), pytest.raises(ChartInvalid):
        inspecting.inspect(tgz([("demo/Chart.yaml", f"apiVersion: v2\n{fields}".encode())]))


@pytest.mark.parametrize(
    "index",
    [
        f"{LAUGHS}\nentries: {{demo: [{{version: *l11, urls: [x]}}]}}\n",
        f"{MERGES}\nentries: {{demo: [*m11]}}\n",
        f"{LAUGHS}\nentries: *l11\n",
        "entries: {demo: " + "[" * 100_000,
    ],
    ids=["version", "merges", "entries", "depth"],
)
def test_a_bomb_in_a_repositorys_index_is_refused_in_no_time(index: str) -> None:
    with bounded(), pytest.raises((ChartInvalid, ChartUnavailable)):
        _entry(index.encode(), RepoChart("https://charts.example.org", "demo"))


@pytest.mark.parametrize(
    "bomb", [LAUGHS, MERGES, "x: " + "[" * 100_000, "x: &x [*x]"], ids=["laughs", "merges", "depth", "circle"]
)
def test_a_bomb_in_a_kubeconfig_is_refused_in_no_time(tmp_path: Path, bomb: str) -> None:
    user = "{token: t, x: *l11}" if bomb is LAUGHS else "{token: t}"
    (tmp_path / "kubeconfig").write_text(
        f"{bomb}\ncurrent-context: it\ncontexts: [{{name: it, context: {{cluster: it, user: me}}}}]\n"
        f"clusters: [{{name: it, cluster: {{server: 'https://127.0.0.1:1'}}}}]\nusers: [{{name: me, user: {user}}}]\n",
        encoding="utf-8",
    )
    file = tmp_path / "kubeconfig"
    with bounded(), pytest.raises(KubeconfigUnusable), one_context(ClusterAccess(file)):
        pass
    access = {"in_cluster": False, "kubeconfig": str(file), "context": None, "allow_exec": False}
    with bounded(), pytest.raises(KubeconfigRefused):
        Kubeconfig.of({**access, "proxy": None, "ca_file": None})
