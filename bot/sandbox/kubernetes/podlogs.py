"""The `log` subresource: what a container has written, now or as it comes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.kubernetes.errors import ApiError, Subject, bad_request, invalid
from bot.sandbox.kubernetes.logs import LogLine, PodLogs
from bot.sandbox.kubernetes.naming import forbidden_field, invalid_value
from bot.sandbox.kubernetes.requests import flag, number
from bot.sandbox.kubernetes.workloadrules import NOT_NEGATIVE

Object = dict[str, Any]


async def answer(request: web.Request, logs: PodLogs, clock: Clock, pod: Object) -> web.StreamResponse:
    """GET …/pods/NAME/log.

    Raises: ApiError 400 when the container is not said, does not exist or has not started, 422 for options that
    make no sense.
    """
    _check_options(request, pod)
    container = _container(pod, request.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return web.Response(text="", content_type="text/plain")
    return await written(request, logs, clock, pod, container)


def _check_options(request: web.Request, pod: Object) -> None:
    causes = []
    for name, least in (("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)):
        value = number(request, name)
        if value is not None and value < least:
            words = NOT_NEGATIVE if least == 0 else "must be greater than 0"
            causes.append(invalid_value(name, value, words))
    if request.query.get("sinceSeconds") and request.query.get("sinceTime"):
        words = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(forbidden_field("[]", words))
    if causes:
        raise invalid(Subject("", "", "PodLogOptions", pod["metadata"]["name"]), causes)


async def written(
    request: web.Request, logs: PodLogs, clock: Clock, pod: Object, container: str
) -> web.StreamResponse:
    """What one container of the pod has written, as the request's query wants it; a kubelet answers so, too.

    Raises: ApiError 400 when the container has not started.
    """
    namespace, uid = pod["metadata"]["namespace"], pod["metadata"]["uid"]
    previous = flag(request, "previous")
    if not logs.has(namespace, uid, container, previous=previous):
        _refuse_unstarted(pod, container, previous=previous)
    since = _since(request, clock)
    tail = number(request, "tailLines")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    timestamps = flag(request, "timestamps")
    lines: AsyncIterator[LogLine]
    if flag(request, "follow") and not previous:
        lines = logs.follow(namespace, uid, container, tail=tail, since=since)
    else:
        lines = _each(logs.read(namespace, uid, container, previous=previous, tail=tail, since=since))
    left = number(request, "limitBytes")
    async for line in lines:
        data = _line(line, timestamps=timestamps)
        if left is not None:
            data, left = data[:left], left - len(data)
        await response.write(data)
        if left is not None and left <= 0:
            break
    await response.write_eof()
    return response


async def _each(lines: list[LogLine]) -> AsyncIterator[LogLine]:
    for line in lines:
        yield line


def _since(request: web.Request, clock: Clock) -> datetime | None:
    """Lines from before this time are not asked for."""
    if seconds := number(request, "sinceSeconds"):
        return clock.now() - timedelta(seconds=seconds)
    text = request.query.get("sinceTime")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise bad_request(f'parsing time "{text}" as RFC3339 (sinceTime)') from None


def _line(line: LogLine, *, timestamps: bool) -> bytes:
    at = line.at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z ") if timestamps else ""
    return f"{at}{line.text}\n".encode()


def _container(pod: Object, wanted: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    known = [c["name"] for c in spec.get("containers") or []]
    first = [c["name"] for c in spec.get("initContainers") or []]
    if not wanted:
        if len(known) == 1:
            return str(known[0])
        listed = f"[{' '.join([*first, *known])}]"
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: {listed}")
    if wanted not in (*known, *first):
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    return wanted


def _refuse_unstarted(pod: Object, container: str, *, previous: bool) -> None:
    name = pod["metadata"]["name"]
    statuses = pod.get("status") or {}
    for status in [
        *(statuses.get("initContainerStatuses") or []),
        *(statuses.get("containerStatuses") or []),
    ]:
        if status["name"] == container:
            if previous:
                raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
            waiting = (status.get("state") or {}).get("waiting")
            if waiting is None:
                return  # it runs and has written nothing
            reason = str(waiting.get("reason", ""))
            words = {
                "ErrImagePull": "image can't be pulled",
                "ImagePullBackOff": "trying and failing to pull image",
            }.get(reason, reason)
            raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {words}')
    raise ApiError(400, "BadRequest", f'container "{container}" in pod "{name}" is not available')
