"""Strategic merge patch: JSON merge patch that knows from the schema how lists merge.

Understands the directives `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
Follows apimachinery's strategicpatch.
"""

from typing import Any

from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.schemas import Schema, Schemas
from bot.sandbox.kubernetes.typed import go_text

Object = dict[str, Any]

ORDER = "$setElementOrder/"
DELETE_FROM = "$deleteFromPrimitiveList/"


def strategic_merge(schemas: Schemas, schema: Schema, live: Object, patch: Object) -> Object:
    """The object after the patch; `live` is not changed.

    Raises: ApiError 500 for an item without its merge key.
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
            if not merged[field]:
                del merged[field]
        elif key.startswith("$"):
            continue
        elif value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
            merged.pop(key, None)
        else:
            child = schemas.child(schema, key) or {}
            merged[key] = _merged_value(schemas, child, merged.get(key), value)
    _order_lists(schemas, schema, live, merged, patch)
    return merged


def _order_lists(schemas: Schemas, schema: Schema, live: Object, merged: Object, patch: Object) -> None:
    """Put the items of each merged list into the order that the patch says, or has itself."""
    orders = {
        key: value for key, value in patch.items() if isinstance(value, list) and not key.startswith("$")
    }
    orders |= {key.removeprefix(ORDER): value for key, value in patch.items() if key.startswith(ORDER)}
    for field, order in orders.items():
        child = schemas.child(schema, field) or {}
        if isinstance(merged.get(field), list) and "merge" in _strategies(child):
            merged[field] = _ordered(child, live.get(field) or [], merged[field], order)


def _merged_value(schemas: Schemas, schema: Schema, live: Any, value: Any) -> Any:
    if isinstance(value, dict):
        base = live if isinstance(live, dict) else {}
        return strategic_merge(schemas, schema, base, value)
    if isinstance(value, list) and "merge" in _strategies(schema):
        return _merged_list(schemas, schema, live if isinstance(live, list) else [], value)
    return _plain(value)


def _merged_list(schemas: Schemas, schema: Schema, live: list[Any], patch: list[Any]) -> list[Any]:
    key = schema.get("x-kubernetes-patch-merge-key")
    if not key:
        return [*live, *(item for item in patch if item not in live)]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [_plain(item) for item in patch if item.get("$patch") != "replace"]
    items = schemas.items(schema)
    merged = list(live)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise ApiError(500, "", f"map: {go_text(item)} does not contain declared merge key: {key}")
        found = next((i for i, there in enumerate(merged) if there.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            merged = [there for there in merged if there.get(key) != item[key]]
        elif found is None:
            merged.append(strategic_merge(schemas, items, {}, item))
        else:
            merged[found] = strategic_merge(schemas, items, merged[found], item)
    return merged


def _ordered(schema: Schema, live: list[Any], items: list[Any], order: list[Any]) -> list[Any]:
    """The items in the order given; those that it does not name keep their place before what they stood before."""
    key = schema.get("x-kubernetes-patch-merge-key")

    def identity(item: Any) -> str:
        return repr(item.get(key) if isinstance(item, dict) and key else item)

    ranks = {identity(item): rank for rank, item in enumerate(order)}
    places = {identity(item): place for place, item in enumerate(live)}
    named = sorted(
        (item for item in items if identity(item) in ranks), key=lambda item: ranks[identity(item)]
    )
    others = [item for item in items if identity(item) not in ranks]
    merged: list[Any] = []
    while named and others:
        place = places.get(identity(named[0]))
        stays = place is not None and places.get(identity(others[0]), place) < place
        merged.append((others if stays else named).pop(0))
    return [*merged, *named, *others]


def _strategies(schema: Schema) -> list[str]:
    return str(schema.get("x-kubernetes-patch-strategy", "")).split(",")


def _plain(value: Any) -> Any:
    """The value without directives and without fields that it deletes."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    if isinstance(value, list):
        return [_plain(v) for v in value if not (isinstance(v, dict) and v.get("$patch") == "delete")]
    return value
