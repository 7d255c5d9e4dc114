"""What a module's mutants say of its tests, and the page that keeps it: docs/mutation.md."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import yaml

from tests.mutation.modules import BUTTONS, LOCKS, MODULES, PERMISSIONS, PLANNING
from tests.mutation.running import ROOT, Mutant

GOAL = 90.0
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
PAGE = ROOT / "docs" / "mutation.md"
AREAS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "Permissions": PERMISSIONS,
    "Buttons": BUTTONS,
    "Locks": LOCKS,
    "Planning": PLANNING,
}
HEAD = """# Whether the tests notice

Written by `make mutation`. It changes one thing in a function (a comparison, a number, a word, an argument), runs \
the tests that concern the module, and expects one to fail: for the modules that decide who may do what, what a \
button does, who writes to a release and what will run. A change that no test can notice, since it means the same, \
is listed with the reason in `tests/mutation/equivalent.yaml` and does not count. Constants, and functions with a \
decorator such as properties, are not changed; words that are only logged neither. `make coverage` asks that the same \
modules have each of their branches walked.
"""
UNTRIED = "not tried yet | | |"
_ROW = re.compile(r"\| `(?P<module>[^`]+)` \| (?P<cells>\d.*?) \|\n")


@dataclass(frozen=True)
class Score:
    """How a module's tests did."""

    module: str
    mutants: int
    caught: int
    equivalent: int
    left: Sequence[Mutant] = field(default=(), compare=False)

    @classmethod
    def of(cls, module: str, mutants: Sequence[Mutant]) -> Self:
        """Count them, those left out that mean the same as what they replace."""
        same = _equivalent(module)
        left = [each for each in mutants if not each.caught and (each.was, each.becomes) not in same]
        caught = sum(each.caught for each in mutants)
        return cls(module, len(mutants), caught, len(mutants) - caught - len(left), left)

    @property
    def percent(self) -> float:
        """Of the mutants that mean something else, those that were caught."""
        meant = self.mutants - self.equivalent
        return 100 * self.caught / meant if meant else 100.0

    @property
    def cells(self) -> str:
        """The row of a table, without the name."""
        return f"{self.mutants} | {self.caught} | {self.equivalent} | {self.percent:.1f}%"


def write_page(scores: Sequence[Score]) -> None:
    """Put the new scores into the page; what was not tried now keeps its row."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    rows = {found["module"]: found["cells"] for found in _ROW.finditer(before)}
    rows |= {each.module: each.cells for each in scores}
    PAGE.write_text("\n".join([HEAD, *(_table(name, area, rows) for name, area in AREAS.items())]), "utf-8")


def _table(name: str, area: Mapping[str, Sequence[str]], rows: Mapping[str, str]) -> str:
    lines = [f"## {name}\n", "| module | mutants | caught | mean the same | score |", "|---|---|---|---|---|"]
    lines += [f"| `{each}` | {rows.get(each, UNTRIED)} |" for each in area if MODULES[each]]
    if unmutated := ", ".join(f"`{each}`" for each in area if not MODULES[each]):
        why = "only a world with a bot tries them, or nothing in them is changed"
        lines.append(f"\nNot mutated, since {why}: {unmutated}.")
    return "\n".join(lines) + "\n"


def _equivalent(module: str) -> set[tuple[str, str]]:
    listed = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {}
    return {(each["was"].strip(), each["becomes"].strip()) for each in listed.get(module, ())}
