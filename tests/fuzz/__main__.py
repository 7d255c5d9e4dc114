"""Try ever new examples for ten minutes: `python -m tests.fuzz [SECONDS]`. Ends at the first that fails."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.making import ASKED

SECONDS = 600.0
EXAMPLES = 100
"""In a round, of each test. What is tried is remembered so that nothing is tried twice, and a round is a process."""
LONGEST = 1800
"""Seconds of one test in a round, however busy the machine is; an example that computes without end is ended sooner."""
MEMORY = 2 << 30
"""Bytes that a round may take: what needs more grows without end."""


def round_of(number: int) -> int:
    """One round in a process of its own; its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--timeout={LONGEST}", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"--hypothesis-seed={number}", str(Path(__file__).parent)],
        env={**os.environ, ASKED: str(EXAMPLES)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)),
        check=False,
    ).returncode


def main() -> int:
    """Rounds until the time is over; the exit code of the one that failed, or 0."""
    until = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else SECONDS)
    began = number = time.time_ns() // 1_000_000_000
    while time.monotonic() < until:
        if failed := round_of(number):
            sys.stderr.write(f"Seed {number} found something\n")
            return failed
        number += 1
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    sys.stdout.write(
        f"{number - began} rounds of {EXAMPLES} examples of each test: nothing found, {most} MiB at most\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
