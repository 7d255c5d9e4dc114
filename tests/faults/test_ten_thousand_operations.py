"""After years of work the store holds ten thousand operations, and a conversation still reads only what it shows."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Mapper

from tests.installed import make_store, open_world
from tests.worlds import QUICK, SETTLING, World, open_bot

MANY = 10_000
READ = 2_500
"""Rows of one table that a conversation may read in all, so that it holds no whole table in memory."""
LARGE = ("operation", "step", "verdict", "audit", "inbox", "outbox", "action")


async def test_a_conversation_reads_what_it_shows_and_no_more(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        store = sandbox.kubeconfig.parent / "pilothouse.db"
        await make_store(store)
        with closing(sqlite3.connect(store)) as connection, connection:
            _fill(connection, sandbox.servers.cluster.uid)
        with _seen() as (rows, statements):
            async with open_bot(sandbox, SETTLING) as world:
                await _conversation(world)
    assert {table: count for table, count in rows.items() if count > READ} == {}
    with closing(sqlite3.connect(store)) as connection:
        whole = [
            asked for asked, given in statements.items() if _reads_a_whole_table(connection, asked, given)
        ]
        assert whole == []
        assert (
            connection.execute("SELECT count(*) FROM inbox").fetchone()[0] < READ
        )  # old updates were tidied up
        assert connection.execute("SELECT count(*) FROM operation").fetchone()[0] > MANY


async def _conversation(world: World) -> None:
    world.dana.says("/operations")
    await world.sees("shop → staging v9999")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    world.dana.says("/history shop staging")
    await world.sees(r"shop in staging: history\n.*v1\.2")
    world.kim.says("/audit shop staging", "private")
    await world.sees("v1.2 operation", chat="private kim")
    world.dana.says("/rollback shop staging")
    await world.sees("Roll back: shop → staging v1.1")


@contextmanager
def _seen() -> Iterator[tuple[Counter[str], dict[str, tuple[Any, ...]]]]:
    """What the bot's store is asked from now on: how many rows of each table came of it, and the statements."""
    rows: Counter[str] = Counter()
    statements: dict[str, tuple[Any, ...]] = {}

    def loaded(row: Any, _context: object) -> None:
        rows[row.__tablename__] += 1

    def asked(_1: object, _2: object, statement: str, parameters: Any, _3: object, is_many: bool) -> None:
        # What is deleted is looked for once an hour; a page ends where it is full.
        if not is_many and statement.startswith(("SELECT", "UPDATE")) and "OFFSET" not in statement:
            statements[statement] = tuple(parameters)

    event.listen(Mapper, "load", loaded)
    event.listen(Engine, "before_cursor_execute", asked)
    try:
        yield rows, statements
    finally:
        event.remove(Mapper, "load", loaded)
        event.remove(Engine, "before_cursor_execute", asked)


def _reads_a_whole_table(connection: sqlite3.Connection, statement: str, parameters: tuple[Any, ...]) -> bool:
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return any(re.match(rf"SCAN ({'|'.join(LARGE)})$", step) for step in steps)


def _fill(connection: sqlite3.Connection, cluster: str) -> None:
    """Ten thousand deploys of shop into staging, one an hour, the newest an hour ago, and all that they left."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for number in range(MANY):
        at = now - timedelta(hours=MANY - number)
        _insert(connection, "operation", _operation(f"x{number}", cluster, at, f"v{number}"))
        for step in ("preflight", "rollout"):
            _insert(
                connection, "step", {"operation_id": f"x{number}", "name": step, "state": "done", "at": at}
            )
        _insert(connection, "verdict", _verdict(cluster, number - MANY, at))
        _insert(connection, "audit", _entry(number, at))
        update = {"update_id": number + 1, "lane": "l", "payload": "{}", "attempts": 1}
        _insert(connection, "inbox", {**update, "received_at": at, "done_at": at})
        message = {"chat_id": 1002, "message": "{}", "urgency": 1, "state": "sent"}
        _insert(connection, "outbox", {**message, "created_at": at})
        action = {"token": f"t{number}", "name": "run", "arguments": "{}", "permission": "logs.view"}
        _insert(connection, "action", {**action, "chat_id": 1, "created_at": at, "expires_at": at})


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    row = [str(value) if isinstance(value, datetime) else value for value in values.values()]
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def _operation(id_: str, cluster: str, at: datetime, version: str) -> dict[str, Any]:
    return {
        "id": id_, "kind": "deploy", "subject": f"{cluster}/shop-staging/shop", "arguments": "{}", "app": "shop",
        "environment": "staging", "version": version, "state": "ended", "epoch": 1, "priority": 0,
        "author_id": 1002, "author_name": "Dana", "created_at": at, "started_at": at, "ended_at": at,
        "view": json.dumps({"note": "as it was " * 100}), "view_number": 9,
        "outcome": json.dumps({"result": "done"}),
    }  # fmt: skip


def _verdict(cluster: str, revision: int, at: datetime) -> dict[str, Any]:
    place = {"cluster": cluster, "namespace": "shop-staging", "release": "shop", "revision": revision}
    return {**place, "health": "healthy", "at": at}


def _entry(number: int, at: datetime) -> dict[str, Any]:
    what = {"action": "deploy", "outcome": "ended", "app": "shop", "environment": "staging", "detail": ""}
    return {"at": at, "actor_id": 1002, "actor": "Dana", **what, "hash": f"{number:064}"}
