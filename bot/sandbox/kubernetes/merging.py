"""Strategic merge patch: JSON merge patch that knows from the schema how lists merge.

Understands the directives `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
Follows apimachinery's strategicpatch.
"""

from typing import Any

from bot.sandbox.kubernetes.errors import bad_request
from bot.sandbox.kubernetes.schemas import Schema, Schemas

Object = dict[str, Any]

ORDER = "$setElementOrder/"
DELETE_FROM = "$deleteFromPrimitiveList/"


def strategic_merge(schemas: Schemas, schema: Schema, live: Object, patch: Object) -> Object:
    """The object after the patch; `live` is not changed.

    Raises: ApiError 400 for an item without its merge key or an unknown directive.
    """
    if patch.get("$patch") == "replace":
        return dict(_plain(patch))
    if patch.get("$patch") == "delete":
        return {}
    merged = dict(live)
    retained = patch.get("$retainKeys")
    if isinstance(retained, list):
        merged = {key: value for key, value in merged.items() if key in retained}
    for key, value in patch.items():
        if key.startswith(DELETE_FROM):
            field = key.removeprefix(DELETE_FROM)
            merged[field] = [item for item in merged.get(field) or [] if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
            merged.pop(key, None)
        else:
            child = schemas.child(schema, key) or {}
            merged[key] = _merged_value(schemas, child, merged.get(key), value, key)
    for key, order in patch.items():
        if key.startswith(ORDER):
            field = key.removeprefix(ORDER)
            child = schemas.child(schema, field) or {}
            if isinstance(merged.get(field), list):
                merged[field] = _ordered(child, merged[field], order)
    return merged


def _merged_value(schemas: Schemas, schema: Schema, live: Any, value: Any, name: str) -> Any:
    if isinstance(value, dict):
        base = live if isinstance(live, dict) else {}
        return strategic_merge(schemas, schema, base, value)
    if isinstance(value, list) and "merge" in _strategies(schema):
        return _merged_list(schemas, schema, live if isinstance(live, list) else [], value, name)
    return _plain(value)


def _merged_list(schemas: Schemas, schema: Schema, live: list[Any], patch: list[Any], name: str) -> list[Any]:
    key = schema.get("x-kubernetes-patch-merge-key")
    if not key:
        return [*live, *(item for item in patch if item not in live)]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [_plain(item) for item in patch if item.get("$patch") != "replace"]
    items = schemas.items(schema)
    merged = list(live)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key} (in {name})")
        found = next((i for i, there in enumerate(merged) if there.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            merged = [there for there in merged if there.get(key) != item[key]]
        elif found is None:
            merged.append(strategic_merge(schemas, items, {}, item))
        else:
            merged[found] = strategic_merge(schemas, items, merged[found], item)
    return merged


def _ordered(schema: Schema, items: list[Any], order: list[Any]) -> list[Any]:
    """The items in the order given; items that it does not name keep their place after their forerunner."""
    key = schema.get("x-kubernetes-patch-merge-key")

    def identity(item: Any) -> Any:
        return item.get(key) if isinstance(item, dict) and key else item

    ranks = {repr(identity(item)): rank for rank, item in enumerate(order)}
    placed: list[tuple[int, Any]] = []
    last = -1
    for item in items:
        last = ranks.get(repr(identity(item)), last)
        placed.append((last, item))
    return [item for _, item in sorted(placed, key=lambda pair: pair[0])]


def _strategies(schema: Schema) -> list[str]:
    return str(schema.get("x-kubernetes-patch-strategy", "")).split(",")


def _plain(value: Any) -> Any:
    """The value without directives and without fields that it deletes."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    if isinstance(value, list):
        return [_plain(v) for v in value if not (isinstance(v, dict) and v.get("$patch") == "delete")]
    return value
