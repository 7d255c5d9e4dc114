"""What the API server would do with a plan, as far as a dry run tells: refusals, fields of others, warnings. Pure.

Whoever reads it decides what may still be confirmed; asking is left to bot.planning.trying.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CONTAINER = re.compile(r'(?:init)?containers\[name="([^"]+)"\]\.(.+)', re.IGNORECASE)

LONGEST = 40
"""Characters of a field's name in a line."""


@dataclass(frozen=True)
class Refusal:
    """What the API server would not take."""

    what: str
    """Such as "Deployment shop", or "3 objects"."""
    words: str
    advice: str = ""
    quote: str = ""
    heals: bool = False
    """Whether it may be over by the time that the plan runs: it is told, and keeps nobody from confirming."""

    @property
    def sentence(self) -> str:
        """Both in one line."""
        return f"{self.what}: {self.words}"


@dataclass(frozen=True)
class Contest:
    """A field that somebody else keeps at another value than the plan wants."""

    what: str
    """Such as "Deployment shop"."""
    field: str
    """As the server writes it: ".spec.replicas"."""
    manager: str
    live: str = ""
    """What it is now, and what is wanted; "" where such values are not shown."""
    wanted: str = ""

    @property
    def id(self) -> str:
        """By which a person's yes to it is known again; the value may change meanwhile."""
        return f"{self.what} {self.field} {self.manager}"

    @property
    def name(self) -> str:
        """The field as people say it: "replicas", "image of web"."""
        bare = self.field.removeprefix(".").removeprefix("spec.template.spec.").removeprefix("spec.")
        found = _CONTAINER.fullmatch(bare)
        said = f"{found[2]} of {found[1]}" if found is not None else bare
        return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"

    def sentence(self, doing: str) -> str:
        """Who keeps what, and what `doing` ("deploy") wants instead."""
        are = "are" if self.name == "replicas" else "is"
        now = f" ({self.live})" if self.live else ""
        wants = f"this {doing} wants {self.wanted}" if self.wanted else f"this {doing} wants it otherwise"
        return f"{self.what}: {self.name} {are} kept by {self.manager}{now}, {wants}"


@dataclass(frozen=True)
class Autoscaled:
    """A workload whose replicas an autoscaler sets, and the chart as well: they stay as the autoscaler has them."""

    api_version: str
    kind: str
    namespace: str
    name: str
    replicas: int
    wanted: int
    """What the chart says."""

    @property
    def sentence(self) -> str:
        """That they stay, and what would end the disagreement."""
        return (
            f"{self.kind} {self.name}: replicas stay at {self.replicas}, as its autoscaler set them. "
            f"The chart says {self.wanted}: leave replicas out of it"
        )


@dataclass(frozen=True)
class Trial:
    """All that was found."""

    refusals: tuple[Refusal, ...] = ()
    contests: tuple[Contest, ...] = ()
    autoscaled: tuple[Autoscaled, ...] = ()
    warnings: tuple[str, ...] = ()
    """What would be taken, and is told all the same."""
    untried: str = ""
    """Why not everything could be tried."""
    by_server: bool = True
    """Whether the server merges, and knows of conflicts; otherwise Helm does, and writes over whatever is there."""

    @property
    def is_refused(self) -> bool:
        """Whether it would fail for certain."""
        return any(not each.heals for each in self.refusals)

    @property
    def remarks(self) -> list[str]:
        """What keeps nobody from confirming, in words."""
        return [
            *(each.sentence for each in self.autoscaled),
            *self.warnings,
            *filter(None, [self.untried]),
        ]

    def beyond(self, taken: Iterable[str]) -> tuple[Contest, ...]:
        """The contested fields that nobody has agreed to take over; `taken` are ids."""
        agreed = frozenset(taken)
        return tuple(each for each in self.contests if each.id not in agreed)


def grouped(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Refusals of the same words as one, in their order: twenty objects may lack the same namespace."""
    found: dict[tuple[str, str], list[Refusal]] = {}
    for each in refusals:
        found.setdefault((each.words, each.advice), []).append(each)
    return tuple(
        same[0]
        if len(same) == 1
        else Refusal(f"{same[0].what} and {len(same) - 1} more", words, advice, same[0].quote, same[0].heals)
        for (words, advice), same in found.items()
    )
