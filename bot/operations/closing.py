"""Closing revisions that a run of Helm left `pending-*` when it was killed: they would lock their release."""

from typing import Any

from bot.cluster.discovery import Ref
from bot.helm import unfinished
from bot.operations.tools import Tools
from bot.planning.releases import OPERATION_LABEL
from bot.planning.site import Site


async def close_unfinished(
    tools: Tools, site: Site, *, after: int, words: str, operation_id: str | None = None
) -> None:
    """Mark the unfinished revisions above number `after` as failed because of `words`.

    Only for whoever knows that their run is dead: its own operation, which names itself so that somebody else's
    living upgrade is left alone, or a person who says so. A rollback has the labels of what it returns to.
    """
    cluster = await tools.cluster(site)
    selector = f"owner=helm,name={site.release},status in ({','.join(unfinished.PENDING)})"
    for secret in await cluster.list("v1", "Secret", site.namespace, labels=selector):
        labels = secret["metadata"]["labels"]
        ours = labels.get(OPERATION_LABEL) == operation_id or labels["status"] == "pending-rollback"
        if int(labels["version"]) <= after or not (ours or operation_id is None):
            continue
        body: dict[str, Any] = {
            "metadata": {
                "resourceVersion": secret["metadata"]["resourceVersion"],
                "labels": {"status": unfinished.STATUS},
            },
            "data": {"release": unfinished.ended(secret["data"]["release"], words)},
        }
        await cluster.patch(Ref("v1", "Secret", secret["metadata"]["name"], site.namespace), body)
