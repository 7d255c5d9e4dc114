"""The logs of containers over HTTP, from what the controllers keep."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key
from tests.sandbox_kubernetes_api.conftest import Http

LOG = "/api/v1/namespaces/default/pods/talker/log"
NOW = datetime.now(UTC)


@pytest.fixture
def uid(cluster: KubernetesServer) -> str:
    """A pod that no controller tends, which has restarted once."""
    uid = "11111111-2222-3333-4444-555555555555"
    metadata = {
        "name": "talker",
        "namespace": "default",
        "uid": uid,
        "deletionTimestamp": "2020-01-01T00:00:00Z",
        "finalizers": ["tests/keep"],
    }
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "main", "image": "main"}], "nodeName": "nowhere"},
        "status": {"phase": "Running"},
    }
    cluster.storage.put(Key("", "pods", "default", "talker"), body)
    logs = cluster.pod_logs
    logs.append("default", uid, "main", 0, "panic: no database", NOW - timedelta(minutes=5))
    for number in range(3):
        logs.append("default", uid, "main", 1, f"line {number}", NOW - timedelta(seconds=100 - 40 * number))
    return uid


async def text(http: Http, query: str = "") -> str:
    async with http.session.get(f"{http.url}{LOG}{query}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


@pytest.mark.usefixtures("uid")
async def test_logs_are_read_whole_or_by_their_end(http: Http) -> None:
    assert await text(http) == "line 0\nline 1\nline 2\n"
    assert await text(http, "?tailLines=1") == "line 2\n"
    old = int((datetime.now(UTC) - NOW).total_seconds())  # the module may have been imported long ago
    assert await text(http, f"?sinceSeconds={old + 70}") == "line 1\nline 2\n"
    assert await text(http, "?previous=true") == "panic: no database\n"
    stamped = await text(http, "?timestamps=true&tailLines=1")
    assert datetime.fromisoformat(stamped.split(" ")[0][:26] + "+00:00") == NOW - timedelta(seconds=20)


async def test_a_followed_log_goes_on_until_the_container_ends(
    cluster: KubernetesServer, http: Http, uid: str
) -> None:
    async with http.session.get(f"{http.url}{LOG}?follow=true&tailLines=1") as answer:
        assert await answer.content.readline() == b"line 2\n"
        cluster.pod_logs.append("default", uid, "main", 1, "line 3", NOW)
        assert await answer.content.readline() == b"line 3\n"
        cluster.pod_logs.end("default", uid, "main", 1)
        assert await answer.content.readline() == b""


@pytest.mark.usefixtures("uid")
async def test_a_container_that_there_is_not_is_named(http: Http) -> None:
    status, answer = await http.ask("GET", f"{LOG}?container=other")
    assert (status, answer["message"]) == (400, "container other is not valid for pod talker")
