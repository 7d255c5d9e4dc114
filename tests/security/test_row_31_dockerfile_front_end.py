"""A Dockerfile chooses no program that reads it, and leads nowhere outside (security.md, row 31)."""

import base64
import os
from pathlib import Path

import pytest

from bot.images.builders.dockerfiles import check
from bot.images.errors import BuildFailed
from tests.builds.making import PASSWORD, SECRET, making, recipe_of
from tests.builds.repositories import Repository, shop
from tests.programs import needed
from tests.security.processes import seen_by_others


@pytest.mark.parametrize(
    "line",
    [
        "# syntax=evil.example.org/front:1",
        "#syntax = evil/front",
        "# SYNTAX=evil/front@sha256:" + "0" * 64,
        "// syntax=evil/front",
        "# escape=`\n# syntax=evil/front",
        "\ufeff# syntax=evil/front",
        "# a comment\n\n# syntax=evil/front",
        "# syntax=docker/dockerfile-upstream:master",
        "# syntax=docker/dockerfile/../../evil",
    ],
)
def test_another_front_end_is_refused(line: str) -> None:
    with pytest.raises(BuildFailed, match="asks for the front end"):
        check(f"{line}\nFROM scratch\n")


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\n# syntax=evil/front\n",
        "# syntax=docker/dockerfile:1.7\nFROM scratch\n",
        "# syntax=docker.io/docker/dockerfile@sha256:" + "0" * 64 + "\nFROM scratch\n",
        "",
    ],
)
def test_ours_and_what_is_no_directive_pass(text: str) -> None:
    check(text)


async def test_a_dockerfile_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    needed("buildah")
    repository = Repository(tmp_path / "app")
    os.symlink("/etc/passwd", repository.folder / "Dockerfile")
    repository.commit({"main": "app"}, "app")
    async with making(tmp_path) as here:
        recipe = recipe_of(repository, here.registry)
        source = await here.builds.source(recipe, "main")
        for changes in ({}, {"path": "../.."}, {"dockerfile": "../../../../etc/passwd"}):
            changed = recipe.model_copy(update=changes)
            with pytest.raises(BuildFailed, match="leads out of the repository"):
                await here.builds.make("one", changed, source, lambda _: None, again=False)


async def test_no_other_process_can_read_the_logins_and_secrets_of_a_build(tmp_path: Path) -> None:
    needed("buildah")
    repository = shop(tmp_path / "app")
    seen = bytearray()
    async with making(tmp_path) as here:
        recipe = recipe_of(repository, here.registry)
        source = await here.builds.source(recipe, "main")
        digest = await here.builds.make(
            "one", recipe, source, lambda _: seen.extend(seen_by_others()), again=False
        )
        assert digest.startswith("sha256:")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "builds" / "logs").rglob("*") if file.is_file())
    assert b"buildah" in seen
    for secret in (PASSWORD, SECRET, base64.b64encode(f"ci:{PASSWORD}".encode()).decode()):
        assert secret.encode() not in seen
        assert secret.encode() not in kept
