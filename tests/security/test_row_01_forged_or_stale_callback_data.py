"""Whatever a changed client sends as a press, only a live token acts (security.md, row 1)."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.commands.dispatching import REFUSALS
from tests.security.acting import forges, message_of_bot, operations, state_of
from tests.worlds import World

PAYLOADS = st.one_of(
    st.binary(max_size=64).map(lambda data: data.decode("latin-1")[:64]),
    st.text(max_size=64),
    st.from_regex(r"[A-Za-z0-9_-]{24}", fullmatch=True),
    st.sampled_from(
        ["", "-", "run", "deploy.go", '{"name": "deploy.go"}', "' OR 1=1 --", "\x00", "\ud800", "%"]
    ),
)


@given(payloads=st.lists(PAYLOADS, min_size=10, max_size=40))
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_a_forged_payload_is_told_that_it_does_nothing(world: World, payloads: list[str]) -> None:
    before = state_of(world)
    message = message_of_bot(world, world.place("team", world.kim.person).id)
    with capture_logs() as logs:
        answers = await asyncio.gather(*(forges(world, world.kim.person, message, data) for data in payloads))
    assert {answer.text for answer in answers} == {REFUSALS["unknown"]}
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert await operations(world.parts.database) == []
    assert state_of(world) == before


async def test_a_live_token_acts_only_from_its_own_message_and_chat(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    token = plan.buttons[0][0].data
    assert token is not None
    assert len(token.encode()) <= 64
    other = message_of_bot(world, plan.chat_id)
    assert (await forges(world, world.dana.person, other, token)).text == REFUSALS["unknown"]
    private = world.place("private", world.dana.person)
    world.dana.says("/start", "private")
    elsewhere = await world.sees("Dana", chat="private dana")
    assert elsewhere.chat_id == private.id
    assert (await forges(world, world.dana.person, elsewhere, token)).text in REFUSALS.values()
    assert await operations(world.parts.database) == []
    for changed in (token[:-1], token + "A", token.swapcase(), f" {token}", f"{token}\x00"):
        assert (await forges(world, world.dana.person, plan, changed)).text == REFUSALS["unknown"]
    assert await operations(world.parts.database) == []
