"""What the community's channel is told of a deploy into production, and when it is not."""

from pathlib import Path

from sqlalchemy import select

from bot.store.tables import AuditRow
from tests.worlds import World, open_bot_world, spaced

NEWS = "news"


async def _deployed(world: World, version: str) -> None:
    world.dana.says(f"/deploy shop {version} production", "private")
    plan = await world.sees(f"shop (→|in) PRODUCTION {version}|already is", chat="private dana")
    if "already is" in spaced(plan.text):
        await world.dana.presses("Deploy again", "private")
        await world.sees(f"shop → PRODUCTION {version}", chat="private dana")
    await world.dana.presses("Deploy to PRODUCTION", "private")
    await world.sees(f"✅ shop → PRODUCTION {version}", chat="private dana")


async def test_a_notice_is_reviewed_published_and_withdrawn(world: World) -> None:
    await _deployed(world, "v1.2")
    draft = await world.sees("Publish: shop v1.2", buttons=["Publish", "Discard"])
    assert not world.news(NEWS)
    # a right of its own: a viewer in the same chat has it not
    assert "notice" in await world.vic.presses("Publish")
    await world.kim.presses("Publish")
    closed = await world.sees("Published: shop v1.2")
    assert closed.id == draft.id
    await world.sees("Shop 1.2 is out", chat=NEWS)
    # neither a redeploy nor an older version is news
    await _deployed(world, "v1.2")
    await _deployed(world, "v1.1")
    assert not world.news() + world.news(NEWS)
    world.dana.says("/rollback shop production", "private")
    await world.sees("Roll back: shop", chat="private dana")


async def test_a_rollback_withdraws_a_published_notice(tmp_path: Path) -> None:
    extra = "environments: {production: {announce: {channels: [news], review: none}}}"
    async with open_bot_world(tmp_path, extra) as world:
        await _deployed(world, "v1.2")
        notice = await world.sees("Shop 1.2 is out", chat=NEWS)
        await world.dana.presses("Roll back to v1.1", "private")
        await world.sees("Roll back: shop → PRODUCTION v1.1", chat="private dana")
        await world.dana.presses("Roll back to v1.1", "private")
        withdrawn = await world.sees("Shop 1.2 was withdrawn at .*; Shop 1.1 is back", chat=NEWS)
        assert withdrawn.id == notice.id
        assert "Shop 1.2 is out" in withdrawn.text
        await world.sees("v1.1 is back", chat="private dana")


async def test_a_channel_that_refuses_leaves_the_draft_to_be_published_later(world: World) -> None:
    channel = world.place(NEWS, world.kim.person)
    await _deployed(world, "v1.2")
    draft = await world.sees("Publish: shop v1.2", buttons=["Publish", "Discard"])
    world.telegram.remove_bot(channel.id)
    await world.kim.presses("Publish")
    refused = await world.sees(r"No channel took the notice \(news\)[\s\S]*administrator")
    assert refused.id != draft.id
    assert not world.news(NEWS)
    world.telegram.add_channel(channel.id, "news")
    await world.kim.presses("Publish")
    closed = await world.sees("Published: shop v1.2")
    assert closed.id == draft.id
    await world.sees("Shop 1.2 is out", chat=NEWS)


async def test_an_older_draft_is_no_news_once_a_newer_version_is_out(world: World) -> None:
    await _deployed(world, "v1.2")
    await world.sees("Publish: shop v1.2")
    await _deployed(world, "v1.3")
    await world.sees("Publish: shop v1.3")
    await world.kim.presses("Publish")
    await world.sees("Shop 1.3 is out", chat=NEWS)
    await world.sees("Published: shop v1.3")
    await world.kim.presses("Publish")
    await world.sees("v1.2 is no news any more: v1.3 was announced")
    assert not world.news(NEWS)
    await world.kim.presses("Discard")
    await world.sees("Discarded: shop v1.2")
    async with world.parts.database.read() as session:
        query = select(AuditRow).where(AuditRow.action.startswith("notice.")).order_by(AuditRow.id)
        rows = (await session.scalars(query)).all()
    assert [(row.action, row.actor, row.environment, row.detail) for row in rows] == [
        ("notice.publish", "Kim", "production", "v1.3"),
        ("notice.discard", "Kim", "production", "v1.2"),
    ]
