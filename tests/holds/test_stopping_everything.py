"""/stopall: nothing new starts, whoever asks; /startall lets those who wait have their turn."""

from sqlalchemy import select

from bot.store.tables import AuditRow
from tests.worlds import World


async def test_everything_stops_and_starts_again(world: World) -> None:
    world.dana.says("/deploy shop v1.3 production")
    await world.sees("Plan: shop → PRODUCTION v1.3")
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog", chat="private")
    world.dana.says("/stopall fire", "private")
    await world.sees("Refused\nNeeds: stop all operations", chat="private dana")

    world.kim.says("/stopall the database is on fire", "private")
    await world.sees(
        "⏸ Everything is stopped\nBy Kim .*\n“the database is on fire”\n1 is running:\n🔄 deploy blog → staging · Dana",
        chat="private kim",
        buttons=["Let 1 finish", "Stop 1 now"],
    )
    await world.dana.presses("Deploy to PRODUCTION")
    await world.sees(
        "⏸ Everything is stopped\nBy Kim since .*\n“the database is on fire”",
        buttons=["Tell me when free", "Queue this deploy"],
    )
    await world.dana.presses("Queue this deploy")
    await world.sees("shop → production v1.3 waits")
    world.kim.says("/deploy shop v1.2 staging", "private")  # everybody, also who stopped it
    await world.sees("⏸ Everything is stopped", chat="private kim", buttons=["Start again"])
    for looking in ("/status", "/operations"):
        world.vic.says(looking, "private")
        await world.sees("⏸ Stopped by Kim: “the database is on fire”", chat="private vic")

    await world.kim.presses("Stop 1 now", chat="private")
    await world.sees("Cancelling 1", chat="private kim", buttons=["Start again"])
    await world.sees("⏹ blog → staging cancelled\nBy Kim", chat="private dana")
    await world.kim.presses("Start again", chat="private")
    await world.sees("✅ Operations start again\nBy Kim", chat="private kim")
    await world.sees("It is free now.*\n📋 Plan: shop → PRODUCTION v1.3", buttons=["Deploy to PRODUCTION"])
    async with world.parts.database.read() as session:
        rows = await session.scalars(
            select(AuditRow).where(AuditRow.action.like("operations.%")).order_by(AuditRow.id)
        )
        assert [(row.action, row.actor, row.detail) for row in rows] == [
            ("operations.stop", "Kim", "the database is on fire"),
            ("operations.start", "Kim", "after Kim: the database is on fire"),
        ]
