"""Role × button × presser: a button does for each what they may, and for others nothing (security.md, row 2)."""

from collections.abc import Mapping

import pytest
from sqlalchemy import select

from bot.commands.declaring import BUTTONS
from bot.commands.dispatching import REFUSALS
from bot.store.tables import ActionRow
from tests.security.acting import forges, message_of_bot, operations, state_of
from tests.security.pressing import offered
from tests.worlds import World

STAGING_TEAM = ("kim", "dana", "lee")


DEPLOYERS = ("kim", "dana")


EVERYBODY = ("kim", "dana", "lee", "vic")


MATRIX: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "run": (EVERYBODY, ("kim", "dana", "vic")),
    "plan.again": (STAGING_TEAM, DEPLOYERS),
    "plan.close": (EVERYBODY, EVERYBODY),
    "plan.diff": (EVERYBODY, ("kim", "dana", "vic")),
    "deploy.go": (STAGING_TEAM, DEPLOYERS),
    "deploy.again": (STAGING_TEAM, DEPLOYERS),
    "deploy.versions": (STAGING_TEAM, DEPLOYERS),
    "deploy.wait": (STAGING_TEAM, DEPLOYERS),
    "rollback.go": (STAGING_TEAM, DEPLOYERS),
    "rollback.ask": (STAGING_TEAM, DEPLOYERS),
    "restart.go": (STAGING_TEAM, DEPLOYERS),
    "uninstall.go": (DEPLOYERS, DEPLOYERS),
    "release.ask": (DEPLOYERS, DEPLOYERS),
    "release.mend": (DEPLOYERS, DEPLOYERS),
    "operation.cancel": (STAGING_TEAM, DEPLOYERS),
    "rollout.wait": (STAGING_TEAM, DEPLOYERS),
    "rollout.leave": (STAGING_TEAM, DEPLOYERS),
    "lock.ask": (DEPLOYERS, DEPLOYERS),
    "lock.take": (DEPLOYERS, DEPLOYERS),
    "hold.call": (EVERYBODY, ("kim", "dana", "vic")),
    "stop.finish": (("kim",), ("kim",)),
    "stop.running": (("kim",), ("kim",)),
    "cluster.accept": (("kim",), ("kim",)),
    "notice.publish": (("kim",), ("kim",)),
    "notice.discard": (("kim",), ("kim",)),
    "person.suspend": (("kim",), ("kim",)),
    "audit.export": (("kim",), ("kim",)),
    "pod.delete.ask": (STAGING_TEAM, DEPLOYERS),
    "pod.delete": (STAGING_TEAM, DEPLOYERS),
    "pod.events": (EVERYBODY, ("kim", "dana", "vic")),
    "build.anew": (STAGING_TEAM, DEPLOYERS),
    "build.log": (STAGING_TEAM, DEPLOYERS),
    "result.diff": (EVERYBODY, ("kim", "dana", "vic")),
}
"""Who of the sample's people may press each button, in staging and in production."""


def test_every_button_has_its_row() -> None:
    assert set(MATRIX) == set(BUTTONS)


@pytest.mark.long(15)
@pytest.mark.parametrize("environment", ["staging", "production"])
async def test_who_may_presses_and_who_may_not_is_refused(world: World, environment: str) -> None:
    place = world.place("team", world.kim.person)
    before = state_of(world)
    wrong = []
    for button, row in MATRIX.items():
        allowed = row[environment == "production"]
        for actor in (world.kim, world.dana, world.lee, world.vic, world.eve):
            message = message_of_bot(world, place.id)
            started = len(await operations(world.parts.database))
            token = await offered(world, message.id, place.id, button, environment)
            answer = await forges(world, actor.person, message, token)
            refused = "Needs:" in answer.text
            shown = world.telegram.message(place.id, message.id)
            touched = shown != message or len(await operations(world.parts.database)) != started
            may = actor.person.key in allowed
            silent = not answer.text and not touched
            right = silent if actor is world.eve else refused != may and (may or not touched)
            if not right:
                wrong.append((button, actor.person.key, answer.text, touched))
    assert wrong == []
    assert {each.kind for each in await operations(world.parts.database)} <= {"turn", "build"}
    assert state_of(world) == before


async def test_a_button_for_one_person_is_for_nobody_else(world: World) -> None:
    place = world.place("team", world.kim.person)
    for button in BUTTONS:
        message = message_of_bot(world, place.id)
        token = await offered(world, message.id, place.id, button, "staging", person_id=world.dana.person.id)
        for actor in (world.kim, world.lee, world.vic):
            assert (await forges(world, actor.person, message, token)).text == REFUSALS["not yours"]
        assert world.telegram.message(place.id, message.id) == message
    assert await operations(world.parts.database) == []


async def test_every_button_is_bound_to_the_place_that_its_arguments_name(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    world.dana.says("/status shop staging", "private")
    await world.sees("shop", chat="private dana")
    async with world.parts.database.read() as session:
        rows = list(await session.scalars(select(ActionRow)))
    assert rows
    for row in rows:
        named = row.arguments.get("request") or row.arguments
        if "app" in named:
            assert (row.app, row.environment) == (named["app"], named["environment"])
