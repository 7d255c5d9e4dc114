"""`python -m tests.buildkit build`: build the daemon and its client."""

import sys

from tests.buildkit.building import PROGRAMS
from tests.go_programs import Unavailable, say


def main(words: list[str]) -> int:
    """Do what the words of the command line say; the exit code."""
    if words != ["build"]:
        say(__doc__ or "")
        return 2
    try:
        PROGRAMS.build(say)
    except Unavailable as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
