"""Kubernetes' quantities ("500m", "128Mi") and what a pod asks for in them."""

import re
from collections.abc import Iterable
from decimal import Decimal

from bot.sandbox.kubernetes.storage import Object

_FACTORS = {
    "": Decimal(1), "m": Decimal("0.001"), "u": Decimal("1e-6"), "n": Decimal("1e-9"),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip
_QUANTITY = re.compile(r"^(?P<number>[+-]?[\d.]+(?:[eE][+-]?\d+)?)(?P<suffix>[a-zA-Z]*)$")


def parse(quantity: str | int | float) -> Decimal:
    """A quantity in its base unit (cores, bytes, pieces).

    Raises: ValueError when it is none.
    """
    found = _QUANTITY.match(str(quantity).strip())
    if found is None or found["suffix"] not in _FACTORS:
        raise ValueError(f"not a quantity: {quantity!r}")
    return Decimal(found["number"]) * _FACTORS[found["suffix"]]


def show(resource: str, amount: Decimal) -> str:
    """An amount as the API writes it: whole milli-units, or the largest binary unit that divides it."""
    if amount != amount.to_integral_value():
        return f"{(amount * 1000).to_integral_value():f}m"
    if "memory" in resource or "storage" in resource:
        for suffix in ("Ti", "Gi", "Mi", "Ki"):
            if amount and amount % _FACTORS[suffix] == 0:
                return f"{amount / _FACTORS[suffix]:f}{suffix}"
    return f"{amount.to_integral_value():f}"


def asked_by(spec: Object, resource: str, which: str = "requests") -> Decimal:
    """How much of a resource a pod asks for: its containers' sum, or its largest init container's if more.

    A container with a limit and no request requests its limit, as the API defaults it.
    """
    main = sum((_asked(c, resource, which) for c in spec.get("containers") or ()), Decimal(0))
    inits: Iterable[Object] = spec.get("initContainers") or ()
    return max([main, *(_asked(c, resource, which) for c in inits)])


def _asked(container: Object, resource: str, which: str) -> Decimal:
    resources = container.get("resources") or {}
    asked = (resources.get(which) or {}).get(resource)
    if asked is None and which == "requests":
        asked = (resources.get("limits") or {}).get(resource)
    return parse(asked) if asked is not None else Decimal(0)
