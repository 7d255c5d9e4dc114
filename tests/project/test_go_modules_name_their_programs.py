"""What tests build with Go is pinned: a module's tools are the programs, so that `go mod tidy` keeps what they need."""

import re

import pytest

from tests.buildkit import building as buildkit
from tests.control_plane import building as control_plane
from tests.go_programs import GoPrograms


@pytest.mark.parametrize("programs", [buildkit.PROGRAMS, control_plane.PROGRAMS], ids=lambda each: each.name)
def test_every_program_is_a_tool_of_its_module(programs: GoPrograms) -> None:
    text = (programs.module / "go.mod").read_text(encoding="utf-8")
    tools = re.search(r"^tool \((.+?)^\)", text, re.DOTALL | re.MULTILINE)
    assert tools is not None
    assert set(tools[1].split()) == set(programs.packages.values())
