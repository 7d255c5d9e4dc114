"""Who and what the bot does not listen to, and where its answers go."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.worlds import World, open_bot_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEPLOYS, ALERTS = 2, 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_bot_world(tmp_path_factory.mktemp("world")) as world:
        yield world


async def test_what_is_not_somebodys_own_command_gets_silence(world: World) -> None:
    team = world.place("team", world.dana.person).id
    news = world.sandbox.cast.places["news"].id
    dana, eve = world.dana.person.id, world.eve.person.id
    world.telegram.says(dana, team, "good morning", topic=DEPLOYS)
    world.telegram.says(dana, news, "/apps")
    world.telegram.says(dana, team, "/apps", topic=DEPLOYS, as_anonymous_admin=True)
    world.telegram.says(dana, team, "/apps", topic=DEPLOYS, as_channel=news)
    world.telegram.says(dana, team, "/apps@somebody_else_bot", topic=DEPLOYS)
    world.telegram.says(dana, team, "/nothing_like_it", topic=DEPLOYS)
    world.telegram.says(eve, eve, "/apps")
    # updates of one chat are handled in order: once this is answered, those before it have been, too
    world.dana.says("/whoami")
    await world.sees("Your id")
    assert len(world.news()) == 1
    assert not [each for each in world.telegram.messages(news) if each.by_bot]
    assert not [each for each in world.telegram.messages(eve) if each.by_bot]


async def test_answers_stay_in_the_topic_of_the_question(world: World) -> None:
    world.dana.says("/whoami", topic="alerts")
    assert (await world.sees("Your id")).thread_id == ALERTS
    world.dana.says("/deploy shop v1.2 staging", topic="deploys")
    assert (await world.sees("Plan: shop")).thread_id == DEPLOYS
    world.dana.says("/whoami", topic=None)
    assert (await world.sees("Your id")).thread_id is None


async def test_in_groups_an_unknown_command_is_answered_only_when_addressed(world: World) -> None:
    world.dana.says(f"/deplyo@{world.telegram.bot.username} shop")
    assert "Did you mean /deploy" in (await world.sees("Unknown command /deplyo")).text
    world.dana.says("/deplyo shop", "private")
    await world.sees("Unknown command /deplyo", chat="private dana")
