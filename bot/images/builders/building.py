"""What a builder is asked, and what it tells: one small protocol for all of them.

To add a builder: one module here with a class that has these methods, and its name in `choosing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.events import BuilderChosen, BuildStep, BuildWords, Pushed
from bot.images.access import Account
from bot.images.errors import BuildFailed
from bot.images.wording import one_line

BuildEvent = BuilderChosen | BuildStep | BuildWords | Pushed
Tell = Callable[[BuildEvent], None]


@dataclass(frozen=True)
class RegistryLogin:
    """How a registry is spoken to by a builder: a host as image references have it, and who we are there."""

    host: str
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    plain_http: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True)
class Origin:
    """Where a commit's files come from, for a builder that fetches them itself."""

    url: str
    """Of the repository, without credentials."""
    sha: str
    path: str = "."
    """The folder in it whose files the instructions see."""
    account: Account | None = None


@dataclass(frozen=True)
class BuildRequest:
    """One image to be made."""

    build: str
    """Its id, which it keeps when it is begun again."""
    origin: Origin
    context: Path
    """The folder whose files the instructions see."""
    dockerfile: Path
    """Within `context`."""
    image: str
    """What it is pushed as: `registry.example.org/team/shop:main-3f2a9c1b`."""
    room: Path
    """A folder of this build's own, for a builder's files: it is removed with the build."""
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the id that `RUN --mount=type=secret,id=…` names."""
    labels: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    logins: tuple[RegistryLogin, ...] = ()
    again: bool = False
    """Whether nothing may be taken from the cache."""


class Builder(Protocol):
    """Makes an image and pushes it."""

    name: str

    async def missing(self) -> str:
        """Why it can't build here, as a sentence that says what to do; "" when it can."""

    async def goes_on(self, build: str) -> bool:
        """Whether what a bot that died began of this build is still there, and is followed further by `build`.

        Raises: BuilderAway.
        """

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        """Build and push; the digest of what was pushed ("sha256:…"). A cancel ends everything that was started.

        Raises: BuildFailed, BuilderAway.
        """

    async def trim(self, most: int) -> None:
        """Keep the cache below `most` bytes, oldest first out. Raises: BuilderAway."""


def out_of_time(seconds: float) -> BuildFailed:
    """A build was ended because it took longer than that."""
    return BuildFailed(f"It took longer than {seconds / 60:.0f} min", advice="Raise builds.timeout")


def no_such_program(instruction: str) -> BuildFailed:
    """What an instruction runs is not in the image."""
    return BuildFailed(
        "The image has no such program", instruction=instruction, advice="Is there a shell in it?"
    )


def no_program_here(instruction: str, platform: str = "") -> BuildFailed:
    """What an instruction runs is a script without its first line, or was made for another architecture.

    `platform` is the one that is built for, where the machine that builds is known to be of another.
    """
    if platform:
        return BuildFailed(
            f"The bot's machine can't run programs of {one_line(platform, longest=40)}",
            instruction=instruction,
            advice="Install qemu-user-static there, or do without RUN",
        )
    return BuildFailed("What it runs is no program for this machine", instruction=instruction)
