"""Kubernetes' published schemas, by which the API knows every kind without code for it.

The definitions come from the package kubernetes-validate. They say which fields exist and their types, how
lists merge (`x-kubernetes-list-type`, `-list-map-keys`, `-patch-merge-key`) and which kind a definition
describes. Schemas of custom resources are added as their definitions are created. It leaves to others what
schemas do not tell: plurals and scope (resources.py), defaults and rules between fields (admission.py).
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

Schema = dict[str, Any]

MINOR = "v1.37.0"
"""The Kubernetes version that the cluster reports and whose schemas it serves."""

REF = "#/$defs/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1."


@cache
def published() -> dict[str, Schema]:
    """All definitions of `MINOR`, by name. Takes about 0.1 s of parsing the first time."""
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"{MINOR}-local"
    found: dict[str, Schema] = json.loads((folder / "_definitions.json").read_bytes())["$defs"]
    return found


class Schemas:
    """The definitions that one cluster knows: the published ones and those of its custom resources."""

    def __init__(self) -> None:
        self._published = published()
        self._custom: dict[str, Schema] = {}
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def add(self, name: str, definition: Schema) -> None:
        """Know one more definition (or a new state of it)."""
        self._custom[name] = definition
        self._validators.pop(name, None)

    def remove(self, name: str) -> None:
        """Forget a definition that was added."""
        self._custom.pop(name, None)
        self._validators.pop(name, None)

    def definition(self, name: str) -> Schema:
        """The definition of that name; an empty schema, which allows anything, when there is none."""
        return self._custom.get(name) or self._published.get(name) or {}

    def names(self) -> Iterator[str]:
        """The names of all definitions."""
        yield from self._published
        yield from self._custom

    def resolve(self, schema: Schema) -> Schema:
        """The schema itself with its reference followed; marks beside the reference are kept."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        target = self.definition(str(reference).removeprefix(REF))
        marks = {key: value for key, value in schema.items() if key.startswith("x-kubernetes-")}
        return {**target, **marks} if marks else target

    def child(self, schema: Schema, field: str) -> Schema | None:
        """The resolved schema of an object's field; None when no such field is declared.

        An object that declares nothing, or says it keeps unknown fields, has every field, of any type.
        """
        declared = schema.get("properties", {}).get(field)
        if declared is not None:
            return self.resolve(declared)
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict):
            return self.resolve(additional)
        open_ended = additional is True or schema.get("x-kubernetes-preserve-unknown-fields")
        return {} if open_ended or "properties" not in schema else None

    def items(self, schema: Schema) -> Schema:
        """The resolved schema of a list's items."""
        return self.resolve(schema.get("items", {}))

    def validator(self, name: str) -> jsonschema_rs.Validator:
        """A compiled validator of the definition; compiled once."""
        found = self._validators.get(name)
        if found is None:
            closure = {reached: self.definition(reached) for reached in self.closure(name)}
            found = jsonschema_rs.validator_for({"$ref": REF + name, "$defs": closure})
            self._validators[name] = found
        return found

    def closure(self, *names: str) -> set[str]:
        """The names of all definitions that those need, themselves included."""
        reached: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(references(self.definition(name)))
        return reached


def references(schema: Any) -> Iterator[str]:
    """The names of the definitions that a schema refers to directly."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(REF)
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def types(schema: Schema) -> list[str]:
    """The JSON types that a resolved schema allows, without null; empty when any."""
    declared = schema.get("type", [])
    listed = [declared] if isinstance(declared, str) else list(declared)
    return [name for name in listed if name != "null"]


def transformed(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """A copy of the schema with `change` applied to every schema in it, innermost first."""
    if isinstance(schema, dict):
        return change({key: transformed(value, change) for key, value in schema.items()})
    if isinstance(schema, list):
        return [transformed(value, change) for value in schema]
    return schema
