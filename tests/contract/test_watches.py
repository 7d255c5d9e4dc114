"""Watches: what is told of changes, how one goes on after a break, and what is too old to go on from."""

import asyncio
from typing import Any

import pytest

from bot.cluster.watching import WatchEvent
from tests.contract import objects
from tests.contract.asking import Both, Object, Side, events_of

MAPS = "v1/configmaps"
OWN = "kind=own"


def labelled(name: str, **labels: str) -> Object:
    body = objects.config_map(name)
    body["metadata"]["labels"] = {"kind": "own", **labels}
    return body


async def taken(events: Any, count: int) -> list[Object]:
    async with asyncio.timeout(30):
        return [await anext(events) for _ in range(count)]


def told(events: list[Object]) -> list[Any]:
    return [(event["type"], event["object"]["metadata"].get("name")) for event in events]


async def test_a_watch_tells_what_comes_changes_and_goes(both: Both) -> None:
    async def watched(side: Side) -> list[Object]:
        version = (await side.get(MAPS)).body["metadata"]["resourceVersion"]
        async with side.watch(MAPS, resourceVersion=version, labelSelector=OWN) as events:
            await side.create(MAPS, labelled("a"))
            await side.patch(f"{MAPS}/a", {"data": {"colour": "red"}})
            await side.delete(f"{MAPS}/a")
            return await taken(events, 3)

    events = await both.agree(watched)
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]


async def test_a_watch_from_nowhere_begins_with_what_there_is(both: Both) -> None:
    async def watched(side: Side) -> Any:
        await side.create(MAPS, labelled("a"))
        await side.create(MAPS, labelled("b"))
        async with side.watch(MAPS, labelSelector=OWN) as events:
            first = await taken(events, 2)
            await side.create(MAPS, labelled("c"))
            return sorted(told(first)), told(await taken(events, 1))

    await both.agree(watched)


async def test_what_comes_to_match_or_no_longer_does_is_added_and_deleted(both: Both) -> None:
    async def watched(side: Side) -> Any:
        version = (await side.get(MAPS)).body["metadata"]["resourceVersion"]
        async with side.watch(MAPS, resourceVersion=version, labelSelector="colour=red") as events:
            await side.create(MAPS, labelled("a", colour="blue"))
            await side.patch(f"{MAPS}/a", {"metadata": {"labels": {"colour": "red"}}})
            await side.patch(f"{MAPS}/a", {"metadata": {"labels": {"colour": "blue"}}})
            await side.create(MAPS, labelled("b", colour="red"))
            return told(await taken(events, 3))

    assert await both.agree(watched) == [["ADDED", "a"], ["DELETED", "a"], ["ADDED", "b"]]


async def test_all_there_is_ends_with_a_marked_bookmark(both: Both) -> None:
    """As Helm's own wait watches."""

    async def watched(side: Side) -> Any:
        await side.create(MAPS, labelled("a"))
        query = {
            "allowWatchBookmarks": "true",
            "resourceVersionMatch": "NotOlderThan",
            "sendInitialEvents": "true",
            "labelSelector": OWN,
        }
        async with side.watch(MAPS, **query) as events:
            first, mark = await taken(events, 2)
            return [told([first]), mark["type"], mark["object"]]

    await both.agree(watched)


async def test_initial_events_without_saying_from_when_are_refused(both: Both) -> None:
    query = {"watch": "true", "sendInitialEvents": "true", "timeoutSeconds": "1"}
    code, _, _ = await both.agree(lambda side: side.get(MAPS, **query))
    assert code == 422


async def test_a_watch_goes_on_where_another_broke_off(both: Both) -> None:
    async def watched(side: Side) -> Any:
        version = (await side.get(MAPS)).body["metadata"]["resourceVersion"]
        async with side.watch(MAPS, resourceVersion=version, labelSelector=OWN) as events:
            await side.create(MAPS, labelled("a"))
            (first,) = await taken(events, 1)
        await side.create(MAPS, labelled("b"))
        await side.delete(f"{MAPS}/a")
        place = first["object"]["metadata"]["resourceVersion"]
        async with side.watch(MAPS, resourceVersion=place, labelSelector=OWN) as events:
            return told(await taken(events, 2))

    assert await both.agree(watched) == [["ADDED", "b"], ["DELETED", "a"]]


async def test_a_watch_ends_when_its_time_is_up(both: Both) -> None:
    async def watched(side: Side) -> list[Object]:
        version = (await side.get(MAPS)).body["metadata"]["resourceVersion"]
        async with side.watch(MAPS, resourceVersion=version, timeoutSeconds="1") as events:
            return [event async for event in events]

    assert await both.agree(watched) == []


async def test_one_object_is_not_watched_but_read(both: Both) -> None:
    async def read(side: Side) -> Any:
        await side.create(MAPS, labelled("a"))
        return await side.get(f"{MAPS}/a", watch="true")

    _, body, _ = await both.agree(read)
    assert body["kind"] == "ConfigMap"


async def test_a_watch_of_tables_has_rows_and_columns_once(both: Both) -> None:
    async def watched(side: Side) -> Any:
        await side.create(MAPS, labelled("a"))
        accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
        url = side.url + side.path(MAPS)
        query = {"watch": "true", "labelSelector": OWN}
        async with side.session.get(url, params=query, headers={"Accept": accept}) as response:
            events = events_of(response)
            (first,) = await taken(events, 1)
            await side.patch(f"{MAPS}/a", {"data": {"more": "red"}})
            (second,) = await taken(events, 1)
        return [
            [
                event["type"],
                bool(event["object"].get("columnDefinitions")),
                event["object"]["rows"][0]["cells"][:2],
            ]
            for event in (first, second)
        ]

    await both.agree(watched)


async def test_a_place_that_is_too_old_is_gone(both: Both) -> None:
    """Of a kind that is new neither cluster remembers what was before it."""

    async def watched(side: Side) -> Any:
        group = f"{side.namespace}.example.org"
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        await side.create(definitions, definition(group))
        while (await side.get(f"{group}/v1/things")).code != 200:
            pass  # the real one serves it a moment later
        async with side.watch(f"{group}/v1/things", resourceVersion="1") as events:
            (event,) = await taken(events, 1)
        await side.delete(f"{definitions}/things.{group}")
        status = event["object"]
        return [event["type"], status["code"], status["reason"], status["message"].partition("(")[0]]

    assert await both.agree(watched) == ["ERROR", 410, "Expired", "too old resource version: 1 "]


def definition(group: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": f"things.{group}"}, "spec": spec}


@pytest.mark.parametrize("place", ["nonsense", "-1"])
async def test_a_place_that_is_none_is_refused(both: Both, place: str) -> None:
    code, _, _ = await both.agree(lambda side: side.get(MAPS, watch="true", resourceVersion=place))
    assert code == 500


async def test_the_bot_s_watch_tells_a_state_and_then_its_changes(both: Both) -> None:
    async def watched(side: Side) -> Any:
        await side.create(MAPS, labelled("a"))
        found: list[WatchEvent] = []
        watch = side.cluster.watch("v1", "ConfigMap", side.namespace, labels=OWN)
        async with asyncio.timeout(30):
            async for event in watch:
                found.append(event)
                if event.type == "SYNCED":
                    await side.create(MAPS, labelled("b"))
                    await side.delete(f"{MAPS}/a")
                if len(found) == 4:
                    break
        await watch.aclose()
        objects_of = [(event.type, event.object) for event in found]
        return [(kind, obj.get("metadata", {}).get("name"), obj.get("kind")) for kind, obj in objects_of]

    events = await both.agree(watched)
    assert [event[0] for event in events] == ["ADDED", "SYNCED", "ADDED", "DELETED"]
