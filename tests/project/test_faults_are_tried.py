"""docs/faults.md names for each fault what people see, and tests that exist; no test of a fault is left out."""

import ast
import re

from tests.project.places import ROOT, modules, text

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in text("docs/faults.md").splitlines()
    if line.startswith("| ") and not line.startswith("| what happens")
]
NAMED = {name for row in ROWS for name in re.findall(r"`(tests/[^`]+)`", row[-1])}


def test_every_fault_is_seen_and_tried() -> None:
    assert [row for row in ROWS if len(row) != 3 or not all(row) or "`tests/" not in row[2]] == []


def test_every_test_that_is_named_exists() -> None:
    files = {name.partition("::")[0] for name in NAMED}
    assert sorted(NAMED - {name for file in files for name in _tests(file)}) == []


def test_every_test_of_a_fault_is_named() -> None:
    files = [str(path.relative_to(ROOT)) for path in modules("tests/faults")]
    assert sorted({name for file in files for name in _tests(file)} - NAMED) == []


def _tests(file: str) -> list[str]:
    found = ast.parse(text(file)).body
    functions = [each for each in found if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{file}::{each.name}" for each in functions if each.name.startswith("test_")]
