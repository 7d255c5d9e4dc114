"""A build that is run again, since nobody knows how it ended, looks for what it may have pushed before it begins."""

from pathlib import Path

from bot.events import BuilderChosen
from bot.images.builders.building import BuildEvent
from bot.images.builds import Recipe, Sourced
from tests.builds.making import Making, making, recipe_of
from tests.builds.repositories import Repository, shop
from tests.builds.test_a_cluster_builds import builder_in, embedded
from tests.programs import needed


async def test_a_run_after_the_push_takes_what_is_there(tmp_path: Path) -> None:
    needed("buildah")
    async with making(tmp_path) as made:
        recipe, source = await _sourced(made, shop(tmp_path / "git"))
        first = await made.builds.make("one", recipe, source, lambda _event: None, again=False)
        again = await made.builds.make("one", recipe, source, lambda _event: None, again=False)
        assert again == first
        assert b"compiling the shop" in await made.builds.log("one")


async def test_what_a_job_pushed_that_is_removed_already_is_taken(tmp_path: Path) -> None:
    needed("buildah")
    async with making(tmp_path) as made, embedded(tmp_path) as cluster:
        recipe, source = await _sourced(made, shop(tmp_path / "git"))
        first = await made.builds.make("ab12", recipe, source, lambda _event: None, again=False)
        made.builders[:] = [builder_in(cluster)]
        told: list[BuildEvent] = []
        assert await made.builds.make("ab12", recipe, source, told.append, again=False) == first
        assert told == [BuilderChosen("job")]


async def test_built_anew_is_another_image_and_that_one_is_taken(tmp_path: Path) -> None:
    needed("buildah")
    repository = shop(tmp_path / "git")
    async with making(tmp_path) as made:
        recipe, source = await _sourced(made, repository)
        first = await made.builds.make("one", recipe, source, lambda _event: None, again=False)
        recipe, source = await _sourced(made, repository)
        assert source.digest == first
        anew = await made.builds.make("two", recipe, source, lambda _event: None, again=True)
        assert anew != first
        assert await made.builds.make("two", recipe, source, lambda _event: None, again=True) == anew


async def test_what_another_commit_left_under_the_tag_is_not_taken(tmp_path: Path) -> None:
    needed("buildah")
    repository = shop(tmp_path / "git")
    async with making(tmp_path) as made:
        recipe, source = await _sourced(made, repository)
        first = await made.builds.make("one", recipe, source, lambda _event: None, again=False)
        repository.commit({"run": "exec httpd -f -p 9090\n"}, "Listen elsewhere")
        recipe, source = await _sourced(made, repository)
        assert await made.builds.make("one", recipe, source, lambda _event: None, again=False) != first


async def _sourced(made: Making, repository: Repository) -> tuple[Recipe, Sourced]:
    recipe = recipe_of(repository, made.registry)
    return recipe, await made.builds.source(recipe, "main")
