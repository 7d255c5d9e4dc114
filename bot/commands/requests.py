"""What a person asked for, as the buttons of its plan carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.planning.plan import PlanKind

EXPIRY = timedelta(minutes=5)
"""How long a plan may be confirmed: long enough to read it, short enough that it is still true."""

TITLES: Mapping[PlanKind, str] = {
    "deploy": "Plan",
    "rollback": "Roll back",
    "uninstall": "Uninstall",
    "restart": "Restart",
}
CONFIRMING = tuple(f"{kind}.go" for kind in TITLES)
"""The buttons that confirm plans: of several plans of one person for one release the newest alone has them."""


@dataclass(frozen=True)
class Request:
    """What a person asked for: enough to plan it again."""

    kind: PlanKind
    app: str
    environment: str
    version: str = ""
    revision: int | None = None
    stops: str = ""
    """The id of the deploy that a rollback stops first."""
    sets: Sequence[Sequence[str]] = field(default_factory=tuple)
    takes: Sequence[str] = ()
    """The fields that others keep and that are taken over, by their ids (`Contest.id`)."""
