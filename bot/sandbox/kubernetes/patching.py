"""The four kinds of PATCH, told apart by the Content-Type."""

from collections.abc import Callable
from typing import Any

import json_merge_patch
import jsonpatch
import jsonpointer

from bot.sandbox.kubernetes.errors import bad_request, rejected, unsupported_media_type
from bot.sandbox.kubernetes.merging import strategic_merge
from bot.sandbox.kubernetes.requests import APPLY_PATCH, parsed_json
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.schemas import Schema, Schemas
from bot.sandbox.kubernetes.storage import copied
from bot.sandbox.kubernetes.typed import go_text

Object = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


def patch_function(
    schemas: Schemas, resource: Resource, content_type: str, raw: bytes, schema: Schema | None = None
) -> Callable[[Object], Object]:
    """What the patch in the body makes of an object (all but apply, which is no function of the object).

    `schema` is the object's, when it is not the resource's own (Scale).
    Raises: ApiError 415 for a kind of patch that the resource does not take, 400 for one that is malformed.
    """
    accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH] + ([] if resource.custom else [STRATEGIC_PATCH])
    if content_type not in accepted:
        raise unsupported_media_type(accepted)
    patch = parsed_json(raw)
    if content_type == JSON_PATCH:
        return lambda obj: _json_patched(obj, patch)
    if not isinstance(patch, dict):
        kind = "array" if isinstance(patch, list) else "string" if isinstance(patch, str) else "number"
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        )
    if content_type == MERGE_PATCH:
        return lambda obj: dict(json_merge_patch.merge(obj, copied(patch)))
    known = schema if schema is not None else schemas.definition(resource.definition)
    return lambda obj: strategic_merge(schemas, known, obj, patch)


def _json_patched(obj: Object, patch: Any) -> Object:
    """The object after an RFC 6902 patch.

    Raises: ApiError 422 when a test fails or a path is missing, 400 when it is no such patch.
    """
    if not isinstance(patch, list):
        words = "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        raise bad_request(f"error decoding patch: {words}")
    try:
        return dict(jsonpatch.JsonPatch(patch).apply(obj))
    except (
        jsonpatch.JsonPatchConflict,
        jsonpatch.JsonPatchTestFailed,
        jsonpointer.JsonPointerException,
    ) as error:
        raise rejected() from error
    except (jsonpatch.JsonPatchException, TypeError, AttributeError) as error:
        raise bad_request(f"error decoding patch: {error}") from error


def quoted(content_type: str, raw: bytes) -> str:
    """What refusals quote of a patch that comes to no object: of a strategic one itself, as Go prints it."""
    return go_text(parsed_json(raw)) if content_type == STRATEGIC_PATCH else ""
