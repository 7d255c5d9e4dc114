"""What server-side apply says of a body that is not of its type: its own words, unlike the other verbs'.

Apply first reads the body as a typed object (structured-merge-diff), and refuses undeclared fields whatever
`fieldValidation` says, as a plain error that the server reports with status 500.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.fields import Path, item_key, readable, shape
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.schemas import Schema, Schemas, types

Object = dict[str, Any]


def check_typed(schemas: Schemas, resource: Resource, body: Object) -> None:
    """Refuse a body that cannot be applied.

    Raises: ApiError 500 that names every such field.
    """
    problems = list(_problems(schemas, schemas.definition(resource.definition), body, ()))
    if problems:
        listed = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {p}" for p in problems)
        raise ApiError(500, "", f"failed to create typed patch object ({told(body)}): {listed}")


def told(body: Object) -> str:
    """Which object a body is of, as apply's own words have it: `namespace/name; group/version, Kind=kind`."""
    metadata = body.get("metadata") or {}
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {kind_told(body)}"


def kind_told(body: Object) -> str:
    """The kind of a body as Go prints a GroupVersionKind."""
    group, _, version = str(body.get("apiVersion", "")).rpartition("/")
    return f"{group}/{version}, Kind={body.get('kind', '')}"


def _problems(schemas: Schemas, schema: Schema, value: Any, path: Path) -> Iterator[str]:
    wrong = _wrong_type(schema, value)
    if wrong:
        yield f"{readable(path)}: {wrong}"
    elif isinstance(value, dict):
        for name, child in value.items():
            at = (*path, f"f:{name}")
            declared = schemas.child(schema, name)
            if declared is None:
                yield f"{readable(at)}: field not declared in schema"
            elif child is not None:
                yield from _problems(schemas, declared, child, at)
    elif isinstance(value, list):
        items = schemas.items(schema)
        keyed = shape(schema, value) == "keyed"
        seen: set[str] = set()
        for child in value:
            key = item_key(schema, child) if keyed else ""
            at = (*path, key) if keyed else path
            if keyed and key in seen:
                yield f"{readable(path)}: duplicate entries for key {readable((key,))}"
            seen.add(key)
            yield from _problems(schemas, items, child, at)


def _wrong_type(schema: Schema, value: Any) -> str | None:
    """The words for a value of another type than the schema's; None when it fits or anything would."""
    declared = types(schema)
    if len(declared) != 1:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match declared[0]:
        case "string" if not isinstance(value, str):
            return f"expected string, got &value.valueUnstructured{{Value:{go_text(value)}}}"
        case "integer" | "number" if not number:
            return f"expected numeric (int or float), got {_go_type(value)}"
        case "boolean" if not isinstance(value, bool):
            return f"expected boolean, got &value.valueUnstructured{{Value:{go_text(value)}}}"
        case "object" if not isinstance(value, dict):
            return f"expected map, got &{{{go_text(value)}}}"
        case "array" if not isinstance(value, list):
            return f"expected list, got &{{{go_text(value)}}}"
    return None


def go_text(value: Any) -> str:
    """The value as Go prints it (%v)."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "<nil>"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(child)}' for key, child in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    return str(value)


def _go_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "map[string]interface {}" if isinstance(value, dict) else "[]interface {}"
