"""What a custom resource's schema does not allow, in the words that the API server has for it.

Rules in CEL (`x-kubernetes-validations`) are not evaluated; where there are any and the object has not the shape
that they count on, it is told that they were not looked at, as the API server tells it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import Cause
from bot.sandbox.kubernetes.fields import canonical
from bot.sandbox.kubernetes.naming import invalid_raw, invalid_value, required, unsupported
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.schemas import Schemas

Object = dict[str, Any]
Limits = dict[str, Any]

_BOUNDS: dict[str, Callable[[Limits], str]] = {
    "minimum": lambda told: f"should be greater than or equal to {told['limit']}",
    "maximum": lambda told: f"should be less than or equal to {told['limit']}",
    "exclusiveMinimum": lambda told: f"should be greater than {told['limit']}",
    "exclusiveMaximum": lambda told: f"should be less than {told['limit']}",
    "multipleOf": lambda told: f"should be a multiple of {told['multiple_of']}",
    "minLength": lambda told: f"should be at least {told['limit']} chars long",
    "pattern": lambda told: f"should match '{told['pattern']}'",
    "minItems": lambda told: f"should have at least {told['limit']} items",
    "minProperties": lambda told: f"should have at least {told['limit']} properties",
    "uniqueItems": lambda _told: "shouldn't contain duplicates",
}
"""What stands after `PATH in body`, by the schema's word."""
_UNCHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to "
    "complete validation"
)


def custom_refused(schemas: Schemas, resource: Resource, obj: Object) -> Iterator[Cause]:
    """What of a custom resource its schema does not allow, by path: one thing at each, the first."""
    validator = schemas.validator(resource.definition)
    if validator.is_valid(obj):
        return
    found: dict[str, Cause] = {}
    for error in validator.iter_errors(obj):
        value: Any = obj
        for step in error.instance_path:
            value = value[step]
        cause = _cause(readable(error.instance_path), error.kind.name, error.kind.as_dict(), value)
        found.setdefault(cause.field, cause)
    yield from sorted(found.values(), key=_place)
    blocks = any(cause.reason != "FieldValueInvalid" for cause in found.values())
    if blocks and _has_rules(schemas.definition(resource.definition)):
        yield invalid_raw("<nil>", "null", _UNCHECKED)


def _place(cause: Cause) -> str:
    return cause.field


def _cause(path: str, word: str, told: Limits, value: Any) -> Cause:
    match word:
        case "required":
            return required(f"{path}.{told['property']}" if path else told["property"])
        case "enum":
            return unsupported(path, value, tuple(map(str, told["options"])))
        case "type":
            kind, wanted = _type(value), told["types"][0]
            words = f'Invalid value: "{kind}": {path} in body must be of type {wanted}: "{kind}"'
            return Cause(path, "FieldValueTypeInvalid", words)
        case "maxLength":
            words = f"may not be more than {told['limit']} bytes"
            return Cause(path, "FieldValueTooLong", f"Too long: {words}")
        case "maxItems" | "maxProperties":
            words = f"{len(value)}: must have at most {told['limit']} items"
            return Cause(path, "FieldValueTooMany", f"Too many: {words}")
        case _ if word in _BOUNDS:
            shown = len(value) if word in ("minItems", "minProperties") else value
            return invalid_value(path, shown, f"{path} in body {_BOUNDS[word](told)}")
    words = f"{path} in body must validate at least one schema ({word})"
    return invalid_raw(path, canonical(value), words)


def _type(value: Any) -> str:
    """What JSON type a value is, as the validator calls it."""
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", dict: "object", list: "array"}
    return names.get(type(value), "null")


def _has_rules(schema: Any) -> bool:
    if isinstance(schema, dict):
        return "x-kubernetes-validations" in schema or any(map(_has_rules, schema.values()))
    return isinstance(schema, list) and any(map(_has_rules, schema))


def readable(path: list[str | int]) -> str:
    """A place in an object as refusals write it: `spec.ports[0].name`."""
    text = ""
    for element in path:
        text += f"[{element}]" if isinstance(element, int) else f".{element}" if text else element
    return text
