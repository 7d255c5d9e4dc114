"""Watches: everything first, then changes, and no gap when the connection or the place is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.cluster import Cluster, ClusterRefused, ClusterUnreachable, Identity, Ref, WatchEvent
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import HISTORY, Key, Storage
from tests.faults.clusters import without_watches


def name(event: WatchEvent) -> str:
    return str(event.object.get("metadata", {}).get("name", ""))


async def until(events: AsyncIterator[WatchEvent], kind: str, wanted: str = "") -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    async with asyncio.timeout(300):
        async for event in events:
            seen.append((event.type, name(event)))
            if event.type == kind and wanted in ("", name(event)):
                return seen
    return seen


async def created_at_last(cluster: Cluster, name: str) -> None:
    """Create a Secret as soon as the server is back."""
    async with asyncio.timeout(300):
        while True:
            with contextlib.suppress(ClusterUnreachable):
                await cluster.create("v1", "Secret", "shop", {"metadata": {"name": name}})
                return


async def test_first_what_is_there_then_what_changes(cluster: Cluster) -> None:
    await cluster.create("v1", "Secret", "shop", {"metadata": {"name": "a"}})
    async with contextlib.aclosing(cluster.watch("v1", "Secret", "shop")) as events:
        assert await until(events, "SYNCED") == [("ADDED", "a"), ("SYNCED", "")]
        await cluster.create("v1", "Secret", "shop", {"metadata": {"name": "b"}})
        await cluster.patch(Ref("v1", "Secret", "a", "shop"), {"metadata": {"labels": {"x": "y"}}})
        await cluster.delete(Ref("v1", "Secret", "b", "shop"))
        assert await until(events, "DELETED") == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


async def test_a_restart_of_the_server_loses_nothing(cluster: Cluster, server: KubernetesServer) -> None:
    await cluster.create("v1", "Secret", "shop", {"metadata": {"name": "a"}})
    async with contextlib.aclosing(cluster.watch("v1", "Secret", "shop")) as events:
        await until(events, "SYNCED")
        await server.down(0.2)
        assert await until(events, "LOST") == [("LOST", "")]
        await created_at_last(cluster, "b")
        assert ("ADDED", "b") in await until(events, "ADDED", "b")


def while_away(storage: Storage) -> None:
    """One of each change, and after them more than the server remembers, so that the watch's place is gone."""

    def at(name: str) -> Key:
        return Key("", "secrets", "shop", name)

    kept = storage.get(at("b"))
    assert kept is not None
    storage.delete(at("a"))
    storage.put(at("b"), kept | {"metadata": kept["metadata"] | {"labels": {"x": "y"}}})
    storage.put(at("c"), kept | {"metadata": kept["metadata"] | {"name": "c", "uid": "other"}})
    for i in range(HISTORY + 1):
        storage.put(
            Key("", "configmaps", "shop", "filler"),
            {"metadata": {"name": "filler", "namespace": "shop", "uid": "filler"}, "data": {"i": str(i)}},
        )


async def test_a_lost_place_is_found_again_by_comparing(cluster: Cluster, server: KubernetesServer) -> None:
    for each in ("a", "b"):
        await cluster.create("v1", "Secret", "shop", {"metadata": {"name": each}})
    async with contextlib.aclosing(cluster.watch("v1", "Secret", "shop")) as events:
        await until(events, "SYNCED")
        await server.down(0.1)
        while_away(server.storage)
        seen = await until(events, "SYNCED")
    assert {("DELETED", "a"), ("MODIFIED", "b"), ("ADDED", "c")} <= set(seen)


async def test_a_server_that_forgets_every_place_at_once_is_not_listed_without_a_break(
    cluster: Cluster, server: KubernetesServer
) -> None:
    asked = 0

    async def counted(request: web.Request) -> web.StreamResponse | None:
        nonlocal asked
        asked += 1
        return await without_watches(request)

    server.meets = counted
    async with contextlib.aclosing(cluster.watch("v1", "Secret", "shop")) as events:
        for name in "abc":
            await until(events, "SYNCED")
            await cluster.create("v1", "Secret", "shop", {"metadata": {"name": name}})
            assert ("ADDED", name) in await until(events, "SYNCED")
    assert asked < 50


async def test_objects_can_be_chosen(cluster: Cluster) -> None:
    await cluster.create("v1", "Secret", "shop", {"metadata": {"name": "a", "labels": {"app": "shop"}}})
    await cluster.create("v1", "Secret", "shop", {"metadata": {"name": "b"}})
    async with contextlib.aclosing(cluster.watch("v1", "Secret", "shop", labels="app=shop")) as events:
        assert await until(events, "SYNCED") == [("ADDED", "a"), ("SYNCED", "")]


async def test_who_may_not_watch_is_told(cluster: Cluster) -> None:
    stranger = cluster.as_(Identity("stranger"))
    with pytest.raises(ClusterRefused) as refused:
        await anext(aiter(stranger.watch("v1", "Secret", "shop")))
    assert refused.value.code == 403
