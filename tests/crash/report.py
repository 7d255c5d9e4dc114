"""The page about the last run of the matrix: docs/crash.md."""

from collections.abc import Mapping, Sequence

from tests.crash.kinds import KINDS
from tests.crash.matrix import Result
from tests.crash.points import Point, Way

_ABOUT = """# Where the bot was killed

Written by `make crash`: for each kind of work and each way in which things go wrong, at how many points that can
happen, how many of them were tried, and at how many of these a promise was not kept. What a point is, and what is
promised, is told in [CONTRIBUTING.md](../CONTRIBUTING.md), under "Dying anywhere".
"""


def page(points: Mapping[str, Sequence[Point]], results: Sequence[Result]) -> str:
    """In Markdown."""
    known = {(kind, str(point)) for kind in points for point in points[kind]}
    tried = [each for each in results if (each.kind, each.point) in known]
    lines = [
        _ABOUT,
        f"| kind | {' | '.join(Way)} | points | tried | broken |",
        "|---|" + "---|" * (len(Way) + 3),
    ]
    for kind in (each for each in KINDS if each in points):
        ways = [str(sum(point.way is way for point in points[kind])) for way in Way]
        of_kind = [each for each in tried if each.kind == kind]
        broken = sum(bool(each.broken) for each in of_kind)
        lines.append(f"| {kind} | {' | '.join(ways)} | {len(points[kind])} | {len(of_kind)} | {broken} |")
    broken_ones = [each for each in tried if each.broken]
    unmet = sum(not each.met and not each.broken for each in tried)
    lines += [
        "",
        f"{len(known)} points, {len(tried)} tried, {len(broken_ones)} with a promise that was not kept.",
    ]
    if len(tried) < len(known):
        lines += ["The run was ended before all were tried; `make crash RESUME=1` goes on with it."]
    if unmet:
        lines += [f"{unmet} runs did not come past their point, which not every run does, and ended well."]
    lines += [f"- {each.kind}, {each.met or each.point}" for each in broken_ones]
    return "\n".join(lines) + "\n"
