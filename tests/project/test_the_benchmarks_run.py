"""The benchmarks are code that changes with the rest: quick ones are run here, for sense, not for speed."""

from bench.__main__ import BENCHES, run, table
from tests.project.places import ROOT


async def test_quick_ones_give_figures_with_units() -> None:
    rows = await run(["splitting", "operating"])
    assert {name for name, _ in rows} == {"splitting", "operating"}
    assert all(figure.shown.split()[1].startswith(("ms", "s", "µs")) for _, figure in rows)
    lines = table(rows).splitlines()
    assert len(lines) == 2 + len(rows)
    assert len({line.count("|") for line in lines}) == 1


def test_all_of_them_are_run_by_default() -> None:
    modules = {path.stem for path in (ROOT / "bench").glob("*.py")}
    assert set(BENCHES) == modules - {"__init__", "__main__", "measuring", "crowd", "watching", "sandboxed"}
