"""/stopall and /startall: nothing new starts anywhere until somebody says so."""

from bot.commands.arguments import Reason
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import button, command
from bot.commands.holding import holds_now
from bot.store import holds
from bot.store.holds import Standstill
from bot.store.tables import OperationRow

START = run("Start again", "/startall")


@command("stopall", permission="operations.stop", example="/stopall the database is on fire", group="Operate")
async def stopall(ask: Ask, reason: Reason) -> None:
    """Let nothing new start anywhere; what runs is asked about."""
    begun = Standstill(reason, ask.who.id, ask.who.name, ask.services.clock.now())
    async with ask.services.database.write() as session:
        await holds.begin_standstill(session, begun)
        await ask.record("operations.stop", "done", detail=reason, session=session)
    running = await ask.services.desk.begun()
    choices = [START]
    if running:
        ids = [row.id for row in running]
        choices = [
            Choice(f"Let {len(ids)} finish", "stop.finish"),
            Choice(f"Stop {len(ids)} now", "stop.running", {"operation_ids": ids}, "danger"),
        ]
    await _show(ask, begun, choices, running=running)


@command("startall", permission="operations.stop", example="/startall", group="Operate")
async def startall(ask: Ask) -> None:
    """Let operations start again."""
    found = (await holds_now(ask.services)).standstill
    if found is None:
        await ask.show("said", [run("Operations", "/operations")], heading="Nothing is stopped", lines=[])
        return
    async with ask.services.database.write() as session:
        await holds.end_standstill(session)
        await ask.record(
            "operations.start", "done", detail=f"after {found.by}: {found.reason}", session=session
        )
    ask.services.desk.wake()
    lines = [f"By {ask.who.name}", "Whoever waits has their turn,", "planned again"]
    choices = [run("Operations", "/operations")]
    await ask.show("said", choices, heading="✅ Operations start again", lines=lines)


@button("stop.finish", permission="operations.stop")
async def finish(ask: Ask) -> None:
    """Leave what runs alone."""
    await _show_again(ask, ["What runs may finish"])


@button("stop.running", permission="operations.stop")
async def stop_running(ask: Ask, operation_ids: list[str]) -> None:
    """Cancel what was running when everything was stopped; each is undone or left as its environment says."""
    stopped = [each for each in operation_ids if await ask.services.desk.cancel(each, ask.author)]
    await _show_again(ask, [f"Cancelling {len(stopped)}" if stopped else "All had ended or are stopping"])


async def _show_again(ask: Ask, lines: list[str]) -> None:
    found = (await holds_now(ask.services)).standstill
    if found is None:
        await ask.show("said", heading="✅ Operations start", lines=["Nothing is stopped any more", *lines])
        return
    await _show(ask, found, [START, run("Operations", "/operations")], lines=lines)


async def _show(
    ask: Ask,
    found: Standstill,
    choices: list[Choice],
    running: list[OperationRow] | None = None,
    lines: list[str] | None = None,
) -> None:
    await ask.show(
        "stopped",
        choices,
        by=found.by,
        since=found.since,
        now=ask.services.clock.now(),
        reason=found.reason,
        running=running or [],
        lines=lines or [],
    )
