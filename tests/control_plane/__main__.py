"""`python -m tests.control_plane build | start [FOLDER]`: build its programs, or keep one running."""

import signal
import sys
import tempfile
from pathlib import Path

from tests.control_plane.building import build
from tests.control_plane.running import control_plane
from tests.daemons import DidNotStart
from tests.go_programs import Unavailable, say


def main(words: list[str]) -> int:
    """Do what the words of the command line say; the exit code."""
    try:
        match words:
            case ["build"]:
                print(next(iter(build(say).values())).parent)
            case ["start", *folder] if len(folder) < 2:
                start(Path(*folder) if folder else Path(tempfile.mkdtemp(prefix="pilothouse-plane-")))
            case _:
                say(__doc__ or "")
                return 2
    except (Unavailable, DidNotStart) as error:
        say(str(error))
        return 1
    return 0


def start(folder: Path) -> None:
    """Keep a control plane running in `folder` until a signal comes."""
    with control_plane(build(say), folder.resolve()) as plane:
        print(f"export KUBECONFIG={plane.kubeconfig}", flush=True)
        say("Ctrl-C stops it")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
