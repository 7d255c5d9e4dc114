"""How operations look, by their kind: the templates of their message, and the buttons below it.

Kinds that are not named here change a release, and look alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.commands import build_steps, next_steps
from bot.commands.choices import Choice
from bot.config import Config
from bot.operations.build import Build, Ship
from bot.operations.push import Push
from bot.operations.view import View
from bot.permissions import Policy


@dataclass(frozen=True)
class Face:
    """The message of one kind of operation: while it runs, at its end, and the short one that rings."""

    running: str
    ended: str
    ring: str
    while_running: Callable[[View], Sequence[Choice]]
    next_steps: Callable[[View, Config], Sequence[Choice]]
    may_quote: Callable[[View, Config, Policy, int], bool]
    """Whether what others said may be told in a chat now."""


RELEASE = Face(
    running="running",
    ended="ended",
    ring="ring",
    while_running=next_steps.while_running,
    next_steps=next_steps.next_steps,
    may_quote=next_steps.may_quote,
)
IMAGE = Face(
    running="build_running",
    ended="build_ended",
    ring="build_ring",
    while_running=build_steps.while_running,
    next_steps=build_steps.next_steps,
    may_quote=build_steps.may_quote,
)

FACES = MappingProxyType({Build.kind: IMAGE, Ship.kind: IMAGE, Push.kind: IMAGE})


def face_of(view: View) -> Face:
    """How the message of an operation looks."""
    return FACES.get(view.kind, RELEASE)
