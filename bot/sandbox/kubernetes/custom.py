"""Custom resources: a CustomResourceDefinition becomes resources that are served and schemas that are kept."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.resources import VERBS, Column, Resource, Resources
from bot.sandbox.kubernetes.schemas import Schema, Schemas, transformed

Object = dict[str, Any]

EXAMPLE = "io.k8s.api.core.v1.Pod"
"""A kind whose words for what all objects have are a custom resource's, too."""


def serve(resources: Resources, definition: Object) -> None:
    """Serve every version that the definition serves, and no longer those it does not."""
    spec = definition["spec"]
    group, names = spec["group"], spec["names"]
    withdraw(resources, definition)
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        name = ".".join([*reversed(group.split(".")), version["name"], names["kind"]])
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        kind = {"group": group, "version": version["name"], "kind": names["kind"]}
        resources.schemas.add(name, _definition(resources.schemas, schema, kind))
        resources.add(
            Resource(
                group,
                version["name"],
                names["plural"],
                names["kind"],
                spec["scope"] == "Namespaced",
                name,
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                verbs=VERBS,
                subresources=tuple(sorted(version.get("subresources") or {})),
                singular=names.get("singular") or names["kind"].lower(),
                custom=True,
                columns=tuple(_columns(version)),
                selectable=tuple(each["jsonPath"][1:] for each in version.get("selectableFields") or ()),
            )
        )


def _columns(version: Object) -> Iterator[Column]:
    for column in version.get("additionalPrinterColumns") or []:
        yield Column(column["name"], column["jsonPath"], column["type"], column.get("priority", 0))


def withdraw(resources: Resources, definition: Object) -> None:
    """Serve none of the definition's versions any more."""
    group, plural = definition["spec"]["group"], definition["spec"]["names"]["plural"]
    for resource in [r for r in resources if (r.group, r.plural) == (group, plural)]:
        resources.schemas.remove(resource.definition)
    resources.remove(group, plural)


def established(definition: Object, now: str) -> Object:
    """The status of a definition that is served."""
    names = dict(definition["spec"]["names"])
    condition = {"status": "True", "lastTransitionTime": now}
    accepted = {"reason": "NoConflicts", "message": "no conflicts found"}
    initial = {"reason": "InitialNamesAccepted", "message": "the initial names have been accepted"}
    return {
        "acceptedNames": names,
        "conditions": [
            {"type": "NamesAccepted", **condition, **accepted},
            {"type": "Established", **condition, **initial},
        ],
        "storedVersions": [v["name"] for v in definition["spec"]["versions"] if v.get("storage")],
    }


def set_schema_defaults(schemas: Schemas, schema: Schema, value: Any) -> None:
    """Fill in the defaults that a custom resource's schema declares, in place."""
    if isinstance(value, dict):
        for name, declared in schema.get("properties", {}).items():
            if name not in value and "default" in declared:
                value[name] = declared["default"]
        for name, child in value.items():
            set_schema_defaults(schemas, schemas.child(schema, name) or {}, child)
    elif isinstance(value, list):
        for item in value:
            set_schema_defaults(schemas, schemas.items(schema), item)


def _definition(schemas: Schemas, schema: Schema, kind: Object) -> Schema:
    """A definition's OpenAPI v3 schema as one of ours: nullable and int-or-string spelt out, metadata known."""
    plain: Schema = transformed(schema, _json_schema)
    told = schemas.definition(EXAMPLE)["properties"]
    properties = {
        **plain.get("properties", {}),
        "apiVersion": {"type": "string", "description": told["apiVersion"]["description"]},
        "kind": {"type": "string", "description": told["kind"]["description"]},
        "metadata": told["metadata"],
    }
    return {**plain, "type": "object", "properties": properties, "x-kubernetes-group-version-kind": [kind]}


def _json_schema(schema: Schema) -> Schema:
    if schema.get("x-kubernetes-int-or-string") is True:
        return {
            **{k: v for k, v in schema.items() if k not in ("type", "anyOf")},
            "type": ["integer", "string"],
        }
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return schema
