"""What a pod asks for in Kubernetes' quantities ("500m", "128Mi"), and how a quota writes amounts."""

from collections.abc import Iterable
from decimal import Decimal

from bot.sandbox.kubernetes.quantities import parse
from bot.sandbox.kubernetes.storage import Object

_BINARY = {suffix: parse(f"1{suffix}") for suffix in ("Ti", "Gi", "Mi", "Ki")}


def show(resource: str, amount: Decimal) -> str:
    """An amount as the API writes it: whole milli-units, or the largest binary unit that divides it."""
    if amount != amount.to_integral_value():
        return f"{(amount * 1000).to_integral_value():f}m"
    if "memory" in resource or "storage" in resource:
        for suffix, factor in _BINARY.items():
            if amount and amount % factor == 0:
                return f"{amount / factor:f}{suffix}"
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
