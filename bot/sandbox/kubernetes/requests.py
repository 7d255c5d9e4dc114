"""What a request asks for, read from its path, query and body.

Follows apiserver's RequestInfo: a path is a verb on a resource, on one object of it or on a subresource.
"""

import json
from dataclasses import dataclass
from typing import Any

import yaml
from aiohttp import web

from bot.sandbox.kubernetes import protobuf
from bot.sandbox.kubernetes.errors import ApiError, Subject, bad_request, invalid, unsupported_media_type
from bot.sandbox.kubernetes.naming import required, unsupported
from bot.sandbox.kubernetes.writes import Admission, Deletion, Writing

Object = dict[str, Any]

JSON_TYPES = ("application/json", "application/yaml", protobuf.MEDIA_TYPE)
APPLY_PATCH = "application/apply-patch+yaml"
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True)
class Target:
    """The resource, object or subresource that a path names."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def target(path: str) -> Target | None:
    """The target of /api/… or /apis/…; None for a path that names no resource."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if (
        rest[0] == "namespaces"
        and len(rest) > 2
        and not (len(rest) == 3 and rest[2] in ("status", "finalize"))
    ):
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        return None
    return Target(group, version, rest[0], namespace, *rest[1:])


def verb(request: web.Request, aim: Target) -> str:
    """The verb as rights name it."""
    if request.method in ("GET", "HEAD"):
        if aim.name:
            return "get"
        return "watch" if flag(request, "watch") else "list"
    if request.method == "DELETE":
        return "delete" if aim.name else "deletecollection"
    return VERBS.get(request.method, request.method.lower())


def flag(request: web.Request, name: str) -> bool:
    """A boolean query parameter as Go reads it."""
    return request.query.get(name, "").lower() in ("1", "t", "true")


def number(request: web.Request, name: str) -> int | None:
    """A query parameter that is a whole number.

    Raises: ApiError 400 when it is something else.
    """
    text = request.query.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


ADMIT: web.RequestKey[Admission] = web.RequestKey("admit")
"""Under this key a request carries what `Writing.admit` is to be."""


def writing(request: web.Request, subresource: str = "") -> Writing:
    """How a write is meant."""
    query = request.query
    validation = query.get("fieldValidation") or "Warn"
    kind = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(request.method, "PatchOptions")
    if validation not in ("Strict", "Warn", "Ignore"):
        raise unsupported_option(kind, "fieldValidation", validation, ("", "Ignore", "Strict", "Warn"))
    if request.content_type == APPLY_PATCH and not query.get("fieldManager"):
        cause = required("fieldManager", "is required for apply patch")
        raise invalid(Subject("meta.k8s.io", "", kind), [cause])
    return Writing(
        query.get("fieldManager") or default_manager(request),
        validation,
        dry_run(kind, query.getall("dryRun", [])),
        flag(request, "force"),
        subresource,
        request[ADMIT],
    )


def default_manager(request: web.Request) -> str:
    """Who writes without naming a manager: the first word of the User-Agent."""
    agent = request.headers.get("User-Agent", "")
    return agent.partition("/")[0][:128] or "unknown"


def dry_run(kind: str, values: list[str]) -> bool:
    """Whether nothing is to be kept; `kind` is that of the options which say so.

    Raises: ApiError 422 for anything but `All`.
    """
    wanted = [value for value in values if value]
    if any(value != "All" for value in wanted):
        raise unsupported_option(kind, "dryRun", wanted, ("All",))
    return bool(wanted)


def unsupported_option(kind: str, name: str, value: Any, supported: tuple[str, ...]) -> ApiError:
    """The refusal of a query parameter."""
    return invalid(Subject("meta.k8s.io", "", kind), [unsupported(name, value, supported)])


async def body(request: web.Request) -> Object:
    """The object in the body, whatever format it is in.

    Raises: ApiError 400 when it cannot be read, 415 for other formats.
    """
    content_type = request.content_type
    raw = await request.read()
    if content_type == protobuf.MEDIA_TYPE:
        return protobuf.decode(raw)
    if content_type in ("application/yaml", APPLY_PATCH) and not raw.lstrip().startswith(b"{"):
        return _mapping(_yaml(raw))
    if content_type not in (
        "application/json",
        "application/yaml",
        APPLY_PATCH,
        "text/plain",
    ):
        raise unsupported_media_type(JSON_TYPES)
    return _mapping(parsed_json(raw))


def parsed_json(raw: bytes) -> Any:
    """The JSON in the body.

    Raises: ApiError 400.
    """
    try:
        return json.loads(raw)
    except ValueError as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from None


def _yaml(raw: bytes) -> Any:
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise bad_request(f"error converting YAML to JSON: {error}") from None


def _mapping(value: Any) -> Object:
    if not isinstance(value, dict):
        raise bad_request("the body of the request is not an object")
    return value


async def deletion(request: web.Request) -> Deletion:
    """How a delete is meant: DeleteOptions in the body, or the query."""
    return deletion_of(await body(request) if await request.read() else {}, request)


def deletion_of(options: Object, request: web.Request) -> Deletion:
    """How a delete is meant by these DeleteOptions, overridden by the query.

    Raises: ApiError 422 for a policy that there is not.
    """
    query = request.query
    grace = query.get("gracePeriodSeconds") or options.get("gracePeriodSeconds")
    propagation = query.get("propagationPolicy") or options.get("propagationPolicy")
    if propagation is None:
        propagation = "Orphan" if options.get("orphanDependents") else "Background"
    if propagation not in ("Background", "Foreground", "Orphan"):
        known = ("Background", "Foreground", "Orphan", "nil")
        raise unsupported_option("DeleteOptions", "propagationPolicy", propagation, known)
    conditions = options.get("preconditions") or {}
    return Deletion(
        int(grace) if grace is not None else None,
        propagation,
        conditions.get("uid"),
        conditions.get("resourceVersion"),
        dry_run("DeleteOptions", [*query.getall("dryRun", []), *(options.get("dryRun") or [])]),
    )
