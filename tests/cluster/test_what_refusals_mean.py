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
from bot.cluster.connection import parsed, refused

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
        (401, "Unauthorized", None, ClusterRefused, "does not accept the bot's credentials"),
        (429, "too many requests", None, ClusterUnreachable, "cannot answer now"),
        (503, "", None, ClusterUnreachable, "status 503"),
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
