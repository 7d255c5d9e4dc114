"""What a chart makes of an app's values, rendered for a plan: twice, with other secrets, and as the next revision."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.config import App, Target
from bot.helm.charts import ChartArchive
from bot.helm.client import Helm
from bot.helm.releases import Revision
from bot.images.registry import Registries
from bot.images.source import Sources
from bot.planning.errors import PlanRefused
from bot.planning.live import Live
from bot.planning.releases import Past
from bot.planning.rendering import Renderer, Rendering, check_pin, check_version, kube_of
from bot.planning.site import Site
from bot.planning.values import Image, Layered
from bot.planning.versions import Versions
from bot.sandbox.repositories import SHOP, create_repository
from tests.helm.writing import Charts
from tests.planning.objects import NAMESPACE, deployment, objects
from tests.planning.test_values_are_layered import DIGEST, IMAGE, Layers
from tests.planning.test_what_is_known_of_a_release import target as configured

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
KUBE = ("v1.31.2", ("example.org/v1",))
SITE = Site(access=ClusterAccess(Path("unread")), cluster_uid="", namespace=NAMESPACE, release="web")
NOTHING = Live(Past([], {}), None, None, (), ())


async def charts(app: App) -> Sequence[str]:
    """Of no app is the chart asked for its versions here."""
    raise AssertionError


class Hiding:
    """A renderer, and what it said is to be hidden."""

    def __init__(self, helm: Helm, sources: Sources) -> None:
        self.hidden: set[str] = set()
        registries = Registries()
        self.renderer = Renderer(helm, Versions(lambda: registries, lambda: sources, charts), self.hide)

    def hide(self, texts: Iterable[str]) -> None:
        """What a secret is."""
        self.hidden.update(texts)

    async def rendering(self, archive: ChartArchive, live: Live = NOTHING, **values: Any) -> Rendering:
        """What the chart makes of the values, `password` being secret where there is one."""
        hidden = frozenset({("password",)}) if "password" in values else frozenset()
        layers = Layered(values, (), hidden)
        return await self.renderer.rendering(SITE, live, archive, layers, KUBE)


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[Sources]:
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        yield sources


@pytest.fixture
def unstarted(sources: Sources) -> Hiding:
    return Hiding(Helm(), sources)


@pytest.fixture
async def hiding(sources: Sources) -> AsyncIterator[Hiding]:
    async with Helm(renderers=1) as helm:
        yield Hiding(helm, sources)


async def test_a_template_that_asks_for_the_commit_gets_it_and_secrets_are_hidden(
    unstarted: Hiding, sources: Sources, tmp_path: Path
) -> None:
    layers = Layers(tmp_path)
    layers.file("a.yaml.j2", "of: '{{ version }} {{ digest }} {{ commit }}'")
    layers.app = {
        "secrets": {"mail.password": "${PASSWORD}"},
        "source": {"git": f"file://{create_repository(tmp_path / 'shop.git', 'shop', SHOP[:2])}"},
    }
    commit = await sources.resolve(layers.app["source"]["git"], "v1.0")
    found = await unstarted.renderer.layers(layers.target(), "v1.0", IMAGE, [])
    assert found.values["of"] == f"v1.0 {DIGEST} {commit}"
    assert unstarted.hidden == {"hunter2"}


async def test_git_is_not_asked_where_no_template_asks_for_the_commit(
    unstarted: Hiding, tmp_path: Path
) -> None:
    layers = Layers(tmp_path)
    layers.file("a.yaml.j2", "of: '{{ version }}{{ digest }}'")
    layers.app = {"source": {"git": "file:///nowhere"}, "set_allowed": ["x"]}
    found = await unstarted.renderer.layers(layers.target(), "v1.0", None, [("x", "1")])
    assert found.values == {"of": "v1.0", "x": 1}


MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {line: '%s'}\n"
HOOK = MAP.replace("{name: map}", "{name: hook, annotations: {helm.sh/hook: pre-install}}")
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.org}\n"


def line(found: Rendering) -> Any:
    return found.objects[0].object["data"]["line"]


async def test_objects_hooks_and_definitions_are_told_apart_and_secrets_traced(
    hiding: Hiding, tmp_path: Path
) -> None:
    archive = await Charts(tmp_path).pack(
        {
            "templates/a.yaml": MAP % "{{ .Values.password }}",
            "templates/b.yaml": HOOK % "x",
            "crds/thing.yaml": CRD,
        }
    )
    found = await hiding.rendering(archive, password="hunter2")
    assert [each.key.name for each in found.objects] == ["map"]
    assert [each.key.name for each in found.hooks] == ["hook"]
    assert found.again == found.objects
    assert found.traced[("ConfigMap", "map")] == {("data", "line")}
    assert found.traced[("ConfigMap", "hook")] == frozenset()
    assert list(found.crds.values()) == [CRD]
    assert found.record > len(archive.data)


async def test_what_is_random_is_seen_and_a_chart_that_takes_no_other_secret_is_rendered_all_the_same(
    hiding: Hiding, tmp_path: Path
) -> None:
    strict = '{{ if ne .Values.password "hunter2" }}{{ fail "too weak" }}{{ end }}'
    archive = await Charts(tmp_path).pack(
        {"templates/a.yaml": MAP % (strict + "{{ randAlphaNum 20 }}"), "templates/b.yaml": HOOK % "x"}
    )
    found = await hiding.rendering(archive, password="hunter2")
    assert found.traced == {}
    assert [each.key.name for each in found.again] == ["map"]
    assert found.again[0].object != found.objects[0].object


async def test_a_template_knows_which_revision_it_is_and_where(hiding: Hiding, tmp_path: Path) -> None:
    told = "{{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.Revision }} {{ .Release.IsUpgrade }} "
    told += '{{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has "example.org/v1" }}'
    archive = await Charts(tmp_path).template(MAP % told)
    assert line(await hiding.rendering(archive)) == f"web {NAMESPACE} 1 false v1.31.2 true"
    revision = Revision(6, "deployed", NOW, "shop", "1.4.0", "v1.1")
    there = Live(Past([revision], {}), revision, None, (), ())
    assert line(await hiding.rendering(archive, there)) == f"web {NAMESPACE} 7 true v1.31.2 true"


async def test_a_cluster_says_its_version_and_what_it_serves(cluster: Cluster) -> None:
    version, apis = await kube_of(cluster)
    assert version == await cluster.version()
    assert "apps/v1" in apis


def archive(version: str) -> ChartArchive:
    return ChartArchive("shop", version, "v1", "", b"")


def test_an_app_without_an_image_has_no_version_but_its_charts(tmp_path: Path) -> None:
    shop = configured(tmp_path, "release: shop")
    check_version(shop, None, "1.4.0", archive("1.4.0"))
    check_version(shop, None, "", archive("1.4.0"))
    check_version(shop, IMAGE, "v1.2", archive("1.4.0"))
    with pytest.raises(PlanRefused) as refused:
        check_version(shop, None, "v1.2", archive("1.4.0"))
    assert refused.value.words == "shop's chart is 1.4.0, not v1.2"
    assert refused.value.advice == "An app without an image is versioned by its chart"


def pinned(folder: Path, keys: str) -> Target:
    return configured(folder, f"image: registry.example.org/shop, image_value: {keys}")


@pytest.mark.parametrize(
    ("keys", "image", "container", "hook"),
    [
        ("image", IMAGE, IMAGE.reference, "other"),
        ("{single: image}", IMAGE, f"mirror/{IMAGE.reference}", "other"),
        ("image", IMAGE, "other", IMAGE.reference),
        ("{tag: image.tag}", IMAGE, "other", "other"),
        ("image", None, "other", "other"),
    ],
)
def test_a_pin_reaches_a_container_or_is_none(
    tmp_path: Path, keys: str, image: Image | None, container: str, hook: str
) -> None:
    made = Rendering(objects(deployment(container)), objects(deployment(hook)), ())
    check_pin(pinned(tmp_path, keys), image, made)


@pytest.mark.parametrize("container", ["registry.example.org/shop:v1.2", f"shop@sha256:{'77' * 32}"])
def test_a_pin_that_reaches_no_container_is_refused(tmp_path: Path, container: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        check_pin(pinned(tmp_path, "image"), IMAGE, Rendering(objects(deployment(container)), (), ()))
    assert refused.value.words == "The image's digest reaches no container, so the pin has no effect"
    assert refused.value.where == "image_value of shop"
    assert refused.value.advice.startswith("Name the chart's own keys there")
