"""Which versions an app has and what a version is: asked of a registry, and of git where that does not know."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from dulwich.refs import Ref
from dulwich.repo import Repo

from bot.config import App, load
from bot.images.errors import ReferenceInvalid, TagMissing
from bot.images.registry import Registries
from bot.images.source import Sources
from bot.planning.errors import PlanRefused
from bot.planning.values import Image
from bot.planning.versions import Versions, ref_of
from bot.sandbox.registry import RegistryServer
from bot.sandbox.registry.samples import BUILT
from bot.sandbox.repositories import BRANCH, SHOP, create_repository


async def charts(app: App) -> Sequence[str]:
    """The versions of an app's chart, as a repository lists them."""
    return ["1.2.0", "1.10.0", "1.9.0"]


class Place:
    """An app `shop` with a registry and a repository of its own."""

    def __init__(self, folder: Path, server: RegistryServer, versions: Versions, sources: Sources) -> None:
        self.folder = folder
        self.server = server
        self.versions = versions
        self.sources = sources
        self.git = ""

    @property
    def image(self) -> str:
        """The repository of its images."""
        return f"{self.server.host}/shop"

    def add(self, *tags: str) -> None:
        """Push images."""
        for tag in tags:
            self.server.add("shop", tag, created=BUILT.get(tag, BUILT["v1.0"]))

    def app(self, **more: Any) -> App:
        """The app as it is configured; what is None is left out."""
        usual: dict[str, Any] = {"chart": "chart", "image": self.image, "environments": ["staging"]}
        config = {
            "telegram": {"token": "${TOKEN}"},
            "clusters": {"main": {"in_cluster": True}},
            "environments": {"staging": {"cluster": "main", "namespace": "shop"}},
            "apps": {"shop": {key: each for key, each in (usual | more).items() if each is not None}},
        }
        (self.folder / "chart").mkdir(exist_ok=True)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))
        return load([self.folder / "config.yaml"], {"TOKEN": "t0ken"}).apps["shop"]

    def with_source(self, ref: str = "{{ version }}", tag: str | None = None) -> App:
        """The app with its source, and where there is a `tag` by its rule for builds."""
        if not self.git:
            self.git = f"file://{create_repository(self.folder / 'shop.git', 'shop', SHOP[:2])}"
        return self.app(source={"git": self.git, "ref": ref}, build={"tag": tag} if tag is not None else None)

    def named(self, *refs: str) -> str:
        """Give main's commit more names; its id."""
        with Repo(str(self.folder / "shop.git")) as repository:
            for ref in refs:
                repository.refs[Ref(ref.encode())] = repository.refs[BRANCH]
            return repository.refs[BRANCH].decode()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with (
        RegistryServer() as server,
        Registries() as registries,
        Sources(tmp_path / "cache", allow_file=True) as sources,
    ):
        versions = Versions(lambda: registries, lambda: sources, charts)
        yield Place(tmp_path, server, versions, sources)


async def test_versions_are_the_tags_that_match_newest_first(place: Place) -> None:
    place.add("v1.9", "v1.10", "v1.2", "ci-7")
    assert await place.versions.offered(place.app(tags={"match": "^v"})) == ["v1.10", "v1.9", "v1.2"]


async def test_they_may_be_ordered_by_when_they_were_built(place: Place) -> None:
    place.add("v1.0", "v2.0-oom", "v1.3", "latest")
    app = place.app(tags={"order": "created"})
    assert await place.versions.offered(app) == ["v2.0-oom", "v1.3", "v1.0", "latest"]
    assert await place.versions.built(app, ["v1.3", "gone"]) == {"v1.3": BUILT["v1.3"], "gone": None}


async def test_an_app_without_an_image_has_the_versions_of_its_chart(place: Place) -> None:
    app = place.app(image=None)
    assert await place.versions.offered(app) == ["1.10.0", "1.9.0", "1.2.0"]
    assert await place.versions.built(app, ["1.2.0"]) == {}
    assert await place.versions.image(app, "1.2.0") is None


async def test_a_version_is_pinned_by_what_its_tag_names_now(place: Place) -> None:
    place.add("v1.0", "v1.1")
    found = await place.versions.image(place.app(), "v1.1")
    assert found is not None
    assert (found.repository, found.tag) == (place.image, "v1.1")
    assert place.server.tags_of(found.reference) == ["v1.1"]


@pytest.mark.parametrize(("source", "build"), [(False, None), (True, None)])
async def test_what_is_no_tag_is_missing_where_nothing_says_what_is_built_of_it(
    place: Place, source: bool, build: None
) -> None:
    place.add("v1.0")
    app = place.with_source(tag=build) if source else place.app()
    with pytest.raises(TagMissing):
        await place.versions.image(app, "main")


async def test_a_branch_is_the_image_that_was_built_of_it(place: Place) -> None:
    app = place.with_source(tag="{{ branch }}-{{ sha[:8] }}")
    sha = await place.sources.resolve(place.git, "main")
    place.add(f"main-{sha[:8]}")
    found = await place.versions.image(app, "main")
    assert isinstance(found, Image)
    assert (found.repository, found.tag) == (place.image, f"main-{sha[:8]}")
    assert place.server.tags_of(found.reference) == [f"main-{sha[:8]}"]


@pytest.mark.parametrize(
    ("version", "tag"),
    [("feature/cart", "feature-cart-SHA"), ("SHA", "commit-SHA"), ("release/7", "release-7")],
)
async def test_it_is_found_by_the_tag_that_a_build_of_it_gets(place: Place, version: str, tag: str) -> None:
    app = place.with_source(tag="{{ branch }}-{{ sha[:8] }}")
    sha = place.named("refs/heads/feature/cart", "refs/tags/release/7")[:8]
    version, tag = version.replace("SHA", sha), tag.replace("SHA", sha)
    place.add(tag)
    found = await place.versions.image(app, version)
    assert found is not None
    assert found.tag == tag


async def test_what_can_be_no_tag_and_is_no_branch_is_said_so(place: Place) -> None:
    with pytest.raises(ReferenceInvalid, match="feature/gone” cannot be a version"):
        await place.versions.image(place.with_source(tag="{{ branch }}"), "feature/gone")


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("{{ branch }}", "v1.0"),  # its own name, which is not there
        ("{{ branch }}-{{ sha }}", "v1.1"),  # not built yet
        ("{{ branch }}", "nowhere"),
    ],
)
async def test_what_was_never_built_is_missing(place: Place, tag: str, version: str) -> None:
    place.add("v9")
    with pytest.raises(TagMissing) as missing:
        await place.versions.image(place.with_source(tag=tag), version)
    assert version in str(missing.value)


async def test_a_source_that_cannot_be_read_does_not_hide_what_the_registry_lacks(place: Place) -> None:
    place.add("v1.2")
    app = place.app(source={"git": f"file://{place.folder}/nowhere"}, build={})
    with pytest.raises(TagMissing) as missing:
        await place.versions.image(app, "v1.3")
    assert missing.value.nearest == "v1.2"


async def test_a_rule_that_cannot_be_filled_in_is_named(place: Place) -> None:
    place.add("v9")
    with pytest.raises(ReferenceInvalid, match=r"build\.tag “{{ sha \+ 1 }}” can't be filled in"):
        await place.versions.image(place.with_source(tag="{{ sha + 1 }}"), "main")


async def test_the_commit_of_a_version_is_found_by_the_rule_for_refs(place: Place) -> None:
    app = place.with_source(ref="v{{ version }}")
    assert await place.versions.commit(app, "1.0") == await place.sources.resolve(place.git, "v1.0")
    assert await place.versions.commit(app, "7.0") == ""
    assert await place.versions.commit(place.app(), "1.0") == ""


async def test_a_rule_for_refs_that_cannot_be_filled_in_is_named(place: Place) -> None:
    app = place.with_source(ref="{{ version + 1 }}")
    with pytest.raises(PlanRefused, match=r"shop's source\.ref can't be filled in") as refused:
        ref_of(app, "1.0")
    assert refused.value.advice == "Mend it in the configuration"
    assert "concatenate str" in refused.value.quote
    assert ref_of(place.with_source(ref="release/{{ version }}"), "1.0") == "release/1.0"
