"""Stopping an operation: whose one may stop, and stopping a deploy in order to roll back.

Whoever may roll back may stop the deploy that stands in the way: at 3 a.m. nobody may have to find its author first.
Its author is told by the ring of the deploy's own end (bot.commands.live).
"""

import asyncio
import contextlib

from bot.commands.ask import Ask, Refused
from bot.commands.choices import Choice
from bot.operations.deploy import Deploy
from bot.operations.desk import Order
from bot.operations.errors import Busy
from bot.planning.going_back import Stopping
from bot.planning.plan import Plan
from bot.store.tables import OperationRow

AT_MOST = 1.0
"""Seconds that a deploy runs on so that people see first that it is being stopped."""


def may_stop(ask: Ask, row: OperationRow) -> bool:
    """Whether the person may stop this operation: their own, or anybody's."""
    own = row.author_id == ask.who.id and ask.may("deploy.cancel", row.app, row.environment).allowed
    return own or ask.may("deploy.cancel.others", row.app, row.environment).allowed


def need_to_stop(ask: Ask, row: OperationRow) -> None:
    """Go on only if the person may stop it.

    Raises: Refused.
    """
    if not may_stop(ask, row):
        decision = ask.may("deploy.cancel.others", row.app, row.environment)
        raise Refused(decision, row.place)


async def in_the_way(ask: Ask, busy: Busy) -> Stopping | None:
    """The deploy that a rollback would stop first; None where it is no deploy, or a first install."""
    row = await ask.services.desk.find(busy.holder)
    if row is None or row.kind != Deploy.kind or not row.arguments["base"]:
        return None
    return Stopping(row.id, row.author_name, row.version or "", row.arguments["base"])


def label(ask: Ask, stopping: Stopping) -> str:
    """The button's words."""
    whose = "your" if stopping.author == ask.who.name else f"{stopping.author}'s"
    return f"Stop {whose} deploy and roll back"


async def stop_and_queue(ask: Ask, stopping: Stopping, order: Order, plan: Plan) -> None:
    """Stop the deploy and hand in the rollback behind it, both or neither; the rollback begins when that has ended.

    Raises: Spent, Held.
    """
    operation_id = await ask.submit(order, wait=True, stops=stopping.operation_id)
    cancel = Choice("Cancel the rollback", "operation.cancel", {"operation_id": operation_id})
    place = f"{plan.app} → {plan.environment}"
    lines = [f"{stopping.author}'s deploy of {stopping.version} is being stopped", "The rollback follows"]
    try:
        # Shown before the rollback can begin, whose own message this becomes; Telegram may be slow, and waits then.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AT_MOST):
                await ask.show("said", [cancel], heading=f"⏳ {place} back to {plan.version}", lines=lines)
    finally:
        ask.services.desk.stop_now(stopping.operation_id, ask.author)
