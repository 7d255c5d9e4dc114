"""Which of the builders makes an app's image."""

from __future__ import annotations

from collections.abc import Sequence

from bot.images.builders.building import Builder
from bot.images.errors import BuilderAway

AUTO = "auto"


async def choose(builders: Sequence[Builder], wanted: str) -> Builder:
    """The builder called `wanted`, or with `auto` the first that can build here.

    Raises: BuilderAway with what each of them lacks.
    """
    lacks = []
    for each in builders:
        if wanted in (AUTO, each.name):
            lack = await each.missing()
            if not lack:
                return each
            lacks.append(lack)
    raise BuilderAway(" ".join(lacks) or f"There is no builder {wanted}.")
