"""The figures as they were last measured, kept in a file, and the document that is made of them and of its prose.

A run of some benchmarks replaces their rows alone: the others stay, each with the day and machine it is from.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bench.measuring import Figure

HERE = Path(__file__).parent
KEPT = HERE / "measured.json"
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
PROSE = HERE / "prose.md"
REASONS = HERE / "reasons.yaml"
"""Why a goal is missed, by the figure's name."""

HEAD = ("bench", "what", "figure", "beside it", "goal", "", "")


@dataclass(frozen=True)
class Measured:
    """What one benchmark found, when and where."""

    bench: str
    figures: tuple[Figure, ...]
    date: str
    machine: str

    @classmethod
    def now(cls, bench: str, figures: Sequence[Figure]) -> "Measured":
        """Measured just now, here."""
        return cls(bench, tuple(figures), f"{datetime.now(UTC):%Y-%m-%d}", machine())


def machine() -> str:
    """What the figures hang on, without the machine's name."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{cores} cores ({_processor()}), {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def kept(path: Path = KEPT) -> dict[str, Measured]:
    """What was measured last, by benchmark."""
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {
        each["bench"]: Measured(
            each["bench"],
            tuple(Figure.from_json(figure) for figure in each["figures"]),
            each["date"],
            each["machine"],
        )
        for each in content
    }


def keep(found: Sequence[Measured], order: Sequence[str], path: Path = KEPT) -> list[Measured]:
    """Put these in the place of what was measured of the same benchmarks before; all that is known now."""
    known = kept(path) | {each.bench: each for each in found}
    rows = [known[name] for name in order if name in known]
    content = [
        {
            "bench": each.bench,
            "date": each.date,
            "machine": each.machine,
            "figures": [figure.as_json() for figure in each.figures],
        }
        for each in rows
    ]
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return rows


def table(rows: Sequence[Measured]) -> str:
    """The figures as a Markdown table."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    for each in rows:
        for figure in each.figures:
            mark = {True: "✓", False: "✗", None: ""}[figure.met]
            cells = (
                f"`{each.bench}`",
                figure.what,
                figure.shown,
                figure.compared,
                figure.aimed,
                mark,
                figure.note,
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def document(rows: Sequence[Measured], prose: str, reasons: dict[str, str]) -> str:
    """docs/benchmarks.md."""
    parts = [prose.partition("<!-- figures -->")[0].strip(), *_tables(rows)]
    missed = [figure for each in rows for figure in each.figures if figure.met is False]
    if missed:
        lines = [_missed(figure, reasons.get(figure.what, "why is not known yet.")) for figure in missed]
        parts += ["## Goals that are missed", "\n".join(lines)]
    parts.append(prose.partition("<!-- figures -->")[2].strip())
    return "\n\n".join(parts) + "\n"


def _missed(figure: Figure, reason: str) -> str:
    beside = f", {figure.compared}" if figure.goal and figure.goal.is_ratio else ""
    return f"- **{figure.what}** ({figure.shown}{beside}; goal {figure.aimed}): {reason}"


def _tables(rows: Sequence[Measured]) -> list[str]:
    """One for each day and machine, the newest first."""
    runs = sorted({(each.date, each.machine) for each in rows}, reverse=True)
    parts = []
    for date, place in runs:
        parts.append(f"Measured on {date}, {place}:")
        parts.append(table([each for each in rows if (each.date, each.machine) == (date, place)]))
    return parts


def write(rows: Sequence[Measured]) -> None:
    """Write the document."""
    DOCUMENT.write_text(written(rows), encoding="utf-8")


def written(rows: Sequence[Measured]) -> str:
    """The document's text."""
    reasons = yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {}
    return document(rows, PROSE.read_text(encoding="utf-8"), reasons)
