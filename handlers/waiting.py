"""What a person decides of a rollout that the cluster keeps up: it waits, or is left as it is.

Going back is a rollback like any other (handlers.rollback): it stops the deploy first.
"""

from bot.commands.ask import Ask
from bot.commands.declaring import button
from bot.commands.stopping import need_to_stop
from bot.store.tables import OperationRow

OVER = "It is not held any more"


@button("rollout.wait", permission="deploy.cancel")
async def wait(ask: Ask, operation_id: str) -> None:
    """Let a held rollout wait: nobody is asked again for a while."""
    row = await _held(ask, operation_id)
    if row is None or not ask.services.desk.let_wait(operation_id, ask.author):
        ask.toast(OVER)
        return
    await ask.record("rollout.wait", "done", app=row.app, environment=row.environment, detail=operation_id)
    ask.toast("It goes on by itself when that heals")


@button("rollout.leave", permission="deploy.cancel")
async def leave(ask: Ask, operation_id: str) -> None:
    """End a held rollout where it stands, whatever the environment says of failures."""
    row = await _held(ask, operation_id)
    if row is None:
        ask.toast(OVER)
        return
    need_to_stop(ask, row)
    stopped = await ask.services.desk.cancel(operation_id, ask.author, leaves=True)
    ask.toast("It is left as it is" if stopped else OVER)


async def _held(ask: Ask, operation_id: str) -> OperationRow | None:
    row = await ask.services.desk.find(operation_id)
    return row if row is not None and row.state == "running" and row.view.get("held") else None
