"""docs/security.md names every threat once, with a file of tests named after the row, and tests that exist."""

import ast
import re
from pathlib import Path

from tests.project.places import ROOT, modules, text

THREATS = 36
"""How many there are: one that is thought of later is added at the end, so that numbers stay."""
COLUMNS = 4
NOT_YET = "not yet concerned: "

TABLE = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in text("docs/security.md").splitlines()
    if re.match(r"\| \d", line)
]
TRIED = {int(row[0]): re.findall(r"`([^`]+)`", row[-1]) for row in TABLE}


def test_every_threat_has_its_row_with_an_answer() -> None:
    assert [int(row[0]) for row in TABLE] == list(range(1, THREATS + 1))
    assert [row for row in TABLE if len(row) != COLUMNS or not row[1] or not row[2]] == []


def test_what_concerns_the_bot_is_tried_and_what_does_not_yet_says_so() -> None:
    not_yet = {int(row[0]) for row in TABLE if row[2].startswith(NOT_YET)}
    assert not_yet == {number for number, tests in TRIED.items() if not tests}


def test_every_row_that_is_tried_has_a_file_named_after_it() -> None:
    files = {path.name: path for path in (ROOT / "tests" / "security").glob("test_row_*.py")}
    of_row = {
        number: [name for name in files if name.startswith(f"test_row_{number:02}_")] for number in TRIED
    }
    assert {number for number, tests in TRIED.items() if tests} == {
        row for row, names in of_row.items() if names
    }
    assert sum(map(len, of_row.values())) == len(files)
    for number, names in of_row.items():
        assert {f"tests/security/{name}" for name in names} <= set(TRIED[number])
        assert all(number in _rows(files[name]) for name in names)


def test_every_test_that_is_named_exists() -> None:
    named = {name for tests in TRIED.values() for name in tests}
    assert sorted(name for name in named if not _exists(*name.partition("::")[::2])) == []


def _exists(path: str, test: str) -> bool:
    file = ROOT / path
    return file.is_file() and test in {
        "",
        *(
            each.name
            for each in ast.parse(file.read_text(encoding="utf-8")).body
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_")
        ),
    }


def test_every_module_that_is_named_exists() -> None:
    named = {name for row in TABLE for name in re.findall(r"`((?:bot|handlers)(?:\.\w+)+)`", row[2])}
    paths = {name: ROOT / name.replace(".", "/") for name in named}
    assert [
        name for name, path in paths.items() if not (path.is_dir() or path.with_suffix(".py").is_file())
    ] == []


def test_a_file_of_tests_that_names_a_row_is_named_in_it() -> None:
    missing = [
        (str(file.relative_to(ROOT)), number)
        for file in modules("tests")
        for number in _rows(file)
        if not any(name.partition("::")[0] == str(file.relative_to(ROOT)) for name in TRIED[number])
    ]
    assert missing == []


def _rows(file: Path) -> set[int]:
    """The rows that a file's docstring names, as in "(security.md, rows 2, 4 to 6 and 9)"."""
    doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    said = re.search(r"security\.md, rows? ([\d, and to]+)", doc)
    ranges = re.findall(r"(\d+)(?: to (\d+))?", said[1]) if said else []
    return {number for first, last in ranges for number in range(int(first), int(last or first) + 1)}
