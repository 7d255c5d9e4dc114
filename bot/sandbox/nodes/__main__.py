"""`python -m bot.sandbox.nodes`: plays the nodes of a control plane until SIGINT or SIGTERM.

Images behave as their tags end: `-crash`, `-oom`, `-slow`, `-broken`; those that end in `-missing` do not exist.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from bot.sandbox.kubernetes.behaviour import Pace, behaviour_by_tag, exists_by_tag
from bot.sandbox.nodes.playing import NAMES, PlayedNodes


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.nodes", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--context", help="default: the current one")
    parser.add_argument("--name", action="append", help="of a node; give several for several")
    parser.add_argument("--address", default="127.0.0.1", help="where the API server reaches the kubelets")
    parser.add_argument("--taint", action="append", default=[], help="only pods that tolerate this key")
    parser.add_argument("--instant", action="store_true", help="pods become ready at once")
    asyncio.run(_play(parser.parse_args()))


async def _play(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    names = options.name or NAMES
    nodes = PlayedNodes(
        options.kubeconfig,
        context=options.context,
        names=names,
        address=options.address,
        behaviour=behaviour_by_tag,
        image_exists=exists_by_tag,
        taints=[{"key": key, "effect": "NoSchedule"} for key in options.taint],
        pace=Pace.instant() if options.instant else None,
    )
    async with nodes:
        print(f"The nodes {', '.join(names)} are ready.", flush=True)  # noqa: T201 - a command's answer
        await stop.wait()


if __name__ == "__main__":
    main()
