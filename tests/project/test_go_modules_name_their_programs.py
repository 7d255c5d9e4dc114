"""What tests build with Go is pinned: a module's tools are the programs, so that `go mod tidy` keeps what they need."""

import json
import subprocess

import pytest

from tests.buildkit import building as buildkit
from tests.control_plane import building as control_plane
from tests.go_programs import GoPrograms


@pytest.mark.parametrize("programs", [buildkit.PROGRAMS, control_plane.PROGRAMS], ids=lambda each: each.name)
def test_every_program_is_a_tool_of_its_module(programs: GoPrograms) -> None:
    told = subprocess.run(
        ["go", "mod", "edit", "-json"], cwd=programs.module, capture_output=True, check=True
    )
    assert {tool["Path"] for tool in json.loads(told.stdout)["Tool"]} == set(programs.packages.values())
