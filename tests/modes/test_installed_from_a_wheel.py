"""The wheel with the sandbox's extra is enough: no checkout is near when the sample world is played."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.project.places import ROOT

SCRIPT = """
- {as: dana, in: private, say: "/deploy shop v1.2 staging"}
- {as: dana, in: private, expect: {text: "image v1.1 → v1.2", buttons: ["Deploy to staging"], within: 60s}}
- {as: dana, in: private, press: "Deploy to staging"}
- {as: dana, in: private, expect: {text: "✅ shop → staging v1.2", within: 90s}}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what is published, so that nothing is left behind in the repository."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for name in ("bot", "handlers", "charts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    _run(
        sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir",
        wheels, ".", cwd=source,
    )  # fmt: skip
    (path,) = wheels.glob("*.whl")
    return path


@pytest.fixture
def pilothouse(wheel: Path, tmp_path: Path) -> Path:
    """The command, installed into an environment of its own that borrows only our dependencies."""
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    _run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel,
        cwd=tmp_path,
    )  # fmt: skip
    (packages,) = environment.glob("lib/python*/site-packages")
    # A folder named by a .pth file is searched, but its own .pth files, such as of editable installs, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return environment / "bin" / "pilothouse"


def _run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_chart_in_the_wheel_is_the_repository_s(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        packed = {
            name.removeprefix("bot/sandbox/"): opened.read(name)
            for name in opened.namelist()
            if name.startswith("bot/sandbox/charts/")
        }
    kept = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for path in (ROOT / "charts" / "microservice").rglob("*")
        if path.is_file()
    }
    assert packed == kept


@pytest.mark.long(40)
def test_a_script_is_played_far_from_the_checkout(pilothouse: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    done = _run(pilothouse, "sandbox", "--script", "script.yaml", cwd=elsewhere)
    assert "✅ shop → staging v1.2" in done.stdout.replace("\u00a0", " ")
    assert str(ROOT) not in done.stdout + done.stderr
