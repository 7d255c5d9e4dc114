"""Watches, as they arrive on the wire."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.sandbox.kubernetes import storage
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.sandbox_kubernetes_api.builders import CONFIG_MAPS, MERGE, config_map
from tests.sandbox_kubernetes_api.conftest import Http

SETTINGS = f"{CONFIG_MAPS}/settings"


class Events:
    def __init__(self, lines: Any) -> None:
        self._lines = lines

    async def next(self) -> tuple[str, Any]:
        line = await asyncio.wait_for(self._lines.readline(), 300)
        event = json.loads(line)
        return event["type"], event["object"]

    async def ended(self) -> bool:
        line: bytes = await asyncio.wait_for(self._lines.readline(), 300)
        return not line


@asynccontextmanager
async def watch(http: Http, query: str) -> AsyncIterator[Events]:
    async with http.session.get(f"{http.url}{CONFIG_MAPS}?watch=true&{query}") as answer:
        assert answer.status == 200
        yield Events(answer.content)


async def test_a_watch_goes_on_from_a_list(http: Http) -> None:
    listed = await http.get(CONFIG_MAPS)
    async with watch(http, f"resourceVersion={listed['metadata']['resourceVersion']}") as events:
        await http.create(CONFIG_MAPS, config_map(a="1"))
        await http.ask("PATCH", SETTINGS, {"data": {"a": "2"}}, kind=MERGE)
        await http.ask("DELETE", SETTINGS)
        seen = [await events.next() for _ in range(3)]
    assert [kind for kind, _ in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert seen[1][1]["data"] == {"a": "2"}


async def test_initial_events_end_with_a_marked_bookmark(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map())
    query = "allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    async with watch(http, query) as events:
        kinds = [await events.next() for _ in range(3)]
    assert [kind for kind, _ in kinds] == ["ADDED", "ADDED", "BOOKMARK"]
    bookmark = kinds[2][1]["metadata"]
    assert bookmark["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark["resourceVersion"]


async def test_an_object_that_stops_matching_is_deleted_for_the_watcher(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map(labels={"a": "b"}))
    async with watch(http, "labelSelector=a=b") as events:
        assert (await events.next())[0] == "ADDED"
        await http.ask("PATCH", SETTINGS, {"metadata": {"labels": {"a": "c"}}}, kind=MERGE)
        assert (await events.next())[0] == "DELETED"
        await http.ask("PATCH", SETTINGS, {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)
        assert (await events.next())[0] == "ADDED"


async def test_a_watch_ends_when_its_time_is_up(http: Http) -> None:
    listed = await http.get(CONFIG_MAPS)
    version = listed["metadata"]["resourceVersion"]
    async with watch(http, f"resourceVersion={version}&timeoutSeconds=1") as events:
        assert await events.ended()


async def test_a_version_that_is_gone_is_told_as_410(cluster: KubernetesServer, http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map())
    key = storage.Key("", "configmaps", "default", "settings")
    for number in range(storage.HISTORY + 1):
        cluster.storage.put(key, {**config_map(n=str(number))})
    async with watch(http, "resourceVersion=2") as events:
        kind, status = await events.next()
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
