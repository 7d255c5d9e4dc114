"""Numbers that may be given as a share: maxSurge, maxUnavailable."""

import math


def allowance(value: int | str, total: int, *, up: bool) -> int:
    """`value` as a number of `total`: itself, or its percentage rounded up or down."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value)
