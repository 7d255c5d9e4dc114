"""The program of a worker process: `python -m bot.helm.worker DESCRIPTOR PARENT MEMORY`.

It answers one request at a time over the socket it inherited, and dies with its parent, with its memory
limit, or by the parent's hand: a call into the Go SDK can be stopped in no other way. It writes no core
(values hold secrets) and trusts nothing that a chart says; what the answers mean is left to `client`.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys

from bot.helm import frames

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Serve until the socket closes. Arguments: inherited descriptor, parent's pid, RLIMIT_DATA in bytes."""
    descriptor, parent, memory = (int(argument) for argument in arguments)
    _die_with(parent)
    _limit(memory)
    with socket.socket(fileno=descriptor) as sock:
        _serve(sock)


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the bot ended before its Helm worker had started")


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(sock: socket.socket) -> None:
    from bot.helm import native  # after the limits: the SDK is 85 MB of code that is not ours

    while (frame := frames.receive(sock)) is not None:
        head, blob = frame
        try:
            sock.sendall(frames.pack({"result": native.perform(head, blob)}))
        except native.Failure as failure:
            sock.sendall(frames.pack({"failure": failure.kind, "words": failure.words}))
        except frames.FrameError as too_large:
            sock.sendall(frames.pack({"failure": "RenderError", "words": str(too_large)}))
        except MemoryError:
            sys.exit("out of memory")


if __name__ == "__main__":
    main(sys.argv[1:])
