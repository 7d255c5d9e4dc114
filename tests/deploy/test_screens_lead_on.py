"""No screen is a dead end, and none offers what makes no sense there."""

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.commands import dispatching
from bot.telegram.buttons import Actions
from tests.worlds import World


async def test_a_corrected_command_keeps_its_values(world: World) -> None:
    world.dana.says("/deplyo shop v1.3 staging --set replicas=3", "private")
    await world.sees(
        "Did you mean /deploy", chat="private dana", buttons=["/deploy shop v1.3 staging --set r"]
    )


async def test_a_rollback_to_what_runs_offers_no_deploy(world: World) -> None:
    world.dana.says("/rollback shop staging 2", "private")
    same = await world.sees("already is v1.1", chat="private dana", buttons=["History", "Close"])
    assert "Deploy again" not in [button.label for row in same.buttons for button in row]


async def test_a_press_that_takes_long_is_answered_before_its_screen_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "TOAST_AFTER", 0)
    world.dana.says("/status")
    status = await world.sees("staging", buttons=["shop staging"])
    assert await world.dana.presses("shop staging") == ""
    assert (await world.sees("shop in staging")).id == status.id


async def test_a_toast_that_comes_too_late_is_a_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.clock.stop()
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    await world.sees("🔄 blog", buttons=["Cancel deploy"])
    monkeypatch.setattr(dispatching, "TOAST_AFTER", 0)
    assert await world.dana.presses("Cancel deploy") == ""
    await world.sees("press again to cancel")


async def test_a_screen_is_shown_also_where_the_one_before_can_not_be_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    monkeypatch.setattr(Actions, "retire", full)
    world.dana.says("/status")
    await world.sees("staging", buttons=["shop staging"])
    with capture_logs() as logs:
        assert await world.dana.presses("shop staging") == ""
        await world.sees("shop in staging", buttons=["Pods"])
        await world.dana.presses("Pods")  # handled after what was pressed before
        await world.sees("shop-worker · ")
    assert "the buttons of a screen that is not shown any more were not dropped" in [
        each["event"] for each in logs
    ]
