"""What a push brings about is what the configuration gives to its webhook, and the host is told why not."""

from pathlib import Path

from sqlalchemy import select

from bot.store.tables import AuditRow, OnceRow
from tests.security.acting import operations
from tests.webhooks.calling import NO_SOURCE, Called, write_secret
from tests.webhooks.payloads import NONE, github
from tests.worlds import open_bot_world

VIEWER = "{role: viewer, webhooks: [shop]}"


async def test_only_what_is_listed_is_built_and_nothing_while_all_stands_still(tmp_path: Path) -> None:
    called = Called()
    write_secret(tmp_path)
    config = called.config() + NO_SOURCE.format(folder=tmp_path)
    async with open_bot_world(tmp_path, config) as world:
        for call, status, words in (
            (github(after=NONE), 200, "main was deleted: nothing to build"),
            (github("refs/heads/feature/cart"), 200, "feature/cart is not among the branches"),
            (github("refs/tags/nightly"), 200, "nightly is not among the branches and tags"),
            (github("refs/notes/commits"), 200, "refs/notes/commits is not among"),
            (github(repository={"full_name": "mallory/shop"}), 404, "for team/shop alone"),
            (github(event="ping", zen="Keep it simple"), 200, "pong"),
        ):
            told, said = await called.post(call)
            assert (told, words in said) == (status, True), said
        assert await operations(world.parts.database) == []
        forced = github(
            "refs/heads/release/2.0", forced=True, commits=[], repository={"full_name": "Team/Shop"}
        )
        assert (await called.post(forced))[0] == 202
        await world.sees("❌ build shop release/2.0 · ", buttons=["Build again"])
        await world.sees("❌ GitHub push by octo-lee: build shop release/2.0 failed")
        world.kim.says("/stopall the registry moves")
        await world.sees("⏸ Everything is stopped")
        tag = github("refs/tags/v3.0").signed()
        told, said = await called.post(tag)
        assert (told, said) == (503, "shop v3.0 is not built: all operations are stopped")
        world.kim.says("/startall")
        await world.sees("✅ Operations start again")
        assert (await called.post(tag))[0] == 202
        await world.sees("❌ build shop v3.0 · ")
        world.clock.move(days=31)
        assert (await called.post(github()))[0] == 202
        async with world.parts.database.read() as session:
            assert len(list(await session.scalars(select(OnceRow)))) == 2, "what is old is forgotten"


async def test_a_webhook_whose_role_does_not_build_is_refused_and_that_is_written_down(
    tmp_path: Path,
) -> None:
    called = Called()
    write_secret(tmp_path)
    config = called.config(bindings=VIEWER) + NO_SOURCE.format(folder=tmp_path)
    async with open_bot_world(tmp_path, config) as world:
        told, said = await called.post(github())
        assert (told, said) == (403, "shop may not build shop: its binding does not allow it")
        assert await operations(world.parts.database) == []
        async with world.parts.database.read() as session:
            rows = await session.scalars(select(AuditRow).where(AuditRow.outcome == "refused"))
            told_of = [(row.actor, row.app, "Needs: build on shop" in row.detail) for row in rows]
        assert told_of == [("GitHub push by octo-lee", "shop", True)]
