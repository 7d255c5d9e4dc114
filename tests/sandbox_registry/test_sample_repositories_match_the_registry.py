import subprocess
from pathlib import Path

import pytest

from bot.sandbox.registry import RegistryServer, add_sample_images
from bot.sandbox.repositories import create_sample_repositories


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Path]:
    return create_sample_repositories(tmp_path)


def test_tags_are_those_of_the_images(repositories: dict[str, Path]) -> None:
    server = RegistryServer()
    add_sample_images(server)
    for app in ("shop", "blog"):
        assert sorted(git(repositories[app], "tag").split()) == server.tags(app)


def test_they_are_sound_for_git(repositories: dict[str, Path]) -> None:
    for repository in repositories.values():
        assert git(repository, "fsck", "--strict", "--full") == ""


def test_commits_are_the_same_on_every_machine(repositories: dict[str, Path]) -> None:
    assert (
        git(repositories["shop"], "rev-parse", "v1.2").strip() == "281912b5fa5e9be2d095771ce71963ec7ba799dd"
    )


def test_what_is_new_in_a_version_is_told_by_its_commits_and_its_changelog(
    repositories: dict[str, Path],
) -> None:
    subjects = git(repositories["shop"], "log", "--format=%s", "v1.1..v1.2").splitlines()
    assert subjects == ["Fix rounding in the cart", "Faster checkout"]
    changes = git(repositories["shop"], "show", "v1.2:CHANGELOG.md")
    entry = changes.partition("## [1.2] - 2026-10-19\n")[2].partition("\n## ")[0]
    assert " ".join(entry.split()) == "### Changed - Faster checkout ### Fixed - rounding in the cart"
    assert "[1.3]" not in changes


def test_main_has_something_that_is_no_version_yet(repositories: dict[str, Path]) -> None:
    for app, newest in (("shop", "v2.0-broken"), ("blog", "v1.0")):
        assert git(repositories[app], "rev-list", "--count", f"{newest}..main").strip() == "1"
        files = git(repositories[app], "ls-tree", "main").splitlines()
        assert any(each.startswith("100755") and each.endswith(f"\t{app}") for each in files)


def test_an_existing_repository_is_left_alone(repositories: dict[str, Path]) -> None:
    with pytest.raises(FileExistsError):
        create_sample_repositories(repositories["shop"].parent)
