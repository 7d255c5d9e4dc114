"""How long something is to last, as people end a sentence: `… for 2h`, `… until 16:00`. Pure."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.planning.errors import PlanRefused

LONGEST = timedelta(days=30)
"""A hold for longer than this was forgotten, or is one for the configuration."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_END = re.compile(
    r"(?:^|\s)(?:for\s+(?P<count>\d{1,6})\s?(?P<unit>s|m|h|d)\w{0,6}|until\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))[.,]?$",
    re.ASCII | re.IGNORECASE,
)


def cut_span(text: str, now: datetime, zone: ZoneInfo) -> tuple[str, datetime | None]:
    """The text without its end, and when that is; None where it names none. A time of day is the next one.

    Raises: PlanRefused when it is too far away or no time of day.
    """
    found = _END.search(text)
    if found is None:
        return text, None
    rest = text[: found.start()].rstrip(" ,;:-–—")
    if found["count"] is not None:
        span = timedelta(seconds=int(found["count"]) * _UNITS[found["unit"].lower()])
        if not timedelta() < span <= LONGEST:
            raise PlanRefused("A lock lasts 30 days at most", advice="For example: for 2h")
        return rest, now + span
    if int(found["hour"]) > 23 or int(found["minute"]) > 59:
        raise PlanRefused(f"{found['hour']}:{found['minute']} is no time", advice="For example: until 16:00")
    local = now.astimezone(zone)
    at = local.replace(hour=int(found["hour"]), minute=int(found["minute"]), second=0, microsecond=0)
    return rest, at if at > local else at + timedelta(days=1)
