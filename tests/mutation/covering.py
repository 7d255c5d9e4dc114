"""`make coverage`: the tests that walk every branch of what keeps the keys; fails where one is not walked."""

import subprocess
import sys
from collections.abc import Sequence

from tests.mutation.modules import COVERING, MODULES


def command(more: Sequence[str]) -> list[str]:
    """pytest on the folders concerned, `more` being its options."""
    modules = [f"--cov={each.removesuffix('.py').replace('/', '.')}" for each in MODULES]
    report = ["--cov-branch", "--cov-report=term-missing:skip-covered", "--cov-fail-under=100"]
    return [sys.executable, "-m", "pytest", "-q", "-n", "4", *modules, *report, *COVERING, *more]


if __name__ == "__main__":
    sys.exit(subprocess.run(command(sys.argv[1:]), check=False).returncode)
