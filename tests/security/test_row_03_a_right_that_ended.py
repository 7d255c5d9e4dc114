"""A right that ends between a prompt and its press, or while something runs, ends there (security.md, row 3)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.commands.disclosing import may_quote
from bot.config import Config
from bot.permissions import Policy
from tests.security.acting import forges, operations, reconfigured, state_of
from tests.worlds import World, open_bot_world

TEAM = -1001000000001


async def test_a_right_that_ended_ends_what_it_offered(world: World) -> None:
    before = state_of(world)
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging", "Full diff"])
    tokens = [button.data or "" for row in plan.buttons for button in row]
    await reconfigured(world, bindings=[{"role": "admin", "people": ["kim"]}])
    assert "Needs: deploy in staging" in await world.dana.presses("Deploy to staging")
    assert "Needs: read diffs in staging" in await world.dana.presses("Full diff")
    await reconfigured(world, people={"kim": {"id": 1001}, "dana": {"id": 999}})
    for token in tokens:
        assert (await forges(world, world.dana.person, plan, token)).text == ""
    assert await operations(world.parts.database) == []
    assert state_of(world) == before


async def test_the_right_to_set_values_is_asked_for_again_at_the_press(world: World) -> None:
    world.dana.says("/deploy shop v1.1 staging --set web.replicas=2")
    await world.sees("Plan: shop → staging v1.1", buttons=["Deploy to staging"])
    await reconfigured(world, bindings=[{"role": "developer", "people": ["dana"]}])
    assert "Needs: set values" in await world.dana.presses("Deploy to staging")
    assert await operations(world.parts.database) == []
    world.dana.says("/deploy shop v1.1 staging --set web.replicas=2", "private", None)
    await world.sees("Refused", chat="private dana")


async def test_manifests_that_are_hidden_now_are_not_shown_by_an_older_button(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2", buttons=["Full diff"])
    await reconfigured(world, environments={"staging": {"disclose": "summary"}})
    await world.dana.presses("Full diff")
    shown = await world.sees("not shown in chats")
    assert shown.document is None


async def test_a_button_of_an_app_that_is_gone_says_so(world: World) -> None:
    world.dana.says("/deploy blog v1.0 staging")
    await world.sees("Plan: blog → staging v1.0", buttons=["Deploy to staging"])
    await reconfigured(
        world, apps={**_apps(world), "blog": {**_apps(world)["blog"], "environments": ["production"]}}
    )
    await world.dana.presses("Deploy to staging")
    await world.sees("blog is not in staging any more")
    assert await operations(world.parts.database) == []


def _apps(world: World) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(world.sandbox.configs[-1].read_text(encoding="utf-8"))["apps"]
    return found


async def test_what_pods_say_is_told_no_longer_to_who_lost_the_right(tmp_path: Path) -> None:
    patient = "environments: {staging: {fail_early: {crash_restarts: 100}}}"
    async with open_bot_world(tmp_path, patient) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
        await world.dana.deploys("v1.0", app="blog", chat="private")
        await world.sees("🔄 blog → staging v1.0[\\s\\S]*KeyError", chat="private dana")
        await reconfigured(world, bindings=[{"role": "admin", "people": ["kim"]}])
        world.mark()
        await world.sees(r"\A🔄 blog → staging v1.0(?![\s\S]*KeyError)", chat="private dana")


@pytest.mark.parametrize(
    ("bindings", "disclose", "in_private", "in_the_team"),
    [
        ([{"role": "deployer", "people": ["dana"]}], "logs", True, True),
        ([{"role": "deployer", "people": ["kim"]}], "logs", False, True),
        ([{"role": "deployer", "people": ["dana"]}], "diff", False, False),
        ([{"role": "viewer", "chats": ["team"]}], "logs", False, True),
    ],
)
def test_where_what_pods_say_may_still_be_told(
    bindings: list[dict[str, Any]], disclose: str, in_private: bool, in_the_team: bool
) -> None:
    config = Config.model_validate(
        {
            "telegram": {"token": "${TOKEN}"},
            "people": {"kim": {"id": 1001}, "dana": {"id": 1002}},
            "chats": {"team": {"id": TEAM}},
            "bindings": bindings,
            "clusters": {"main": {"in_cluster": True}},
            "environments": {"staging": {"cluster": "main", "namespace": "shop", "disclose": disclose}},
            "apps": {"shop": {"chart": "oci://example.org/shop", "environments": ["staging"]}},
        },
        context={"environ": {"TOKEN": "t"}},
    )
    target, policy = config.target("shop", "staging"), Policy.of(config)
    assert may_quote(target, policy, 1002) is in_private
    assert may_quote(target, policy, TEAM) is in_the_team
    assert not may_quote(None, policy, 1002)
