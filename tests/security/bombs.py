"""YAML that grows without end once it is read, and what keeps a test from growing with it."""

import resource
import time
from typing import Any

import yaml

from tests.worlds import World

LAUGHS = "\n".join(
    ["l0: &l0 [lol, lol]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))]
)


MERGES = "\n".join(
    [
        "m0: &m0 {a: 1, b: 2}",
        *(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}]}}" for n in range(1, 12)),
    ]
)


def values_of(world: World, *files: Any, **more: Any) -> dict[str, Any]:
    apps: dict[str, Any] = yaml.safe_load(world.sandbox.configs[-1].read_text(encoding="utf-8"))["apps"]
    return {**apps, "shop": {**apps["shop"], "values": list(files), **more}}


class bounded:  # noqa: N801 - reads as a word of the test
    """What is within takes at most five seconds of the processor, and 200 MB more than there was."""

    def __enter__(self) -> None:
        self.began = time.process_time()  # however busy the machine is
        self.before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def __exit__(self, *_: object) -> None:
        assert time.process_time() - self.began < 5
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self.before < 200 << 10
