"""Schedules of CronJobs: five fields or a name such as `@daily`, in a time zone."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""What short names stand for; `@every 1h`, which Kubernetes takes as well, is not understood here."""


class NoSchedule(ValueError):
    """The words are no schedule; the text says why."""


def check(schedule: str) -> None:
    """Raises: NoSchedule."""
    _simulated(schedule, "", datetime.now(UTC))


def following(schedule: str, zone: str, now: datetime) -> datetime:
    """The first time after `now` at which the schedule is due; an empty `zone` is UTC.

    Raises: NoSchedule.
    """
    return next(_simulated(schedule, zone, now))


def latest(schedule: str, zone: str, since: datetime, now: datetime) -> datetime | None:
    """The last time after `since`, `now` included, at which it was due; None when there was none.

    Raises: NoSchedule.
    """
    found = next(_simulated(schedule, zone, now + timedelta(seconds=1), back=True))
    return found if found > since else None


def missed(schedule: str, zone: str, since: datetime, now: datetime, most: int) -> int:
    """How often it was due after `since` up to `now`, counted up to `most`.

    Raises: NoSchedule.
    """
    times = takewhile(now.__ge__, _simulated(schedule, zone, since))
    return sum(1 for _ in islice(times, most))


def _simulated(schedule: str, zone: str, at: datetime, *, back: bool = False) -> CronSim:
    fields = NAMED.get(schedule, schedule)
    if fields.startswith("@"):
        raise NoSchedule(f"unrecognized descriptor: {schedule}")
    if len(fields.split()) != 5:
        raise NoSchedule(f"expected exactly 5 fields, found {len(fields.split())}: [{fields}]")
    try:
        return CronSim(fields, at.astimezone(ZoneInfo(zone or "UTC")), reverse=back)
    except CronSimError as error:
        raise NoSchedule(str(error)) from error
