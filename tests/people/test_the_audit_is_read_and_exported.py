"""The audit trail in the chat: newest first, in pages, filtered, and as a document that says whether it holds."""

import json
from datetime import timedelta

from sqlalchemy import update

from bot.store import audit
from bot.store.tables import AuditRow
from tests.worlds import World, spaced


async def recorded(world: World, count: int) -> None:
    """Entries of an hour each, the newest of now; every third is of production."""
    now = world.clock.now()
    async with world.parts.database.write() as session:
        for number in range(count):
            entry = audit.Entry(
                at=now - timedelta(hours=count - number),
                actor_id=1002,
                actor="Dana",
                action="deploy",
                outcome="started",
                app="shop",
                environment="production" if number % 3 == 0 else "staging",
                detail=f"v1.{number}",
            )
            await audit.record(session, entry)


async def test_it_is_shown_in_pages_filtered_and_exported(world: World) -> None:
    await recorded(world, 30)
    world.lee.says("/audit", "private")
    await world.sees("Needs: read the audit trail", chat="private lee")
    world.lee.says("/deploy shop v1.2 production", "private")
    await world.sees("Needs: deploy in production", chat="private lee")
    world.kim.says("/audit shop", "private")
    first = spaced(
        (await world.sees("Audit: shop\n31 entries", chat="private kim", buttons=["More", "Export"])).text
    )
    assert "Lee\nrefused: shop → production\nNeeds: deploy in production" in first
    assert [line for line in first.splitlines() if line.startswith("v1.")] == [
        f"v1.{n}" for n in range(29, 20, -1)
    ]
    await world.kim.presses("More", "private")
    second = await world.sees("31 entries, from 11", chat="private kim", buttons=["‹ Newer", "More"])
    assert "v1.20\n" in spaced(second.text)
    world.kim.says("/audit production since 5h", "private")
    narrowed = spaced((await world.sees("Audit: production\n", chat="private kim")).text)
    assert [line for line in narrowed.splitlines() if line.startswith("v1.")] == ["v1.27"]
    await world.kim.presses("Export", "private")
    exported = await world.sees("Audit of production: 2 entries", chat="private kim")
    assert "✅ The chain of hashes holds: none of all 32 entries" in spaced(exported.text)
    assert exported.document is not None
    assert exported.document.name.startswith("audit-production-since-")
    lines = [json.loads(line) for line in exported.document.content.decode().splitlines()]
    assert [(line["action"], line["detail"].partition(" ")[0]) for line in lines] == [
        ("deploy", "v1.27"),
        ("refused", "Needs:"),
    ]


async def test_an_export_says_where_the_chain_breaks_and_wrong_words_are_explained(world: World) -> None:
    await recorded(world, 3)
    async with world.parts.database.write() as session:
        await session.execute(update(AuditRow).where(AuditRow.id == 2).values(actor="Kim"))
    world.kim.says("/audit", "private")
    await world.sees("3 entries", chat="private kim")
    await world.kim.presses("Export", "private")
    await world.sees("⚠️ The chain of hashes breaks at entry 2", chat="private kim")
    world.kim.says("/audit stagin 2d", "private")
    await world.sees('No environment "stagin"', chat="private kim", buttons=["/audit staging 2d"])
    world.kim.says("/audit shop soon", "private")
    await world.sees('No app or time "soon"\nSince when: 2d', chat="private kim")
