"""The API's schemas as OpenAPI v3 documents, one a group version, from which Helm and kubectl validate.

The published definitions are made into what an API server serves: references into components, nullable
types into plain ones, and a path per resource, whose PATCH carries the kind and `fieldValidation`: clients
read from it that the server validates fields itself. For version 2 a nearly empty document is enough.
"""

from typing import Any

from bot.sandbox.kubernetes.resources import Resource, Resources
from bot.sandbox.kubernetes.schemas import MINOR, REF, Schema, Schemas, transformed, types

Object = dict[str, Any]

V2_PROTOBUF = b"\n\x032.0\x12\x15\n\nKubernetes\x12\x07" + MINOR.encode() + b"B\x00J\x00"
"""gnostic's openapi.v2.Document: swagger 2.0, info (title, version), no paths, no definitions. Clients that
ask for it get along with no more when version 3 is complete."""


def index(resources: Resources) -> Object:
    """GET /openapi/v3: where each group version's document is."""
    paths = {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={MINOR}"} for path in _paths(resources)}
    return {"paths": paths}


def _paths(resources: Resources) -> list[str]:
    found = {(r.group, r.version) for r in resources}
    return sorted(f"apis/{group}/{version}" if group else f"api/{version}" for group, version in found)


def document(resources: Resources, group: str, version: str) -> Object:
    """GET /openapi/v3/apis/GROUP/VERSION. Takes some 20 ms for the core group."""
    served = resources.of_version(group, version)
    paths: Object = {}
    for resource in served:
        paths.update(_resource_paths(resource))
    names = resources.schemas.closure(*(resource.definition for resource in served))
    schemas = {name: component(resources.schemas, name) for name in sorted(names)}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": MINOR},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def component(schemas: Schemas, name: str) -> Schema:
    """One definition in the form of OpenAPI v3."""
    found: Schema = transformed(schemas.definition(name), _plain)
    return found


def _plain(schema: Schema) -> Schema:
    """One schema (or one map of properties, whose values are schemas and left alone) without JSON Schema."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        # OpenAPI 3.0 ignores what stands beside a $ref, hence the allOf, as the real server writes it
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        pointer = {"$ref": reference.replace(REF, "#/components/schemas/")}
        return {"allOf": [pointer], **rest} if rest else pointer
    if isinstance(schema.get("type"), list):
        known = types(schema)
        schema = {**schema, "type": known[0]} if known else {k: v for k, v in schema.items() if k != "type"}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        schema = {**schema, "properties": {name: _without_enum(name, p) for name, p in properties.items()}}
    return schema


def _without_enum(name: str, schema: Any) -> Any:
    """apiVersion and kind without the enumeration that the publisher of the schemas put there."""
    if name in ("apiVersion", "kind") and isinstance(schema, dict):
        return {key: value for key, value in schema.items() if key != "enum"}
    return schema


def _resource_paths(resource: Resource) -> Object:
    prefix = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    collection = f"{prefix}/namespaces/{{namespace}}" if resource.namespaced else prefix
    collection += f"/{resource.plural}"
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    writes = [_query("dryRun"), _query("fieldManager"), _query("fieldValidation")]
    paths: Object = {collection: {"post": _operation(resource, kind, writes)}}
    if "patch" in resource.verbs:
        paths[f"{collection}/{{name}}"] = {
            "get": _operation(resource, kind, []),
            "put": _operation(resource, kind, writes),
            "patch": _operation(resource, kind, [*writes, _query("force", "boolean")]),
        }
    return paths


def _operation(resource: Resource, kind: Object, parameters: list[Object]) -> Object:
    schema = {"$ref": f"#/components/schemas/{resource.definition}"}
    return {
        "parameters": parameters,
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}},
        "x-kubernetes-group-version-kind": kind,
    }


def _query(name: str, kind: str = "string") -> Object:
    return {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}
