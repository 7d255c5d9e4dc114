"""The repository's own chart and hostile ones, rendered by Helm itself, then read and told."""

from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm
from bot.masking import Masker
from bot.planning.comparing import Comparison, compared
from bot.planning.errors import PlanRefused
from bot.planning.manifests import Manifest, parse
from bot.planning.paths import put

MICROSERVICE = Path(__file__).parents[2] / "charts" / "microservice"
VALUES: dict[str, Any] = {
    "image": {"repository": "registry.example.org/shop", "tag": "v1.1", "digest": f"sha256:{'77' * 32}"},
    "web": {"replicas": 2},
    "workloads": {"worker": {"args": ["worker"]}},
    "migration": {"enabled": True, "args": ["migrate"]},
    "config": {"LOG_LEVEL": "info", "WORKERS": 4},
    "secrets": {"API_KEY": "canary-old"},
}


@pytest.fixture
async def helm() -> AsyncIterator[Helm]:
    async with Helm(renderers=1) as helm:
        yield helm


async def rendered(helm: Helm, chart: Path, values: Mapping[str, Any]) -> list[Manifest]:
    found = await helm.render(
        await fetch(FolderChart(chart)),
        values,
        release="shop",
        namespace="shop-staging",
        kube_version="v1.31.0",
        api_versions=[],
    )
    return parse(found.files, "shop-staging")


async def changed(helm: Helm, **changes: Any) -> Comparison:
    """What changes when these dotted keys (`__` for dots) of the microservice's values do."""
    values = deepcopy(VALUES)
    for key, value in changes.items():
        put(values, key.replace("__", "."), value)
    old = await rendered(helm, MICROSERVICE, VALUES)
    new = await rendered(helm, MICROSERVICE, values)
    return compared(
        [each for each in old if not each.hook_events],
        [each for each in new if not each.hook_events],
        mask=Masker().mask_object,
        hooks=[each for each in new if each.hook_events],
    )


def texts(found: Comparison) -> list[str]:
    return [line.text for line in found.lines]


async def test_a_new_version_is_its_image_and_its_migration(helm: Helm) -> None:
    found = await changed(helm, image__tag="v1.2", image__digest=f"sha256:4f1c{'0' * 58}9a")
    assert texts(found) == ["image v1.1 → v1.2 · 4f1c…9a", "Job shop-migrate runs first"]


async def test_a_change_of_values_is_told_by_what_it_does(helm: Helm) -> None:
    found = await changed(helm, web__replicas=3, config__LOG_LEVEL="debug", secrets__API_KEY="canary-new")
    assert texts(found)[-1] == "Job shop-migrate runs first"
    assert "shop: replicas 2 → 3" in texts(found)
    assert any(text.startswith("ConfigMap shop") and text.endswith("1 key") for text in texts(found))
    assert any(text.startswith("Secret shop") and text.endswith("1 key") for text in texts(found))
    assert "canary" not in f"{found}"


async def test_the_same_values_change_nothing(helm: Helm) -> None:
    assert (await changed(helm)).unchanged


def chart(folder: Path, **templates: str) -> Path:
    """A chart of these templates."""
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: odd\nversion: 0.1.0\n")
    for name, text in templates.items():
        (folder / "templates" / f"{name}.yaml").write_text(text)
    return folder


def config_map(name: str, data: str = "{}") -> str:
    return f"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {data}\n"


async def test_two_hundred_objects_are_planned(helm: Helm, tmp_path: Path) -> None:
    text = "{{- range $i := until 200 }}" + config_map('"c{{ $i }}"') + "{{- end }}"
    found = await rendered(helm, chart(tmp_path, many=text), {})
    assert len(found) == 200
    assert texts(compared((), found, mask=Masker().mask_object)) == ["200 ConfigMaps added"]


async def test_random_values_are_marked(helm: Helm, tmp_path: Path) -> None:
    folder = chart(tmp_path, random=config_map("c", "{token: {{ randAlphaNum 20 }}}"))
    one, two, three = [await rendered(helm, folder, {}) for _ in range(3)]
    found = compared(one, two, mask=Masker().mask_object, again=three)
    assert found.unchanged
    assert found.notes == ("ConfigMap c: data.token random at every render",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (config_map("a") + config_map("a"), "The chart makes ConfigMap a twice"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: [\n", "The chart renders invalid YAML"),
        ("just: text\n", "The chart renders something that is no Kubernetes object"),
    ],
)
async def test_what_is_no_sound_manifest_is_refused_with_its_file(
    helm: Helm, tmp_path: Path, text: str, words: str
) -> None:
    folder = chart(tmp_path, broken=text)
    with pytest.raises(PlanRefused) as caught:
        await rendered(helm, folder, {})
    assert caught.value.words == words
    assert caught.value.where.startswith("odd/templates/broken.yaml")
