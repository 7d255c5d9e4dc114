"""Waiting for what controllers do, by watching for it."""

import asyncio
from collections.abc import Callable

from tests.contract.asking import Object, Side

LONGEST = 30.0
"""Seconds; that much only where the machine has other things to do."""


async def until(side: Side, what: str, true: Callable[[list[Object]], bool], **query: str) -> list[Object]:
    """The objects of a kind, once they are as they should be."""
    known: dict[str, Object] = {}
    async with asyncio.timeout(LONGEST), side.watch(what, **query) as events:
        listed = await side.get(what, **query)
        known = {item["metadata"]["name"]: item for item in listed.body["items"]}
        while not true(list(known.values())):
            event = await anext(events)
            name = event["object"]["metadata"]["name"]
            known[name] = event["object"]
            if event["type"] == "DELETED":
                del known[name]
    return list(known.values())


async def gone(side: Side, what: str) -> None:
    """Until there is no such object any more."""
    kind, _, name = what.rpartition("/")
    await until(side, kind, lambda items: not items, fieldSelector=f"metadata.name={name}")
