"""The embedded servers stand alone: their docstrings say how they are used, and what they say is so."""

import ast
import importlib
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot.sandbox.telegram.methods import METHODS
from tests.project.places import ROOT, modules

EXAMPLE = "In a pytest fixture::\n"
DOCUMENTED = ("bot.sandbox.telegram", "bot.sandbox.registry", "bot.sandbox.kubernetes")
SERVERS = ("telegram", "registry", "kubernetes")


def docstring(package: str) -> str:
    return importlib.import_module(package).__doc__ or ""


@pytest.mark.parametrize("package", DOCUMENTED)
def test_the_example_of_the_docstring_runs(package: str, tmp_path: Path) -> None:
    _, _, example = docstring(package).partition(EXAMPLE)
    (tmp_path / "test_example.py").write_text(textwrap.dedent(example), encoding="utf-8")
    options = ["-q", "-c", "/dev/null", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_docstring_names_every_method_of_the_bot_api_that_is_covered() -> None:
    covered, _, _ = docstring("bot.sandbox.telegram").partition("What it does not")
    _, _, told = covered.partition("What it covers")
    words = {word.lower() for word in re.findall(r"\b[a-z]+[A-Z][a-zA-Z]+\b|\bclose\b", told)}
    assert words == set(METHODS)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_knows_nothing_around_it_but_the_clock(server: str) -> None:
    own = f"bot.sandbox.{server}"
    imported = {
        name
        for path in modules(f"bot/sandbox/{server}")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in named(node)
    }
    assert {
        name for name in imported if name.startswith("bot.") and not f"{name}.".startswith(f"{own}.")
    } == {"bot.clock"}


def named(node: ast.AST) -> list[str]:
    """The modules that a statement imports from."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [each.name for each in node.names] if isinstance(node, ast.Import) else []
