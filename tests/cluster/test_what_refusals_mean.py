"""From an answer of the API server to the error that says what to do."""

from __future__ import annotations

import json

import pytest

from bot.cluster import (
    ClusterConflict,
    ClusterError,
    ClusterRefused,
    ClusterUnreachable,
    Identity,
    IdentityMissing,
)
from bot.cluster.answers import changed_in, objects_in, parsed
from bot.cluster.connection import refused
from bot.cluster.discovery import aggregated, resources_in
from bot.cluster.errors import CredentialsRefused

DANA = Identity("dana", ("blue",))
MAY_NOT_IMPERSONATE = (
    'users "dana" is forbidden: User "bot" cannot impersonate resource "users" in API group ""'
)


@pytest.mark.parametrize(
    ("code", "message", "identity", "kind", "words"),
    [
        (403, "pods is forbidden", None, ClusterRefused, "pods is forbidden"),
        (403, MAY_NOT_IMPERSONATE, DANA, IdentityMissing, "the bot may not act as dana"),
        (403, "pods is forbidden", DANA, ClusterRefused, "pods is forbidden"),
        (409, "already exists", None, ClusterConflict, "already exists"),
        (401, "Unauthorized", None, CredentialsRefused, "does not accept the bot's credentials"),
        (429, "too many requests", None, ClusterUnreachable, "cannot answer now"),
        (503, "", None, ClusterUnreachable, "status 503"),
        (500, "etcdserver: leader changed", None, ClusterUnreachable, "leader changed"),
        (500, "conversion webhook for example.org/v1, Kind=It failed", None, ClusterRefused, "Kind=It"),
        (500, 'failed calling webhook "w"', None, ClusterRefused, "failed calling webhook"),
    ],
)
def test_each_status_has_its_error(
    code: int, message: str, identity: Identity | None, kind: type[ClusterError], words: str
) -> None:
    error = refused(code, json.dumps({"kind": "Status", "message": message}).encode(), identity)
    assert type(error) is kind
    assert words in error.words


def test_a_proxys_page_is_quoted_as_it_is() -> None:
    assert "Bad gateway" in refused(502, b"<html>Bad gateway</html>", None).words


async def test_an_answer_that_is_no_json_comes_from_no_api_server() -> None:
    with pytest.raises(ClusterUnreachable, match="no Kubernetes API"):
        await parsed(b"<html>Welcome</html>")


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'"text"', b'{"a":' * 5000, b"\xff"])
async def test_an_answer_that_is_no_object_comes_from_no_api_server(body: bytes) -> None:
    with pytest.raises(ClusterUnreachable, match="no Kubernetes API"):
        await parsed(body)


@pytest.mark.parametrize(
    "items", [5, "x", {"a": 1}, [None], [{}], [{"metadata": None}], [{"metadata": {"name": 5}}]]
)
def test_a_list_of_what_is_no_object_comes_from_no_api_server(items: object) -> None:
    with pytest.raises(ClusterUnreachable, match="no Kubernetes API"):
        objects_in({"items": items})


@pytest.mark.parametrize(
    "line",
    [
        b"null",
        b"{}",
        b'{"type": "ADDED"}',
        b'{"type": "ADDED", "object": 5}',
        b'{"type": "ADDED", "object": {"metadata": {"resourceVersion": "5"}}}',
        b'{"type": 5, "object": {"metadata": {"resourceVersion": "5", "name": "a", "uid": "b"}}}',
        b'{"type": "ERROR"}',
        b'{"type": "ERROR", "object": "x"}',
        b'{"a":' * 5000,
    ],
)
def test_a_line_of_a_watch_that_is_no_event_breaks_it_off(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"event|dictionary update"):
        changed_in(line)


@pytest.mark.parametrize("body", [{"resources": 5}, {"resources": [5]}, {"resources": [{"name": "x"}]}])
def test_a_list_of_kinds_of_another_shape_comes_from_no_api_server(body: dict[str, object]) -> None:
    with pytest.raises(ClusterUnreachable, match="no Kubernetes API"):
        resources_in(body, "v1")
    with pytest.raises(ClusterUnreachable, match="no Kubernetes API"):
        aggregated({"items": body["resources"]} if body["resources"] == 5 else {"items": [{"versions": [5]}]})


@pytest.mark.parametrize("body", [b"[]", b'{"details": 5}', b'{"details": {"causes": 5}}', b'{"a":' * 5000])
def test_a_refusal_of_any_shape_is_quoted_as_it_is(body: bytes) -> None:
    assert refused(422, body, None).words
