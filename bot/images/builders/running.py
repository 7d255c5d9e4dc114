"""A builder's program at work on one image: followed to its end, and what keeps it from that, in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from bot import programs
from bot.images.builders.building import BuildRequest, out_of_time
from bot.images.errors import BuilderAway
from bot.programs import OutOfTime


async def follow(
    *command: str,
    named: str,
    request: BuildRequest,
    environment: Mapping[str, str],
    seconds: float,
    tell: Callable[[Sequence[str]], None],
    inherits: Collection[int],
) -> int:
    """Run the command of a builder in the build's room, and `tell` its lines as they come; its exit status.

    `named` is what people know the builder's program by.
    Raises: BuildFailed when it takes longer than `seconds`, BuilderAway when it cannot be run.
    """
    try:
        return await programs.follow(
            *command,
            environment=environment,
            seconds=seconds,
            folder=request.room,
            tell=tell,
            inherits=inherits,
        )
    except OutOfTime:
        raise out_of_time(seconds) from None
    except OSError as error:
        raise BuilderAway(f"{named} cannot be run on this machine: {error.strerror}.") from error
