"""Limits of the style that a linter does not know: short modules, short functions, a reason at each one's top."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.places import ROOT, SOURCES, modules

LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
VAGUE = {"utils", "helpers", "common", "manager", "base"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def parsed() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules(*SOURCES, "bench")}


def test_every_module_says_why_it_exists(parsed: dict[Path, ast.Module]) -> None:
    silent = [named(path) for path, tree in parsed.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_no_module_is_longer_than_a_sitting(parsed: dict[Path, ast.Module]) -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in parsed}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen(parsed: dict[Path, ast.Module]) -> None:
    long = {
        f"{named(path)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path, tree in parsed.items()
        for function in functions(tree)
    }
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_no_module_is_named_for_everything(parsed: dict[Path, ast.Module]) -> None:
    assert [named(path) for path in parsed if path.stem in VAGUE] == []
