"""Whether what a client sends is an object of its kind: fields, types, required values.

Unknown fields are found by walking the schema, since only their policy (`fieldValidation`) decides what
becomes of them; types and required fields by a compiled validator. A wrong type is a 400 as from Go's JSON
decoder, a missing value a 422 as from Kubernetes' own validation.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.customrules import readable
from bot.sandbox.kubernetes.errors import ApiError, Cause
from bot.sandbox.kubernetes.naming import required
from bot.sandbox.kubernetes.quantities import canonical
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.schemas import Schema, Schemas, types

Object = dict[str, Any]

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=\r\n]")


def without_nulls(value: Any) -> Any:
    """A copy in which fields that are null are absent, as they are once Go has decoded them."""
    if isinstance(value, dict):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [without_nulls(child) for child in value]
    return value


def split_unknown(schemas: Schemas, schema: Schema, value: Any) -> tuple[Any, list[str]]:
    """A copy without undeclared fields and with quantities in their one form, and the paths of what was left out.

    Raises: ValueError for a quantity or bytes in base64 that are none.
    """
    unknown: list[str] = []
    return _known(schemas, schema, value, "", unknown), unknown


def _known(schemas: Schemas, schema: Schema, value: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(value, dict):
        kept: Object = {}
        for name, child in value.items():
            at = f"{path}.{name}" if path else name
            declared = schemas.child(schema, name)
            if declared is None:
                unknown.append(at)
            else:
                kept[name] = _known(schemas, declared, child, at, unknown)
        return kept
    if isinstance(value, list) and "items" in schema:
        items = schemas.items(schema)
        return [_known(schemas, items, child, f"{path}[{i}]", unknown) for i, child in enumerate(value)]
    if type(value) in (int, float, str) and {"type": ["number", "null"]} in schema.get("oneOf", ()):
        return _quantity(value)
    if schema.get("format") == "byte" and isinstance(value, str):
        return _checked_base64(value)
    return value


def _quantity(value: str | int | float) -> str:
    try:
        return canonical(value)
    except ValueError:
        rule = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
        raise ValueError(f"quantities must match the regular expression '{rule}'") from None


def _checked_base64(value: str) -> str:
    wrong = _NOT_BASE64.search(value)
    if wrong is not None or len(value) % 4:
        at = wrong.start() if wrong is not None else len(value) - len(value) % 4
        raise ValueError(f"illegal base64 data at input byte {at}")
    return value


def strict_decoding_error(resource: Resource, unknown: list[str]) -> ApiError:
    """The refusal of undeclared fields under `fieldValidation=Strict`."""
    listed = ", ".join(f'unknown field "{path}"' for path in unknown)
    return Undecodable(resource, f"strict decoding error: {listed}")


class Undecodable(ApiError):
    """The refusal of a body that does not become an object of the resource's type; `why` is Go's words."""

    def __init__(self, resource: Resource, why: str) -> None:
        kind = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        super().__init__(400, "BadRequest", f"{kind}: {why}")
        self.why = why


def check_types(schemas: Schemas, resource: Resource, obj: Object) -> None:
    """Refuse an object whose values Go could not decode.

    Raises: ApiError 400.
    """
    if resource.custom:
        return
    validator = schemas.validator(resource.definition)
    if validator.is_valid(obj):
        return
    for error in validator.iter_errors(obj):
        if error.kind.name in ("type", "oneOf", "format"):
            raise _wrong_type(schemas, resource, obj, error.instance_path)


def values_refused(schemas: Schemas, resource: Resource, obj: Object) -> Iterator[Cause]:
    """What of an object of a built-in kind its schema does not allow: missing fields."""
    validator = schemas.validator(resource.definition)
    if validator.is_valid(obj):
        return
    for error in validator.iter_errors(obj):
        path = readable(error.instance_path)
        if error.kind.name == "required":
            missing = str(error.kind.as_dict()["property"])
            yield required(f"{path}.{missing}" if path else missing)
        else:
            yield Cause(path, "FieldValueInvalid", f"Invalid value: {error.message}")


def _wrong_type(schemas: Schemas, resource: Resource, obj: Object, path: list[str | int]) -> ApiError:
    declared: Schema = {"$ref": resource.definition}
    owner, names = resource.definition, []
    for element in path:
        schema = schemas.resolve(declared)
        if isinstance(element, int):
            declared = schema.get("items") or {}
            continue
        if element not in schema.get("properties", {}):  # an entry of a map, which Go does not name
            declared = schema.get("additionalProperties") or {}
            continue
        owner = str(declared.get("$ref", owner))
        declared = schema["properties"][element]
        names.append(element)
    value = _at(obj, path)
    struct = owner.rpartition(".")[2]
    return Undecodable(
        resource,
        f"json: cannot unmarshal {_json_type(value)} into Go struct field {struct}.{'.'.join(names)} "
        f"of type {_go_type(schemas, declared)}",
    )


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}" if isinstance(value, float) else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "null"


def _go_type(schemas: Schemas, declared: Schema) -> str:
    schema, reference = schemas.resolve(declared), str(declared.get("$ref", ""))
    if schema.get("properties"):
        return ".".join(reference.split(".")[-2:])
    if schema.get("format") in ("int32", "int64"):
        return str(schema["format"])
    match types(schema):
        case ["array"]:
            return f"[]{_go_type(schemas, schema.get('items') or {})}"
        case ["object"]:
            return f"map[string]{_go_type(schemas, schema.get('additionalProperties') or {})}"
        case ["string" as name, *_]:
            return name
    known = {"boolean": "bool", "integer": "int64", "number": "float64"}
    return next((known[name] for name in types(schema) if name in known), "intstr.IntOrString")


def _at(obj: Any, path: list[str | int]) -> Any:
    for element in path:
        obj = obj[element]
    return obj
