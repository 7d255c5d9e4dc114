"""The benchmarks are code that changes with the rest: quick ones are run here, for sense, not for speed."""

from pathlib import Path

import pytest
import yaml

from bench import reporting
from bench.__main__ import BENCHES, run
from bench.measuring import Figure, Goal
from bench.reporting import Measured
from tests.project.places import ROOT, text


async def test_a_quick_one_gives_figures_with_units() -> None:
    found, failed = await run(["splitting"])
    assert failed == []
    assert all(
        figure.shown.split()[1].startswith(("ms", "s", "µs")) for each in found for figure in each.figures
    )
    lines = reporting.table(found).splitlines()
    assert len(lines) == 2 + sum(len(each.figures) for each in found)
    assert len({line.count("|") for line in lines}) == 1


async def test_one_that_fails_does_not_keep_the_others_from_being_measured() -> None:
    found, failed = await run(["none of that name", "splitting"])
    assert failed == ["none of that name"]
    assert [each.bench for each in found] == ["splitting"]


def test_all_of_them_are_run_by_default() -> None:
    modules = {path.stem for path in (ROOT / "bench").glob("*.py") if "def measure(" in path.read_text()}
    assert set(BENCHES) == modules


def test_a_run_of_some_keeps_what_others_found_before(tmp_path: Path) -> None:
    kept = tmp_path / "measured.json"
    earlier = [Measured(name, (Figure("sleep", 1.0, "s"),), "2026-01-01", "a machine") for name in ("a", "b")]
    reporting.keep(earlier, ("a", "b"), kept)
    later = Measured(
        "b", (Figure("sleep", 3.0, "s", beside=("a cat", 2.0), goal=Goal(times=1.3)),), "2026-02-02", "x"
    )
    assert reporting.keep([later], ("a", "b"), kept) == [earlier[0], later]


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(most=2), True),
        (Goal(most=1), False),
        (Goal(least=2), True),
        (Goal(least=3), False),
        (Goal(times=0.5), True),
        (Goal(times=0.4), False),
        (Goal(least_times=0.5), True),
        (Goal(least_times=0.6), False),
    ],
    ids=str,
)
def test_a_goal_is_met_at_its_number(goal: Goal, met: bool) -> None:
    assert Figure("sleep", 2.0, "s", beside=("a cat", 4.0), goal=goal).met is met


def test_the_document_is_what_was_measured() -> None:
    assert text("docs/benchmarks.md") == reporting.written(list(reporting.kept().values()))


def test_every_goal_that_is_missed_has_its_reason() -> None:
    reasons = yaml.safe_load(text("bench/reasons.yaml"))
    missed = {
        figure.what for each in reporting.kept().values() for figure in each.figures if figure.met is False
    }
    assert missed - set(reasons) == set()
