"""What somebody does at the cluster while a deploy is under way."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from bot.cluster import Cluster, Ref


async def scaled_during(
    cluster: Cluster, namespace: str, version: str, scaled: dict[str, tuple[int, str]]
) -> None:
    """As soon as Helm has sent the Deployment shop with that version, set replicas, each in a manager's name.

    `scaled` is by the Deployment's name; nothing waits in between, so that it is done before the version fails.
    """
    events = cluster.watch("apps/v1", "Deployment", namespace, fields="metadata.name=shop")
    async with asyncio.timeout(300), aclosing(events) as changes:
        async for change in changes:
            containers = ((change.object.get("spec") or {}).get("template") or {}).get("spec", {})
            if version in str(containers):
                break
    for name, (replicas, manager) in scaled.items():
        ref = Ref("apps/v1", "Deployment", name, namespace)
        await cluster.patch(ref, {"spec": {"replicas": replicas}}, subresource="scale", manager=manager)
