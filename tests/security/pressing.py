"""Live buttons of every kind, as a message of the bot would carry them."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from bot.commands.declaring import BUTTONS
from bot.commands.requests import Request
from bot.telegram.buttons import Actions
from bot.telegram.messages import Button, Message, Sent
from tests.worlds import World

STALE = {"digest": "0" * 64, "inputs": {}}
"""A digest of no plan: who may confirm is shown a new one, and nothing runs."""


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
        "lock.take": {
            **place,
            "request": request,
            "since": "",
            "holder": "Kim",
            "at": "2026-11-25T14:03:00+00:00",
        },
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
        "build.anew": {"app": "shop", "ref": "main"},
        "build.log": {"operation_id": "nothing"},
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
