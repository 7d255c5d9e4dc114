"""Objects as sets of fields, the way server-side apply sees them.

A field's path is a tuple of elements as `managedFields` writes them: `f:spec`, `k:{"name":"web"}` for the
item of a keyed list, `v:"x"` for the member of a set. Which lists are keyed, sets or single values is read
from the schema. Follows kubernetes-sigs/structured-merge-diff; what it leaves to others is who owns what
(applying.py).
"""

import json
from collections.abc import Iterator
from typing import Any, Literal

from bot.sandbox.kubernetes.schemas import Schema, Schemas

Object = dict[str, Any]
Path = tuple[str, ...]
Flat = dict[Path, Any]
Shape = Literal["leaf", "map", "keyed", "set"]

PRESENT = "(present)"
"""The value of what is owned beside its parts, as a keyed item is: that it exists."""

UNOWNED = frozenset(
    {("f:apiVersion",), ("f:kind",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in (
            [
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            ]
        )
    }
)
"""Fields that nobody owns."""

KEY_DEFAULTS = {"protocol": "TCP"}
"""Keys of list items that may be left out, and what they then are."""


def shape(schema: Schema, value: Any) -> Shape:
    """How a value of that resolved schema is owned and merged."""
    if isinstance(value, dict):
        return "leaf" if schema.get("x-kubernetes-map-type") == "atomic" else "map"
    if isinstance(value, list):
        kind = schema.get("x-kubernetes-list-type")
        if kind == "map" and all(isinstance(item, dict) for item in value):
            return "keyed"
        return "set" if kind == "set" else "leaf"
    return "leaf"


def item_key(schema: Schema, item: Object) -> str:
    """The path element of a keyed list's item; `schema` is the list's."""
    names = sorted(schema.get("x-kubernetes-list-map-keys", ()))
    keys = {name: item.get(name, KEY_DEFAULTS.get(name)) for name in names}
    return "k:" + canonical({name: value for name, value in keys.items() if value is not None})


def canonical(value: Any) -> str:
    """JSON that is equal for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def flatten(schemas: Schemas, schema: Schema, value: Any, *, nodes: bool = False) -> Flat:
    """Every owned field of an object with its value; items of keyed lists also as themselves.

    With `nodes` so are all maps and lists that are not owned as a whole, as writes other than apply see it.
    """
    found = _leaves(schemas, schema, value, (), nodes)
    return {path: leaf for path, leaf in found if path and path not in UNOWNED}


def _leaves(
    schemas: Schemas, schema: Schema, value: Any, path: Path, nodes: bool
) -> Iterator[tuple[Path, Any]]:
    kind = shape(schema, value)
    if nodes and (kind != "leaf" or value is None):
        yield path, PRESENT
        if not value:
            return
    match kind:
        case "map" if value:
            for name, child in value.items():
                yield from _leaves(
                    schemas, schemas.child(schema, name) or {}, child, (*path, f"f:{name}"), nodes
                )
        case "keyed" if value:
            items = schemas.items(schema)
            for item in value:
                place = (*path, item_key(schema, item))
                yield place, PRESENT
                yield from _leaves(schemas, items, item, place, nodes)
        case "set" if value:
            for item in value:
                yield (*path, f"v:{canonical(item)}"), item
        case _:
            yield path, value


def merge(schemas: Schemas, schema: Schema, live: Any, applied: Any) -> Any:
    """`applied` laid over `live`: maps field by field, keyed lists item by item, all else replaced."""
    kind = shape(schema, applied)
    if kind == "map" and isinstance(live, dict):
        merged = dict(live)
        for name, value in applied.items():
            merged[name] = merge(schemas, schemas.child(schema, name) or {}, live.get(name), value)
        return merged
    if kind == "keyed" and isinstance(live, list):
        return _merge_keyed(schemas, schema, live, applied)
    if kind == "set" and isinstance(live, list):
        return [*live, *(item for item in applied if item not in live)]
    return applied


def _merge_keyed(schemas: Schemas, schema: Schema, live: list[Object], applied: list[Object]) -> list[Object]:
    items = schemas.items(schema)
    before = {item_key(schema, item): item for item in live}
    wanted = {item_key(schema, item): item for item in applied}
    merged = {key: merge(schemas, items, before.get(key), item) for key, item in wanted.items()}
    if before.keys() <= wanted.keys():
        return list(merged.values())  # nobody else's items: the order is the applier's
    kept = {key: merged.get(key, item) for key, item in before.items()}
    return list((kept | merged).values())


def without(schemas: Schemas, schema: Schema, value: Any, gone: set[Path], path: Path = ()) -> Any:
    """A copy of the object without the fields in `gone`; maps and lists that this empties go too."""
    match shape(schema, value):
        case "map":
            kept = {
                name: without(schemas, schemas.child(schema, name) or {}, child, gone, (*path, f"f:{name}"))
                for name, child in value.items()
                if (*path, f"f:{name}") not in gone
            }
            return {name: child for name, child in kept.items() if child or not value[name]}
        case "keyed":
            items = schemas.items(schema)
            placed = [(item, (*path, item_key(schema, item))) for item in value]
            return [without(schemas, items, item, gone, at) for item, at in placed if at not in gone]
        case "set":
            return [item for item in value if (*path, f"v:{canonical(item)}") not in gone]
        case _:
            return value


def to_fields_v1(paths: set[Path]) -> Object:
    """The set as FieldsV1 writes it: a tree, in which `.` marks a node that is in the set itself."""
    tree: Object = {}
    for path in sorted(paths):
        node = tree
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return _without_lone_dots(tree)


def _without_lone_dots(tree: Object) -> Object:
    return {
        name: {} if set(child) == {"."} else _without_lone_dots(child) if name != "." else {}
        for name, child in tree.items()
    }


def from_fields_v1(tree: Object, path: Path = ()) -> set[Path]:
    """The set that a FieldsV1 tree describes."""
    if not tree:
        return {path} if path else set()
    found: set[Path] = set()
    for name, child in tree.items():
        found |= {path} if name == "." else from_fields_v1(child, (*path, name))
    return found


def in_order(path: Path) -> tuple[tuple[bool, str], ...]:
    """A key that sorts paths as a field set tells them: at each level what is owned itself, then what is below."""
    return tuple((number < len(path) - 1, element) for number, element in enumerate(path))


def readable(path: Path) -> str:
    """The path as conflicts print it: `.spec.containers[name="web"].image`."""
    text = ""
    for element in path:
        kind, _, rest = element.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            pairs = (f"{name}={canonical(value)}" for name, value in json.loads(rest).items())
            text += f"[{','.join(pairs)}]"
        else:
            text += f"[={rest}]"
    return text
