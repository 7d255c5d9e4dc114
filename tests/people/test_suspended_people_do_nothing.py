"""A lost phone holds rights: they end everywhere at once, and only the configuration gives them back."""

from typing import Any

import pytest
import yaml
from sqlalchemy import select

import handlers
from bot.commands.declaring import BUTTONS, COMMANDS
from bot.store.tables import AuditRow
from tests.security.acting import forges, message_of_bot, operations, reconfigured, state_of
from tests.security.pressing import offered
from tests.worlds import World, spaced


def written(world: World) -> dict[str, Any]:
    """The sample's configuration; what a test changes is laid over it."""
    found: dict[str, Any] = yaml.safe_load(world.sandbox.configs[0].read_text(encoding="utf-8"))
    return found


async def suspends(world: World, who: str, chat: str = "private") -> str:
    world.kim.says(f"/suspend {who} lost phone – on the train, yesterday.", chat)
    await world.sees(rf"🚫 Suspend {who.title()}\?", chat="private kim")
    await world.kim.presses("Suspend", chat)
    return spaced((await world.sees("is suspended", chat="private kim")).text)


async def test_nothing_that_a_suspended_person_has_open_does_anything(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    world.lee.says("/deploy shop v1.2 staging", "private")
    await world.sees("Plan: shop → staging v1.2", chat="private lee")
    await world.lee.deploys("v1.0", app="blog")
    await world.sees("🔄 blog → staging v1.0")
    world.dana.says("/deploy blog v0.8 staging", "private")
    await world.sees("blog in staging is taken", chat="private dana")
    await world.dana.presses("Deploy when free", "private")
    await world.sees("blog → staging v0.8 waits", chat="private dana")

    told = await suspends(world, "lee")
    assert "By Kim" in told
    assert "“lost phone – on the train, yesterday.”" in told
    assert "Still running: deploy\nblog → staging v1.0" in told
    assert "suspended" in await world.lee.presses("Deploy to staging", "private")
    for text in ("/whoami", "/start", "/deploy shop v1.2 staging", "/nothing", "/cancel"):
        world.lee.says(text, "private")
        refused = await world.sees("You are suspended", chat="private lee")
        assert spaced(refused.text) == "🚫 Refused\nYou are suspended\nAsk: Kim"

    await suspends(world, "dana")
    await world.sees("blog → staging does not wait", chat="private dana")
    world.clock.move(seconds=3)  # past what counts as a double tap on the deploy's own button
    world.kim.says("/suspend lee again", "private")
    await world.sees("Lee is suspended", chat="private kim", buttons=["Stop blog → staging"])
    await world.kim.presses("Stop blog", "private")
    await world.sees("⏹ blog → staging cancelled")
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]


async def test_only_another_configuration_of_that_person_ends_it_and_for_good(world: World) -> None:
    await suspends(world, "dana")
    before = written(world)
    people = {**before["people"], "nina": {"id": 1009}}
    await reconfigured(
        world, people=people, bindings=[*before["bindings"], {"role": "viewer", "people": ["nina"]}]
    )
    world.dana.says("/whoami", "private")
    await world.sees("You are suspended", chat="private dana")
    world.kim.says("/whois dana", "private")
    await world.sees("Suspended .*\nby Kim: “lost phone", chat="private kim")
    changed = {**people, "dana": {**before["people"]["dana"], "name": "Dana D"}}
    laid_over = world.sandbox.configs[-1]
    content = yaml.safe_load(laid_over.read_text(encoding="utf-8"))
    laid_over.write_text(yaml.safe_dump({**content, "people": changed}), encoding="utf-8")
    world.kim.says("/reload", "private")
    await world.sees("Dana is not suspended any more", chat="private kim")
    await reconfigured(world, people=before["people"], bindings=before["bindings"])
    world.dana.says("/whoami", "private")
    await world.sees("deployer in staging and production", chat="private dana")
    async with world.parts.database.read() as session:
        rows = list(await session.scalars(select(AuditRow).where(AuditRow.action == "person.suspend")))
    assert [(row.actor, row.outcome) for row in rows] == [("Kim", "done"), ("the configuration", "ended")]


async def test_whoever_suspends_is_told_what_it_means_and_must_say_whom_and_why(world: World) -> None:
    world.lee.says("/suspend dana lost phone")
    await world.sees("Needs: suspend people")
    world.kim.says("/suspend", "private")
    await world.sees(r"Whom, and why\?", chat="private kim")
    world.kim.says("/suspend Dana", "private")
    await world.sees(r"Why\?", chat="private kim")
    world.kim.says("/suspend daan lost phone", "private")
    await world.sees("Nobody is called daan", chat="private kim", buttons=["/suspend dana lost phone"])
    world.kim.says("/suspend 1005 lost phone", "private")
    await world.sees("Nobody is called 1005", chat="private kim")
    world.kim.says("/suspend kim lost phone", "private")
    asked = await world.sees(r"Suspend Kim\?", chat="private kim", buttons=["Suspend Kim", "Close"])
    assert "⚠️ That is yourself\n⚠️ Nobody would be left who may suspend" in spaced(asked.text)


@pytest.mark.long(10)
async def test_every_command_and_every_button_is_refused(world: World) -> None:
    handlers.load()
    await suspends(world, "dana")
    place = world.place("team", world.dana.person)
    before, wrong = state_of(world), []
    for name in COMMANDS:
        world.dana.says(COMMANDS[name].example, "private")
        answer = await world.sees(".", chat="private dana")
        if spaced(answer.text) != "🚫 Refused\nYou are suspended\nAsk: Kim":
            wrong.append((name, answer.text))
    for button in BUTTONS:
        message = message_of_bot(world, place.id)
        token = await offered(world, message.id, place.id, button, "staging")
        answer_to_press = await forges(world, world.dana.person, message, token)
        if answer_to_press.text != "You are suspended · Ask: Kim":
            wrong.append((button, answer_to_press.text))
        assert world.telegram.message(place.id, message.id) == message
    assert wrong == []
    assert await operations(world.parts.database) == []
    assert state_of(world) == before
