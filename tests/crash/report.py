"""The page about the last whole run of the matrix: docs/crash.md."""

from collections.abc import Sequence

from tests.crash.kinds import KINDS
from tests.crash.matrix import Result
from tests.crash.points import Point, Way

_ABOUT = """# Where the bot was killed

Written by `make crash`: for each kind of work and each way in which things go wrong, at how many points that was
tried, and at how many of them a promise was not kept. What a point is, and what is promised, is told in
[CONTRIBUTING.md](../CONTRIBUTING.md), under "Dying anywhere".
"""


def page(results: Sequence[Result]) -> str:
    """In Markdown."""
    tried = [each for each in results if each.point]
    lines = [_ABOUT, f"| kind | {' | '.join(Way)} | points |", "|---|" + "---|" * (len(Way) + 1)]
    for kind in KINDS:
        of_kind = [each for each in tried if each.kind == kind]
        cells = [_cell([each for each in of_kind if Point.of(each.point).way is way]) for way in Way]
        lines.append(f"| {kind} | {' | '.join(cells)} | {len(of_kind)} |")
    unmet = sum(not each.met for each in tried)
    broken = [each for each in tried if each.broken]
    lines += ["", f"{len(tried)} runs, {len(broken)} with a promise that was not kept."]
    lines += (
        [f"{unmet} of them did not come past their point: some are not passed in each run."] if unmet else []
    )
    lines += [f"- {each.kind}: {each.met or each.point}" for each in broken]
    return "\n".join(lines) + "\n"


def _cell(results: Sequence[Result]) -> str:
    broken = sum(bool(each.broken) for each in results)
    return f"{len(results)}, **{broken} broken**" if broken else str(len(results) or "")
