"""/operations and /cancel: what runs, and how to stop it."""

from bot.commands.arguments import OperationId
from bot.commands.ask import Ask
from bot.commands.choices import Choice
from bot.commands.declaring import button, command
from bot.commands.holding import holds_now, lines_of
from bot.commands.stopping import may_stop, need_to_stop
from bot.commands.tapping import SECOND_TAP
from bot.store.tables import OperationRow

SHOWN = 10


@command("operations", permission="operations.view", example="/operations")
async def operations(ask: Ask) -> None:
    """What runs now, and what ended last."""
    rows = [row for row in await ask.services.desk.recent(SHOWN) if _may_see(ask, row)]
    running = [row for row in rows if row.state != "ended"]
    choices = [_cancel_choice(row, f"Cancel {row.id}") for row in running[:4] if may_stop(ask, row)]
    holds = lines_of(await holds_now(ask.services), [(row.app or "", row.environment or "") for row in rows])
    await ask.show("operations", choices, rows=rows, holds=holds)


@command("cancel", permission="deploy.cancel", example="/cancel", group="Deploy")
async def cancel(ask: Ask, operation: OperationId | None = None) -> None:
    """Stop an operation: what it started is undone or left, as the environment says."""
    rows = [row for row in await ask.services.desk.recent(50) if row.state != "ended" and _may_see(ask, row)]
    if operation is not None:
        rows = [row for row in rows if row.id == operation.lower()]
    mine = [row for row in rows if row.author_id == ask.who.id]
    wanted = mine if len(mine) == 1 else rows
    if len(wanted) == 1:
        await _stop(ask, wanted[0])
        return
    if not rows:
        await ask.show("said", heading="Nothing to cancel", lines=["No such operation runs"])
        return
    open_to_me = [row for row in rows if may_stop(ask, row)]
    if not open_to_me:
        need_to_stop(ask, rows[0])
    choices = [_cancel_choice(row, _label(row)) for row in open_to_me[:8]]
    await ask.show("said", choices, heading="Cancel", lines=["Which one?"])


@button("operation.cancel", permission="deploy.cancel")
async def press(ask: Ask, operation_id: str) -> None:
    """Stop the operation of this message."""
    row = await ask.services.desk.find(operation_id)
    if row is None or row.state == "ended":
        ask.toast("It has ended already")
        return
    started = row.started_at or row.created_at
    if ask.services.clock.now() - started < SECOND_TAP and row.state == "running":
        ask.toast("It has just begun: press again to cancel")
        return
    await _stop(ask, row)


async def _stop(ask: Ask, row: OperationRow) -> None:
    need_to_stop(ask, row)
    stopped = await ask.services.desk.cancel(row.id, ask.author)
    words = f"Cancelling {row.place}" if stopped else "It has ended or is stopping already"
    if ask.pressed:
        ask.toast(words)
    else:
        await ask.show("said", heading=words, lines=[])


def _label(row: OperationRow) -> str:
    """Where it is and what it does: a deploy and those who wait for it have the same place."""
    what = "wait of" if row.kind == "turn" else row.kind
    whose = f" {row.author_name}" if row.kind == "turn" else f" {row.version}" if row.version else ""
    return f"{row.place}: {what}{whose}"


def _may_see(ask: Ask, row: OperationRow) -> bool:
    return ask.may("operations.view", row.app, row.environment).allowed


def _cancel_choice(row: OperationRow, label: str) -> Choice:
    return Choice(
        label, "operation.cancel", {"operation_id": row.id}, app=row.app, environment=row.environment
    )
