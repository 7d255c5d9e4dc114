"""Closing revisions that a run of Helm left `pending-*` when it was killed: they would lock their release."""

from typing import Any

from bot.cluster.discovery import Ref
from bot.helm import unfinished
from bot.operations.tools import Tools
from bot.planning.site import Site


async def close_unfinished(tools: Tools, site: Site, *, after: int, words: str) -> None:
    """Mark the unfinished revisions above number `after` as failed because of `words`.

    Only for whoever knows that their run is dead: its own operation, or a person who says so.
    """
    cluster = await tools.cluster(site)
    selector = f"owner=helm,name={site.release},status in ({','.join(unfinished.PENDING)})"
    for secret in await cluster.list("v1", "Secret", site.namespace, labels=selector):
        if int(secret["metadata"]["labels"]["version"]) <= after:
            continue
        body: dict[str, Any] = {
            "metadata": {
                "resourceVersion": secret["metadata"]["resourceVersion"],
                "labels": {"status": unfinished.STATUS},
            },
            "data": {"release": unfinished.ended(secret["data"]["release"], words)},
        }
        await cluster.patch(Ref("v1", "Secret", secret["metadata"]["name"], site.namespace), body)
