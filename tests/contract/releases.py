"""What becomes of Helm's actions, as plain data that two clusters can agree on."""

from collections.abc import Awaitable
from typing import Any

from bot.helm.client import Helm
from bot.helm.errors import HelmError
from bot.helm.releases import Location, Revision
from tests.contract.asking import Side, unquoted

TIMEOUT = 60.0
"""Seconds; for a machine with more to do."""


async def outcome(action: Awaitable[Any]) -> Any:
    """What an action answers, or which error it raises with which words."""
    try:
        answer = await action
    except HelmError as error:
        return [type(error).__name__, unquoted(error.words)]
    return shown(answer) if isinstance(answer, Revision) else answer


def shown(revision: Revision) -> list[Any]:
    return [
        revision.number,
        revision.status,
        revision.description,
        dict(revision.labels),
        revision.chart_version,
    ]


async def history(helm: Helm, at: Location) -> list[Any]:
    return [shown(revision) for revision in await helm.history(at)]


async def names(side: Side, what: str) -> list[str]:
    """The objects of a kind in the namespace, but for what it was given with."""
    items = (await side.get(what)).body["items"]
    found = sorted(item["metadata"]["name"] for item in items)
    return [
        name for name in found if name not in ("default", "kube-root-ca.crt") and "helm.release" not in name
    ]
