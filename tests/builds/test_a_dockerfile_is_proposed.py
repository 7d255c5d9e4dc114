"""`/dockerfile` proposes what fits the source; where there is nothing to go by it says so."""

from pathlib import Path

import pytest

from tests.builds.repositories import Repository
from tests.worlds import World, open_bot_world

CONFIG = """
builds: {{builder: builtin}}
apps:
  shop: {{source: {{git: "{git}", path: services/shop}}}}
"""


async def proposed(world: World) -> str:
    """What is sent as a document."""
    world.lee.says("/dockerfile shop")
    document = (await world.sees("shop: ")).document
    assert document is not None
    assert document.name == "Dockerfile"
    return document.content.decode()


async def test_a_repository_without_a_commit_has_nothing_to_build(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "git" / "shop")
    async with open_bot_world(tmp_path, CONFIG.format(git=repository.url)) as world:
        for command in ("/build shop", "/dockerfile shop"):
            world.lee.says(command)
            await world.sees("shop: nothing to build\nIts repository has no branch yet")


async def test_one_that_is_there_is_not_proposed_again(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "git" / "shop")
    repository.commit({"services/shop/Dockerfile": "FROM scratch\n", "services/shop/go.mod": ""}, "Begin")
    async with open_bot_world(tmp_path, CONFIG.format(git=repository.url)) as world:
        world.lee.says("/dockerfile shop")
        await world.sees("shop has a Dockerfile\nDockerfile is there in main\nBuild it: /build shop main")


async def test_nothing_is_guessed_of_what_nobody_can_tell(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "git" / "shop")
    repository.commit({"services/shop/notes.txt": "", "package.json": "{}"}, "Begin beside the folder")
    async with open_bot_world(tmp_path, CONFIG.format(git=repository.url)) as world:
        world.lee.says("/dockerfile shop")
        await world.sees("shop: nobody can tell what it is")


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        (["go.mod", "index.html"], ["CGO_ENABLED=0 go build", "USER "]),
        (["package.json", "package-lock.json"], ["COPY package.json package-lock.json", "npm ci"]),
        (["package.json", "npm-shrinkwrap.json"], ["COPY package.json npm-shrinkwrap.json", "npm ci"]),
        (["package.json"], ["COPY package.json ./", "npm install"]),
        (["pyproject.toml"], ["pip install"]),
        (["requirements.txt"], ["--requirement requirements.txt"]),
        (["index.html"], ["COPY . "]),
    ],
)
async def test_common_sources_are_known(tmp_path: Path, files: list[str], lines: list[str]) -> None:
    repository = Repository(tmp_path / "git" / "shop")
    repository.commit({f"services/shop/{each}": "" for each in files}, "Begin")
    async with open_bot_world(tmp_path, CONFIG.format(git=repository.url)) as world:
        text = await proposed(world)
    assert "\nFROM " in f"\n{text}"
    assert [line for line in lines if line not in text] == []
