"""Whether what a client sends is an object of its kind: fields, types, required values, names.

Unknown fields are found by walking the schema, since only their policy (`fieldValidation`) decides what
becomes of them; types and required fields by a compiled validator. A wrong type is a 400 as from Go's JSON
decoder, a missing value a 422 as from Kubernetes' own validation.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import ApiError, Cause, bad_request, invalid
from bot.sandbox.kubernetes.quantities import canonical
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.schemas import Schema, Schemas, types

Object = dict[str, Any]

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
LABEL_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
LABEL_NAMES = frozenset({"Namespace", "Service"})
"""Kinds whose names are labels, at most 63 characters; all others are subdomains, at most 253."""

FREE_NAMES = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})
"""Kinds whose names only must fit into a path."""


def without_nulls(value: Any) -> Any:
    """A copy in which fields that are null are absent, as they are once Go has decoded them."""
    if isinstance(value, dict):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [without_nulls(child) for child in value]
    return value


def split_unknown(schemas: Schemas, schema: Schema, value: Any) -> tuple[Any, list[str]]:
    """A copy without undeclared fields and with quantities as text, and the paths of what was left out."""
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
    return value


def _quantity(value: str | int | float) -> str:
    try:
        return canonical(value)
    except ValueError:
        return str(value)


def strict_decoding_error(resource: Resource, unknown: list[str]) -> ApiError:
    """The refusal of undeclared fields under `fieldValidation=Strict`."""
    listed = ", ".join(f'unknown field "{path}"' for path in unknown)
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"strict decoding error: {listed}"
    )


def check(schemas: Schemas, resource: Resource, obj: Object) -> None:
    """Refuse an object whose values have wrong types or that lacks required ones.

    Raises: ApiError 400 or 422.
    """
    validator = schemas.validator(resource.definition)
    if validator.is_valid(obj):
        return
    causes: list[Cause] = []
    for error in validator.iter_errors(obj):
        path = _readable(error.instance_path)
        kind = error.kind.name
        if kind == "required":
            missing = str(error.kind.as_dict()["property"])
            causes.append(Cause(_join(path, missing), "FieldValueRequired", "Required value"))
        elif kind == "enum":
            words = f"Unsupported value: {_at(obj, error.instance_path)!r}".replace("'", '"')
            causes.append(Cause(path, "FieldValueNotSupported", words))
        elif kind in ("type", "oneOf", "format") and not resource.custom:
            raise _wrong_type(schemas, resource, obj, error.instance_path)
        else:
            causes.append(Cause(path, "FieldValueInvalid", f"Invalid value: {error.message}"))
    raise invalid(resource.subject(obj.get("metadata", {}).get("name", "")), causes)


def _wrong_type(schemas: Schemas, resource: Resource, obj: Object, path: list[str | int]) -> ApiError:
    schema, owner = schemas.definition(resource.definition), resource.definition
    for element in path:
        declared = (
            (schema.get("items") if isinstance(element, int) else schema.get("properties", {}).get(element))
            or schema.get("additionalProperties")
            or {}
        )
        reference = declared.get("$ref") if isinstance(declared, dict) else None
        if reference and element != path[-1]:
            owner = reference
        schema = schemas.resolve(declared) if isinstance(declared, dict) else {}
    value = _at(obj, path)
    names = [str(element) for element in path if not isinstance(element, int)]
    struct = owner.rpartition(".")[2]
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"json: cannot unmarshal {_json_type(value)} into Go struct field {struct}.{'.'.join(names)} "
        f"of type {_go_type(schema)}"
    )


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}" if isinstance(value, float) else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "null"


def _go_type(schema: Schema) -> str:
    if schema.get("format") in ("int32", "int64"):
        return str(schema["format"])
    names = types(schema)
    known = {"boolean": "bool", "integer": "int64", "number": "float64", "object": "map[string]string"}
    return known.get(names[0], names[0]) if names else "intstr.IntOrString"


def _at(obj: Any, path: list[str | int]) -> Any:
    for element in path:
        obj = obj[element]
    return obj


def _readable(path: list[str | int]) -> str:
    text = ""
    for element in path:
        text = f"{text}[{element}]" if isinstance(element, int) else _join(text, element)
    return text


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def check_metadata(resource: Resource, metadata: Object) -> None:
    """Refuse names and labels that Kubernetes refuses.

    Raises: ApiError 422.
    """
    causes = list(_metadata_causes(resource, metadata))
    if causes:
        raise invalid(resource.subject(metadata.get("name", "")), causes)


def _metadata_causes(resource: Resource, metadata: Object) -> Iterator[Cause]:
    name = metadata.get("name") or ""
    if not name:
        yield Cause("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")
    elif resource.kind in FREE_NAMES and not resource.custom:
        if "/" in name or "%" in name or name in (".", ".."):
            yield Cause(
                "metadata.name", "FieldValueInvalid", f"Invalid value: \"{name}\": may not contain '/'"
            )
    else:
        label = resource.kind in LABEL_NAMES and not resource.custom
        pattern, limit, rule = (_LABEL, 63, LABEL_RULE) if label else (_SUBDOMAIN, 253, SUBDOMAIN_RULE)
        if not pattern.fullmatch(name):
            yield Cause("metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {rule}')
        elif len(name) > limit:
            words = f'Invalid value: "{name}": must be no more than {limit} characters'
            yield Cause("metadata.name", "FieldValueInvalid", words)
    for value in (metadata.get("labels") or {}).values():
        if len(value) > 63:
            words = f'Invalid value: "{value}": must be no more than 63 characters'
            yield Cause("metadata.labels", "FieldValueInvalid", words)
        elif not _LABEL_VALUE.fullmatch(value):
            yield Cause(
                "metadata.labels", "FieldValueInvalid", f'Invalid value: "{value}": {LABEL_VALUE_RULE}'
            )
