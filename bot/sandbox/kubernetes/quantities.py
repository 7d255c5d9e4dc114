"""Kubernetes' quantities ("500m", "128Mi"): their values, how the API writes them, what a pod asks for in them."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

Object = dict[str, Any]

_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_BINARY = {10: "Ki", 20: "Mi", 30: "Gi", 40: "Ti", 50: "Pi", 60: "Ei"}
_FACTORS = {suffix: Decimal(10) ** power for power, suffix in _DECIMAL.items()} | {
    suffix: Decimal(2**power) for power, suffix in _BINARY.items()
}
_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<power>[eE][+-]?\d+)?(?P<suffix>[a-zA-Z]*)")


def parse(quantity: str | int | float) -> Decimal:
    """A quantity in its base unit (cores, bytes, pieces).

    Raises: ValueError when it is none.
    """
    return _parsed(quantity)[0]


def canonical(quantity: str | int | float) -> str:
    """The quantity as the API writes it: whole, with the largest unit of its own sort that divides it.

    Raises: ValueError when it is none.
    """
    value, power, suffix = _parsed(quantity)
    if suffix in _BINARY.values() and value == value.to_integral_value() and abs(value) >= 1024:
        return next(
            f"{int(value / 2**binary)}{unit}"
            for binary, unit in [*reversed(_BINARY.items()), (0, "")]
            if value % 2**binary == 0
        )
    if not value:
        return "0"
    exact = (p for p in reversed(_DECIMAL) if value % Decimal(10) ** p == 0)
    exponent = next(exact, min(_DECIMAL))
    whole = f"{(value / Decimal(10) ** exponent).to_integral_value():f}"
    unit = _DECIMAL[exponent] if not power else f"e{exponent}" if exponent else ""
    return whole + unit


def _parsed(quantity: str | int | float) -> tuple[Decimal, str, str]:
    found = _QUANTITY.fullmatch(str(quantity))
    if found is None or found["suffix"] not in _FACTORS or (found["power"] and found["suffix"]):
        raise ValueError(f"not a quantity: {quantity!r}")
    number = Decimal(found["number"] + (found["power"] or ""))
    return number * _FACTORS[found["suffix"]], found["power"] or "", found["suffix"]


def show(resource: str, amount: Decimal) -> str:
    """An amount as the API writes it: whole milli-units, or the largest binary unit that divides it."""
    if amount != amount.to_integral_value():
        return f"{(amount * 1000).to_integral_value():f}m"
    if "memory" in resource or "storage" in resource:
        for power, suffix in reversed(_BINARY.items()):
            if amount and amount % 2**power == 0:
                return f"{int(amount / 2**power)}{suffix}"
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
