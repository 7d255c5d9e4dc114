"""Clocks that differ: certificates, tokens and the order of events depend on them. Pure."""

from datetime import datetime
from email.utils import parsedate_to_datetime

FAR = 5.0
"""Seconds that are told: an HTTP date has whole ones, and the way there takes one more."""


def server_time(header: str | None) -> datetime | None:
    """What an HTTP `Date` says; None where it says nothing."""
    try:
        return parsedate_to_datetime(header) if header else None
    except (TypeError, ValueError):
        return None


def difference(theirs: datetime | None, ours: datetime) -> str:
    """By how much our clock is wrong, if the other one is right; "" where they agree or nobody knows."""
    if theirs is None:
        return ""
    ahead = (ours - theirs).total_seconds()
    if abs(ahead) <= FAR:
        return ""
    return f"{span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"


def span(seconds: float) -> str:
    """A duration as people say it: "7 s", "3 min", "2 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
