"""What hostile people do that Telegram's own apps would not let them, and what came of it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import yaml
from sqlalchemy import func, select

from bot.sandbox.cast import Person
from bot.sandbox.telegram.messages import Answer, Message, Query
from bot.sandbox.telegram.wire import query_json
from bot.store.database import Database
from bot.store.tables import OperationRow, UpdateRow
from tests.worlds import LONGEST, World


async def until(holds: Callable[[], Awaitable[Any]], within: float = LONGEST) -> None:
    """Wait for what nothing announces, such as a row of the bot's database.

    Raises: TimeoutError.
    """
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.02)


def message_of_bot(world: World, chat_id: int, text: str = "A message of the bot") -> Message:
    """Put a message in a chat that the bot is said to have sent there."""
    state = world.telegram.state
    return state.put(
        Message(
            id=state.next_message_id(state.chats[chat_id]),
            chat_id=chat_id,
            sent_at=state.clock.now(),
            from_user=state.bot,
            text=text,
            by_bot=True,
        )
    )


async def forges(world: World, person: Person, message: Message, data: str) -> Answer:
    """Press a button that no app showed: a changed client sends whatever it likes; the answer to it."""
    state = world.telegram.state
    number = str(secrets.randbelow(9 * 10**18) + 10**18)
    query = Query(number, state.users[person.id], message, data, state.clock.monotonic())
    state.queries[number] = query
    state.updates.add("callback_query", query_json(query, state), person.id)
    return await world.telegram.answered(number, within=LONGEST)


async def handled(world: World) -> None:
    """Wait until the bot has taken every update and is done with it."""
    await until(lambda: _none_waits(world))


async def _none_waits(world: World) -> bool:
    if world.telegram.state.updates.pending():
        return False
    async with world.parts.database.read() as session:
        return not await session.scalar(
            select(func.count()).select_from(UpdateRow).where(UpdateRow.done_at.is_(None))
        )


async def operations(database: Database) -> list[OperationRow]:
    """All operations that were ever started."""
    async with database.read() as session:
        return list(await session.scalars(select(OperationRow).order_by(OperationRow.created_at)))


def state_of(world: World) -> dict[tuple[str, ...], str]:
    """Every object of the cluster that people or releases own, by its place, with its version.

    What clusters do by themselves (leases, events, statuses of nodes) is left out.
    """
    kinds = ("configmaps", "deployments", "secrets", "services", "statefulsets")
    found: dict[tuple[str, ...], str] = {}
    for key in sorted(world.cluster.storage.keys()):
        if key.resource in kinds:
            item = world.cluster.storage.peek(key)
            assert item is not None
            generation = item["metadata"].get("generation", item["metadata"]["resourceVersion"])
            found[(key.group, key.resource, key.namespace, key.name)] = (
                f"{item['metadata']['uid']} {generation}"
            )
    return found


async def reconfigured(world: World, **changes: Any) -> None:
    """Write other sections into the bot's last configuration file and put it into force."""
    path = world.sandbox.configs[-1]
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(content | changes), encoding="utf-8")
    assert await world.parts.reload() == []
