"""The API server's refusals: each becomes a Status object, in the words that kubectl and Helm print.

ApiError carries a whole Status; the functions below it are the refusals by name. Wording follows
apimachinery's `api/errors` package and apiserver's registry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with an object: its field as a path, a reason of apimachinery's, words."""

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True)
class Subject:
    """What a refusal is about: the resource as `deployments.apps`, the kind, the object's name."""

    group: str
    resource: str
    kind: str = ""
    name: str = ""

    @property
    def qualified(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def qualified_kind(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


class ApiError(Exception):
    """A request that is refused; `status` is the Status object to answer with."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        about: Subject | None = None,
        causes: Iterable[Cause] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after
        details: Object = {}
        if about is not None:
            details = {"name": about.name, "group": about.group, "kind": about.resource}
        listed = [_told(cause) for cause in causes]
        if listed:
            details["causes"] = listed
        if retry_after is not None:
            details["retryAfterSeconds"] = retry_after
        self.status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "code": code,
        }
        if reason:
            self.status["reason"] = reason
        if about is not None or details:
            self.status["details"] = {key: value for key, value in details.items() if value}


def _told(cause: Cause) -> Object:
    told = {"reason": cause.reason, "message": cause.message}
    return {**told, "field": cause.field} if cause.field else told


def bad_request(message: str) -> ApiError:
    """The request or its body makes no sense."""
    return ApiError(400, "BadRequest", message)


def forbidden(about: Subject, message: str, causes: Iterable[Cause] = ()) -> ApiError:
    """The caller lacks the right; `message` is the authoriser's sentence."""
    named = f' "{about.name}"' if about.name else ""
    prefix = f"{about.qualified}{named} is forbidden: " if about.resource else "forbidden: "
    return ApiError(403, "Forbidden", prefix + message, about=about, causes=causes)


def not_found(about: Subject) -> ApiError:
    """There is no such object."""
    return ApiError(404, "NotFound", f'{about.qualified} "{about.name}" not found', about=about)


def no_such_path() -> ApiError:
    """There is no such resource type or path."""
    return ApiError(
        404, "NotFound", "the server could not find the requested resource", about=Subject("", "")
    )


class PathUnknown(Exception):
    """Nothing is served at such a path: the answer is a plain page, not a Status."""


def method_not_allowed() -> ApiError:
    """The resource has no such verb."""
    return ApiError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )


def already_exists(about: Subject, *, going: bool = False) -> ApiError:
    """A create met an object of that name, which may be `going`."""
    words = f'{about.qualified} "{about.name}" already exists'
    return ApiError(
        409, "AlreadyExists", f"object is being deleted: {words}" if going else words, about=about
    )


def conflict(about: Subject, message: str) -> ApiError:
    """The object is not in the state the caller took it to be in."""
    text = f'Operation cannot be fulfilled on {about.qualified} "{about.name}": {message}'
    return ApiError(409, "Conflict", text, about=about)


def modified(about: Subject) -> ApiError:
    """Optimistic locking failed."""
    return conflict(
        about, "the object has been modified; please apply your changes to the latest version and try again"
    )


def apply_conflicts(causes: list[Cause]) -> ApiError:
    """Server-side apply met fields of other managers, sorted by these; each cause's message names one."""
    if len(causes) == 1:
        listed = f"{causes[0].message}: {causes[0].field}"
    else:
        by_manager: dict[str, list[str]] = {}
        for cause in causes:
            by_manager.setdefault(cause.message.replace("conflict", "conflicts", 1), []).append(cause.field)
        listed = "\n".join(
            f"{words}:\n" + "\n".join(f"- {field}" for field in fields)
            for words, fields in by_manager.items()
        )
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    return ApiError(409, "Conflict", f"Apply failed with {count}: {listed}", causes=causes)


def gone(message: str) -> ApiError:
    """The resource version that was asked for is no longer kept."""
    return ApiError(410, "Expired", message)


def unsupported_media_type(accepted: Iterable[str], given: str = "") -> ApiError:
    """The body is in a format the server does not read here; `given` says which, where that is not plain."""
    return ApiError(
        415,
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(accepted)}{f' (got {given})' if given else ''}",
    )


def rejected() -> ApiError:
    """The server will not have the request, and does not say why."""
    words = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", words, about=Subject("", ""))


def unpatchable(shown: str, why: str) -> ApiError:
    """What a patch comes to is no object of its kind; `shown` is what is quoted."""
    return invalid(Subject("", ""), [Cause("patch", "FieldValueInvalid", f"Invalid value: {shown}: {why}")])


def invalid(about: Subject, causes: list[Cause]) -> ApiError:
    """The object is well-formed and wrong."""
    text = str(causes[0]) if len(causes) == 1 else f"[{', '.join(map(str, causes))}]"
    message = f'{about.qualified_kind} "{about.name}" is invalid: {text}'
    kind_details = Subject(
        about.group, about.kind, about.kind, about.name
    )  # 422 names the kind, not the plural
    return ApiError(422, "Invalid", message, about=kind_details, causes=causes)


def too_many_requests(message: str, *, causes: Iterable[Cause] = ()) -> ApiError:
    """Not now: an eviction that a PodDisruptionBudget holds back."""
    return ApiError(429, "TooManyRequests", message, causes=causes)


def not_run(what: str) -> ApiError:
    """It takes a process in a container, and there is none."""
    return ApiError(
        501, "NotImplemented", f"{what} is not possible here: containers of the sandbox run nothing"
    )


def internal(message: str) -> ApiError:
    """The server itself failed."""
    return ApiError(500, "InternalError", f"Internal error occurred: {message}")
