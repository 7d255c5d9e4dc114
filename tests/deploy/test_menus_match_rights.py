"""The commands that Telegram proposes as one types "/" are those that the person has there, and nobody else's."""

import asyncio
import json
from pathlib import Path

import yaml

from tests.worlds import World, open_bot_world

EVE = 1005
TEAM, NEWS = -1001000000001, -1001000000002
BINDINGS = [
    {"role": "admin", "people": ["kim"]},
    {"role": "deployer", "people": ["dana"], "environments": ["staging"]},
]


def shown(world: World, *scope: object) -> list[str]:
    """The names in a menu; [] where there is none."""
    found = world.telegram.state.commands.get((json.dumps(scope), ""), [])
    return [each["command"] for each in found]


async def becomes(world: World, *scopes: tuple[object, ...], there: bool) -> None:
    async with asyncio.timeout(300):
        while any(bool(shown(world, *scope)) != there for scope in scopes):
            await asyncio.sleep(0.05)


def written(**sections: object) -> str:
    return yaml.safe_dump(sections)


async def test_people_bound_by_number_or_through_a_chat_have_menus(tmp_path: Path) -> None:
    extra = written(
        bindings=[
            *BINDINGS,
            {"role": "deployer", "people": [EVE]},
            {"role": "viewer", "chats": ["team"]},
        ]
    )
    async with open_bot_world(tmp_path, extra) as world:
        await becomes(world, ("chat", EVE), ("chat", TEAM), ("chat_member", TEAM, EVE), there=True)
        assert "deploy" in shown(world, "chat", EVE)
        assert "apps" in shown(world, "chat", TEAM)
        assert "deploy" not in shown(world, "chat", TEAM)
        assert "deploy" in shown(world, "chat_member", TEAM, EVE)
        channel = [scope for scope, _ in world.telegram.state.commands if str(NEWS) in scope]
        assert channel == []


async def test_menus_of_who_left_go_at_a_reload(tmp_path: Path) -> None:
    eve = [("chat", EVE), ("chat_member", TEAM, EVE)]
    extra = written(bindings=[*BINDINGS, {"role": "viewer", "people": [EVE]}])
    async with open_bot_world(tmp_path, extra) as world:
        kim = ("chat", world.kim.person.id)
        await becomes(world, *eve, kim, there=True)
        (tmp_path / "extra.yaml").write_text(written(bindings=BINDINGS), encoding="utf-8")
        world.kim.says("/reload", "private")
        await world.sees("Configuration reloaded", chat="private kim")
        await becomes(world, *eve, there=False)
        await becomes(world, kim, there=True)
