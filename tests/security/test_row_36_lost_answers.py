"""What was done although its answer got lost is looked at, and not done again (security.md, row 36).

`make crash` loses the answer at each call of each kind of work; here it is lost once at each adaptor that changes
something.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.connection import Connection, Request
from bot.cluster.errors import ClusterUnreachable
from bot.helm.client import Helm
from bot.helm.errors import OutcomeUnknown
from bot.outside import OUTSIDE, Outside
from tests.crash.bot import outside
from tests.crash.points import Points
from tests.worlds import World


def test_every_way_out_of_the_process_is_one_whose_answer_can_be_lost(tmp_path: Path) -> None:
    tried = outside(Points(tmp_path))
    assert [
        each.name for each in fields(Outside) if getattr(tried, each.name) is getattr(OUTSIDE, each.name)
    ] == []


async def test_a_release_that_helm_wrote_is_written_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, lost = Helm._write, list[str]()

    async def losing(helm: Helm, request: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        answer = await write(helm, request, *arguments, **named)
        if not lost:
            lost.append(request["do"])
            raise OutcomeUnknown("the worker was cut short")
        return answer

    monkeypatch.setattr(Helm, "_write", losing)
    before = world.history("shop", "shop-staging")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    assert lost == ["upgrade"]
    assert world.history("shop", "shop-staging") == [*("superseded" for _ in before), "deployed"]


async def test_a_restart_that_the_cluster_took_is_asked_for_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, lost = Connection.answer, list[str]()

    async def losing(connection: Connection, request: Request, *arguments: Any, **named: Any) -> Any:
        answer = await call(connection, request, *arguments, **named)
        if request.method == "PATCH" and not lost:
            lost.append(request.path)
            raise ClusterUnreachable("no answer")
        return answer

    monkeypatch.setattr(Connection, "answer", losing)
    before = generations(world)
    world.dana.says("/restart shop staging", "private")
    await world.sees("shop → staging", chat="private dana", buttons=["Restart"])
    await world.dana.presses("Restart", "private")
    await world.sees("✅ shop → staging", chat="private dana")
    assert lost
    assert generations(world) == {name: number + 1 for name, number in before.items()}


def generations(world: World) -> dict[str, int]:
    """How often what each Deployment wants was changed."""
    found = world.cluster.storage.list("apps", "deployments", "shop-staging")
    return {item["metadata"]["name"]: item["metadata"]["generation"] for item in found}
