"""The wheel that the container image installs, built as the Dockerfile builds it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.places import ROOT, SOURCES

BUILD = ("pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")

FOR_DEVELOPERS = {".mako"}
"""What new migrations are made from: no use to who only runs them."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the Dockerfile copies, so that building leaves nothing behind in the repository."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.py[co]"))
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheels")
    built = subprocess.run(
        [sys.executable, "-m", *BUILD, "--wheel-dir", str(folder), "."],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def names(wheel: zipfile.ZipFile) -> set[str]:
    return set(wheel.namelist())


def test_every_file_of_the_packages_is_inside(source: Path, names: set[str]) -> None:
    wanted = {
        str(path.relative_to(source))
        for package in SOURCES
        for path in (source / package).rglob("*")
        if path.is_file() and path.suffix not in FOR_DEVELOPERS
    }
    assert wanted - names == set()


def test_templates_migrations_and_types_are_inside(names: set[str]) -> None:
    assert "bot/py.typed" in names
    assert "bot/store/migrations/env.py" in names
    assert any(name.startswith("bot/store/migrations/versions/0001_") for name in names)
    assert "bot/texts/templates/plan.html.j2" in names
    assert "handlers/deploy.py" in names


def test_nothing_of_tests_or_workshops_is_inside(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(SOURCES)


def test_it_brings_the_command_and_the_licence(wheel: zipfile.ZipFile, names: set[str]) -> None:
    (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
    assert "pilothouse = bot.cli:main" in wheel.read(entry_points).decode()
    assert any(name.endswith("licenses/LICENSE") for name in names)
