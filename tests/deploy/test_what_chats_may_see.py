"""`disclose` decides what pods said in a chat, and every way there goes by it."""

from pathlib import Path

import pytest

from tests.worlds import open_bot_world, spaced


async def test_an_environment_that_discloses_summaries_quotes_no_pods(tmp_path: Path) -> None:
    extra = "environments: {staging: {disclose: summary, on_failure: leave}}"
    async with open_bot_world(tmp_path, extra) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
        plan = await world.dana.deploys("v1.0", app="blog")
        end = await world.sees("❌ blog → staging v1.0 failed")
        assert "crashed at start, exit 1" in spaced(end.text)
        world.dana.says("/status blog staging")
        status = await world.sees("blog in staging")
        shown = [each.text for each in world.telegram.messages(plan.chat_id) if each.by_bot]
        assert status.text in shown
        assert not [text for text in shown if "KeyError" in text or "Traceback" in text]


@pytest.mark.parametrize(("more", "labels"), [("", ["Close"]), (", history.view", ["History", "Close"])])
async def test_a_way_back_to_what_runs_leads_to_the_history_of_who_may_see_it(
    tmp_path: Path, more: str, labels: list[str]
) -> None:
    extra = f"""
roles: {{mender: {{permissions: [app.view, deploy.rollback{more}]}}}}
bindings: [{{role: mender, people: [vic]}}]
"""
    async with open_bot_world(tmp_path, extra) as world:
        world.vic.says("/rollback shop staging 2", "private")
        told = await world.sees("v1.1", chat="private vic", buttons=["Close"])
    assert [button.label for row in told.buttons for button in row] == labels
