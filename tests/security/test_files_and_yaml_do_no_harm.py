"""Values files stay in their folder, YAML bombs do not go off, programs do not start.

security.md, rows 20, 23, 27, 28 and 30.
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.access import Identity
from bot.config import ConfigInvalid, load
from bot.helm import inspecting
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.repositories import RepoChart, _entry
from tests.helm.writing import tgz
from tests.security.acting import operations, reconfigured, state_of
from tests.worlds import World

LAUGHS = "\n".join(
    ["l0: &l0 [lol, lol]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))]
)
MERGES = "\n".join(
    [
        "m0: &m0 {a: 1, b: 2}",
        *(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}]}}" for n in range(1, 12)),
    ]
)
BOMB = '{{ $s := "x" }}{{ range until 40 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}'


def values_of(world: World, *files: Any, **more: Any) -> dict[str, Any]:
    apps: dict[str, Any] = yaml.safe_load(world.sandbox.configs[-1].read_text(encoding="utf-8"))["apps"]
    return {**apps, "shop": {**apps["shop"], "values": list(files), **more}}


async def test_a_values_file_that_became_a_link_out_of_its_folder_is_not_read(
    world: World, tmp_path: Path
) -> None:
    outside = tmp_path.parent / "outside.yaml"
    outside.write_text("canary: outside-canary\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for name in ("plain.yaml", "template.yaml.j2", "folder/deep.yaml"):
        (tmp_path / name).write_text("config: {a: b}\n", encoding="utf-8")
    await reconfigured(world, apps=values_of(world, "plain.yaml", "template.yaml.j2", "folder/deep.yaml"))
    world.kim.says("/values shop staging", "private")
    await world.sees("values", chat="private kim")
    for name in ("plain.yaml", "template.yaml.j2"):
        kept = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to(outside)
        await is_refused(world)
        (tmp_path / name).unlink()
        (tmp_path / name).write_text(kept, encoding="utf-8")
    (tmp_path / "folder").rename(tmp_path / "kept")
    (tmp_path.parent / "elsewhere").mkdir()
    (tmp_path.parent / "elsewhere" / "deep.yaml").write_text("canary: outside-canary\n", encoding="utf-8")
    (tmp_path / "folder").symlink_to(tmp_path.parent / "elsewhere")
    await is_refused(world)


async def is_refused(world: World) -> None:
    for command in ("/values shop staging", "/render shop v1.2 staging", "/deploy shop v1.2 staging"):
        world.kim.says(command, "private")
        seen = await world.sees("A values file leads out of its folder", chat="private kim")
        assert "outside-canary" not in seen.text
        assert seen.document is None


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


async def test_a_chart_that_eats_memory_is_told_and_the_bot_goes_on(world: World, tmp_path: Path) -> None:
    chart = tmp_path / "bomb"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: bomb\nversion: 1.0.0\n", encoding="utf-8")
    (chart / "templates" / "x.yaml").write_text(BOMB, encoding="utf-8")
    before = state_of(world)
    await reconfigured(world, apps=values_of(world, chart=str(chart), values=[]))
    world.kim.says("/deploy shop v1.2 staging", "private")
    await world.sees("ran out of memory", chat="private kim")
    (chart / "templates" / "x.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n{indented(LAUGHS)}\n",
        encoding="utf-8",
    )
    world.kim.says("/deploy shop v1.2 staging", "private")
    await world.sees("invalid YAML", chat="private kim")
    world.dana.says("/deploy blog v1.0 staging", "private")
    await world.sees("Plan: blog → staging", chat="private dana")
    assert await operations(world.parts.database) == []
    assert state_of(world) == before


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


async def test_a_credential_plugin_is_refused_in_words_and_does_not_run(world: World, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    kubeconfig = yaml.safe_load(path.read_text(encoding="utf-8"))
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "touch",
        "args": [str(tmp_path / "ran")],
    }
    kubeconfig["users"][0]["user"] = {"exec": {**plugin, "interactiveMode": "Never"}}
    (tmp_path / "other").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    await reconfigured(world, clusters={"main": {"kubeconfig": "other", "context": world.cluster.name}})
    for command in ("/status shop staging", "/deploy shop v1.2 staging", "/history shop staging"):
        world.kim.says(command, "private")
        await world.sees("credential plugin", chat="private kim")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name",
    [
        "system:masters",
        "system:admin",
        "system:",
        "kubeadm:cluster-admins",
        "",
        " ",
        " kim",
        "kim\n",
        "k\x00m",
    ],
)
def test_nobody_acts_as_the_system_or_as_nobody(configured: Callable[..., list[str]], name: str) -> None:
    for identity in ({"user": name}, {"user": "kim", "groups": ["a", name]}):
        assert configured(people={"kim": {"id": 1, "kubernetes": identity}})
    with pytest.raises(ValueError, match="act as"):
        Identity(name)
    with pytest.raises(ValueError, match="act as"):
        Identity("kim", (name,))


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., list[str]]:
    """The problems of a configuration with these sections."""

    def run(**sections: Any) -> list[str]:
        content = {"telegram": {"token": "${TOKEN}"}, **sections}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        with pytest.raises(ConfigInvalid) as caught:
            load([tmp_path / "config.yaml"], {"TOKEN": "t"})
        return [str(each) for each in caught.value.problems if "kubernetes" in str(each)]

    return run


class bounded:  # noqa: N801 - reads as a word of the test
    """What is within takes at most five seconds of the processor, and 200 MB more than there was."""

    def __enter__(self) -> None:
        self.began = time.process_time()  # however busy the machine is
        self.before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def __exit__(self, *_: object) -> None:
        assert time.process_time() - self.began < 5
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self.before < 200 << 10
