"""Role × button × presser, and rights that end between the prompt and the press (security.md, rows 2, 3 and 6)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import select

import handlers
from bot.commands.declaring import BUTTONS
from bot.commands.dispatching import REFUSALS
from bot.commands.requests import Request
from bot.store.tables import ActionRow
from bot.telegram.buttons import Actions
from bot.telegram.messages import Button, Message, Sent
from tests.security.acting import forges, message_of_bot, operations, reconfigured, state_of
from tests.worlds import World

handlers.load()

STALE = {"digest": "0" * 64, "inputs": {}}
"""A digest of no plan: who may confirm is shown a new one, and nothing runs."""

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
    "result.diff": (EVERYBODY, ("kim", "dana", "vic")),
}
"""Who of the sample's people may press each button, in staging and in production."""


def arguments_of(button: str, environment: str) -> dict[str, Any]:
    """What a button of ours would carry."""
    kind: Any = button.partition(".")[0] if button.endswith(".go") else "deploy"
    request = asdict(Request(kind, "shop", environment, "" if kind in ("uninstall", "restart") else "v1.2"))
    place = {"app": "shop", "environment": environment}
    known: dict[str, dict[str, Any]] = {
        "run": {"command": f"/status shop {environment}"},
        "plan.again": {"request": request},
        "plan.close": {},
        "plan.diff": {"request": request},
        "deploy.again": {"request": request},
        "deploy.versions": {"request": request, "skip": 0},
        "deploy.wait": {"request": request},
        "rollback.ask": {**place, "revision": None},
        "release.ask": place,
        "release.mend": {**place, "revision": 2, "to": 1},
        "operation.cancel": {"operation_id": "nothing"},
        "rollout.wait": {"operation_id": "nothing"},
        "rollout.leave": {"operation_id": "nothing"},
        "lock.ask": {**place, "request": request, "since": ""},
        "lock.take": {**place, "request": request, "since": "", "at": "2026-11-25T14:03:00+00:00"},
        "hold.call": {**place, "request": request},
        "stop.finish": {},
        "stop.running": {"operation_ids": []},
        "cluster.accept": {"name": "main", "uid": "nothing"},
        "notice.publish": {"notice_id": 999},
        "notice.discard": {"notice_id": 999},
        "audit.export": {"wanted": {"of_app": "shop", "of_environment": environment, "since": None}},
        "person.suspend": {"person_id": 999, "reason": "lost phone"},
        "pod.events": {**place, "pod": "nothing"},
        "pod.delete.ask": {**place, "pod": "nothing"},
        "pod.delete": {**place, "pod": "nothing", "uid": "none"},
        "result.diff": {**place, "revision": 2},
    }
    return {"request": request, **STALE} if button.endswith(".go") else known[button]


async def offered(
    world: World, message_id: int, chat_id: int, button: str, environment: str, **more: Any
) -> str:
    """A live token of that button at a message."""
    actions = Actions(world.parts.database, world.clock)
    values: dict[str, Any] = {"person_id": None, "lifetime": timedelta(minutes=5)}
    async with world.parts.database.write() as session:
        token = await actions.offer(
            session,
            name=button,
            arguments=arguments_of(button, environment),
            permission=BUTTONS[button].permission,
            app="shop",
            environment=environment,
            chat_id=chat_id,
            **(values | more),
        )
    await actions.bind(Message("x", ((Button("Go", token),),)), Sent(chat_id, message_id))
    return token


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
    assert {each.kind for each in await operations(world.parts.database)} <= {"turn"}
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


def _apps(world: World) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(world.sandbox.configs[-1].read_text(encoding="utf-8"))["apps"]
    return found
