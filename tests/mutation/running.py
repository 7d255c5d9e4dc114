"""The mutants of modules, made and tried by mutmut in a folder of their own, which keeps the results to go on from.

mutmut copies the code before it changes it, so the checkout is never touched, and forks a process for each
mutant from one that has imported everything.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutmut.configuration import reset_config
from mutmut.mutation.diff_apply import find_mutant, get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from tests.mutation.modules import MODULES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".mutation"
COPIED = ("bot", "handlers", "tests", "charts", "docs")
CAUGHT = ("killed", "timeout", "segfault")
KEPT = "killed"
"""What is not tried again; who took too long may have been on a busy machine."""
JOBS = 2

CONFIGURATION = """
[tool.mutmut]
source_paths = {modules}
also_copy = {copied}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
do_not_mutate_patterns = ['^\\s*log\\.']
process_isolation = "forkserver"
timeout_constant = 12.0
use_git_change_detection = false
"""
"""What is only logged is told to nobody but the operator, in words that may be any. A mutant has three minutes, which
a machine that does much else may need for one that does not hang."""


@dataclass(frozen=True)
class Mutant:
    """A change that was made to a module, as the lines that it takes out and puts in, and what became of it."""

    name: str
    status: str
    was: str
    becomes: str

    @property
    def caught(self) -> bool:
        """Whether a test noticed."""
        return self.status in CAUGHT


def together(modules: Sequence[str]) -> list[list[str]]:
    """Modules with the same tests are tried in one run: that costs its start once."""
    found: dict[Sequence[str], list[str]] = {}
    for each in modules:
        found.setdefault(MODULES[each], []).append(each)
    return list(found.values())


def tried(modules: Sequence[str]) -> dict[str, list[Mutant]]:
    """The mutants of modules with the same tests, by module.

    Those that were caught before and whose function is the same are not tried again.
    Raises: subprocess.CalledProcessError where the tests fail without any mutant.
    """
    folder = folder_of(modules[0])
    _prepare(folder, modules)
    results = {each: folder / "mutants" / f"{each}.meta" for each in modules}
    for each in results.values():
        _forget_survivors(each)
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    ours = {**os.environ, "PYTEST_DEBUG_TEMPROOT": str(folder)}  # each mutant would tidy up after all others
    with (folder / "log").open("w", encoding="utf-8") as log:
        command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(JOBS)]
        subprocess.run(command, cwd=folder, env=ours, stdout=log, stderr=subprocess.STDOUT, check=True)
    with _at_home_in(folder):
        return {module: _read(each) for module, each in results.items()}


def folder_of(module: str) -> Path:
    """Where the mutants are made, and mutmut says in `log` how far it is."""
    first = next(each for each, tests in MODULES.items() if tests == MODULES[module])
    return FOLDER / first.removesuffix(".py").replace("/", ".")


def _prepare(folder: Path, modules: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)
    ours = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    tests = json.dumps(MODULES[modules[0]])
    added = CONFIGURATION.format(modules=json.dumps(modules), copied=json.dumps(COPIED), tests=tests)
    (folder / "pyproject.toml").write_text(ours + added, encoding="utf-8")


def _forget_survivors(results: Path) -> None:
    """What no test noticed is tried again: the tests may have become better since."""
    if not results.exists():
        return
    data = json.loads(results.read_text(encoding="utf-8"))
    codes = data["exit_code_by_key"]
    data["exit_code_by_key"] = {
        name: code if status_by_exit_code[code] == KEPT else None for name, code in codes.items()
    }
    results.write_text(json.dumps(data, indent=4), encoding="utf-8")


def _read(results: Path) -> list[Mutant]:
    codes = json.loads(results.read_text(encoding="utf-8"))["exit_code_by_key"]
    return [_mutant(name, status_by_exit_code[code]) for name, code in codes.items()]


@contextlib.contextmanager
def _at_home_in(folder: Path) -> Iterator[None]:
    """mutmut knows the folder that it works in by its being the current one."""
    with contextlib.chdir(folder):
        reset_config()
        yield


def _mutant(name: str, status: str) -> Mutant:
    if status in CAUGHT:
        return Mutant(name, status, "", "")
    lines = get_diff_for_mutant(name, path=find_mutant(name).path).splitlines()
    return Mutant(name, status, _changed(lines, "-"), _changed(lines, "+"))


def _changed(diff: Sequence[str], sign: str) -> str:
    return "\n".join(line[1:].strip() for line in diff if line.startswith(sign) and line[:3] != sign * 3)
