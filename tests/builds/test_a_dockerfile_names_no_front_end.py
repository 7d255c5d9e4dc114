"""security.md, row 31: a Dockerfile must not choose the program that reads it."""

import pytest

from bot.images.builders.dockerfiles import check
from bot.images.errors import BuildFailed


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
