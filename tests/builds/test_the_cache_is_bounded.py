"""Layers of earlier builds go, oldest first, once they take more than they may; an image that was pushed stays one."""

from pathlib import Path

from tests.builds.making import making, recipe_of
from tests.builds.repositories import shop
from tests.programs import needed


async def test_a_full_cache_is_emptied_and_the_next_build_works(tmp_path: Path) -> None:
    needed("buildah")
    repository = shop(tmp_path / "app")
    async with making(tmp_path, cache=1) as here:
        recipe = recipe_of(repository, here.registry)
        source = await here.builds.source(recipe, "main")
        steps: list[str] = []

        def heard(event: object) -> None:
            steps.append(getattr(event, "state", ""))

        first = await here.builds.make("one", recipe, source, heard, again=False)
        second = await here.builds.make("two", recipe, source, heard, again=False)
    assert first.startswith("sha256:")
    assert second.startswith("sha256:")
    assert "cached" not in steps
