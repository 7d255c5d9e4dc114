"""Where an object in the cluster is not what its release's manifest says, field by field. Pure.

Only what the manifest says counts, since the server fills in the rest; and what is there beyond it counts where a
hand wrote it, as far as `managedFields` tells. Fields that the release itself wrote are as it wrote them, however
the server spells them now. What that means in words is bot.planning.drift's.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.masking import LAST_APPLIED
from bot.planning.authorship import KEY_DEFAULTS, Owners
from bot.planning.differences import MISSING, FieldChange, Path, merge_key
from bot.planning.manifests import Object

NOT_COMPARED = frozenset({"apiVersion", "kind", "status"})

OF_METADATA = frozenset({"labels", "annotations", "finalizers"})
"""What of an object's own metadata people set; the rest is the server's."""

BOOKKEEPING = re.compile(
    r"meta\.helm\.sh/|helm\.sh/chart$|app\.kubernetes\.io/managed-by$|kubectl\.kubernetes\.io/restartedAt$"
    r"|deployment\.kubernetes\.io/|kubernetes\.io/change-cause$|autoscaling\.alpha\.kubernetes\.io/"
    rf"|{re.escape(LAST_APPLIED)}$"
)
"""Labels and annotations by which Helm, kubectl and controllers keep their books; a restart is one of them."""

FREE = frozenset({"labels", "annotations", "data", "binaryData", "env"})
"""Below these a text is a text: `1` and `1000m` are not the same there."""

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(m|u|n|[kMGTPE]|[KMGTPE]i)?)")
_SUFFIXES = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1)}
_SUFFIXES |= {sign: Decimal(1000) ** power for power, sign in enumerate("kMGTPE", 1)}
_SUFFIXES |= {f"{sign}i": Decimal(1024) ** power for power, sign in enumerate("KMGTPE", 1)}
"""Of Kubernetes' resource quantities."""


@dataclass(frozen=True)
class Stray:
    """One field: what the manifest says of it (`old`), what it is now (`new`), and what will be wanted of it."""

    change: FieldChange
    wanted: Any
    """`MISSING` where the manifest to come does not say."""
    owners: Owners

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.change.path


def strays(said: Object, live: Object, wanted: Object | None) -> Iterator[Stray]:
    """What differs between a manifest and the object; `wanted` is the manifest that comes next, if it has one."""
    said, live = spelled_out(said), spelled_out(live)
    then = spelled_out(wanted) if wanted is not None else {}
    owners = Owners.of(live)
    yield from _mapping(_compared(said), _compared(live), _compared(then), owners, ())


def spelled_out(item: Object) -> Object:
    """The object with a Secret's `stringData` where the server keeps it."""
    texts = item.get("stringData")
    if item.get("kind") != "Secret" or not isinstance(texts, Mapping):
        return item
    packed = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in item.items() if key != "stringData"}
    return {**rest, "data": {**(item.get("data") or {}), **packed}}


def alike(one: Any, other: Any, path: Path = ()) -> bool:
    """Whether two values are the same to the server: `80` and `"80"`, `1` and `1000m`, nothing and empty."""
    if one is MISSING or other is MISSING:
        return _is_empty(one) and _is_empty(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other or (isinstance(one, str | bool) and str(one).lower() == str(other).lower())
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return bool(one == other)
    if one == other or str(one) == str(other):
        return True
    if FREE.intersection(path):
        return False
    first, second = quantity(one), quantity(other)
    return first is not None and first == second


def quantity(value: Any) -> Decimal | None:
    """The number that a resource quantity stands for; None for what is none."""
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    return Decimal(f"{number}{exponent or ''}") * _SUFFIXES[suffix or ""]


def covers(live: Any, said: Any, path: Path = ()) -> bool:
    """Whether a value has all that is said of it; what it has beyond that the server may have filled in."""
    if isinstance(said, Mapping) and isinstance(live, Mapping):
        return all(covers(live.get(name, MISSING), value, (*path, name)) for name, value in said.items())
    if isinstance(said, list) and isinstance(live, list):
        return len(said) == len(live) and all(
            covers(there, item, path) for there, item in zip(live, said, strict=True)
        )
    return said is None or alike(said, live, path)


def _compared(item: Object) -> Object:
    kept = {name: value for name, value in item.items() if name not in NOT_COMPARED}
    metadata = item.get("metadata") or {}
    kept["metadata"] = {name: value for name, value in metadata.items() if name in OF_METADATA}
    return kept


def _walk(said: Any, live: Any, wanted: Any, owners: Owners, path: Path) -> Iterator[Stray]:
    if isinstance(said, Mapping) and isinstance(live, Mapping):
        yield from _mapping(said, live, wanted, owners, path)
    elif isinstance(said, list) and isinstance(live, list):
        yield from _list(said, live, wanted, owners, path)
    elif said is not None and not alike(said, live, path):
        yield from _stray(said, live, wanted, owners, path)


def _stray(said: Any, live: Any, wanted: Any, owners: Owners, path: Path) -> Iterator[Stray]:
    """What only the release has written is as the release wrote it."""
    if live is MISSING or not owners.writers or owners.others:
        yield Stray(FieldChange(path, said, live), wanted, owners)


def _mapping(
    said: Mapping[str, Any], live: Mapping[str, Any], wanted: Any, owners: Owners, path: Path
) -> Iterator[Stray]:
    for name, value in said.items():
        if not _is_bookkeeping(path, name):
            there = live.get(name, MISSING)
            yield from _walk(value, there, _at(wanted, name), owners.field(name), (*path, str(name)))
    for name, value in live.items():
        if name not in said and not _is_bookkeeping(path, name):
            yield from _added(value, _at(wanted, name), owners.field(name), (*path, str(name)))


def _list(said: list[Any], live: list[Any], wanted: Any, owners: Owners, path: Path) -> Iterator[Stray]:
    keys = owners.keys
    if not keys and not owners.writers and (key := merge_key([*said, *live])) is not None:
        keys = (key,)
    if keys and all(isinstance(item, Mapping) for item in (*said, *live)):
        yield from _keyed(said, live, wanted, owners, path, keys)
    elif owners.is_set:
        yield from _set(said, live, wanted, owners, path)
    elif not covers(live, said, path):
        yield from _stray(said, live, wanted, owners, path)


def _keyed(
    said: list[Any], live: list[Any], wanted: Any, owners: Owners, path: Path, keys: tuple[str, ...]
) -> Iterator[Stray]:
    """Items by their keys, whatever their order."""
    then = _by(keys, wanted)
    there = _by(keys, live)
    for key, item in _by(keys, said).items():
        found = there.get(key, MISSING)
        place = (*path, _name(item, keys))
        owned = owners.item(item if found is MISSING else found)
        yield from _walk(item, found, then.get(key, MISSING), owned, place)
    for key, item in there.items():
        if key not in _by(keys, said):
            yield from _added(item, then.get(key, MISSING), owners.item(item), (*path, _name(item, keys)))


def _set(said: list[Any], live: list[Any], wanted: Any, owners: Owners, path: Path) -> Iterator[Stray]:
    then = wanted if isinstance(wanted, list) else []
    for value in dict.fromkeys([*said, *live]):
        place, will = (*path, str(value)), value if value in then else MISSING
        if value not in live:
            yield Stray(FieldChange(place, value, MISSING), will, owners.member(value))
        elif value not in said:
            yield from _added(value, will, owners.member(value), place)


def _added(live: Any, wanted: Any, owners: Owners, path: Path) -> Iterator[Stray]:
    """What a hand put there, as deep down as it is owned; an item that it added is told as one."""
    if not owners.hands:
        return
    parted = owners.is_parted and not (owners.itself and owners.field("name").hands)
    if parted and isinstance(live, Mapping):
        for name, value in live.items():
            if not _is_bookkeeping(path, name):
                yield from _added(value, _at(wanted, name), owners.field(name), (*path, str(name)))
    elif parted and isinstance(live, list) and owners.keys:
        then = _by(owners.keys, wanted)
        for key, item in _by(owners.keys, live).items():
            place = (*path, _name(item, owners.keys))
            yield from _added(item, then.get(key, MISSING), owners.item(item), place)
    else:
        yield Stray(FieldChange(path, MISSING, live), wanted, owners)


def _is_bookkeeping(path: Path, name: str) -> bool:
    return path[-2:-1] == ("metadata",) and bool(BOOKKEEPING.match(name))


def _at(item: Any, name: str) -> Any:
    return item.get(name, MISSING) if isinstance(item, Mapping) else MISSING


def _by(keys: tuple[str, ...], items: Any) -> dict[tuple[str, ...], Any]:
    if not isinstance(items, Sequence) or isinstance(items, str):
        return {}
    listed = [item for item in items if isinstance(item, Mapping)]
    return {tuple(str(item.get(key, KEY_DEFAULTS.get(key))) for key in keys): item for item in listed}


def _name(item: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return str(item.get("name") or item.get(keys[0]))


def _is_empty(value: Any) -> bool:
    """Whether the server keeps nothing of it: most of its fields leave out what is zero."""
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return value is MISSING or not value
