"""What the machine that the bot runs on can run, by the names that images have for platforms (`linux/arm64`)."""

from __future__ import annotations

import platform as machine

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm/v7", "i686": "386"}
"""What machines call themselves, and what images call them (Go's names)."""


def this_platform() -> str:
    """That of this machine."""
    name = machine.machine()
    return f"linux/{_ARCHITECTURES.get(name, name)}"


def is_foreign(platform: str) -> bool:
    """Whether its programs are made for other machines than this one, whatever the variant; "" is this one's."""
    return platform != "" and platform.split("/")[:2] != this_platform().split("/")[:2]
