"""The sandbox's apps are built from their own repositories, without any builder installed."""

from pathlib import Path

from tests.worlds import open_bot_world


async def test_a_branch_is_built_shipped_and_listed_and_what_fails_says_why(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, "builds: {builder: builtin}") as world:
        world.lee.says("/build shop main")
        done = await world.sees(r"✅ build shop main · ", buttons=["Deploy to staging", "Log", "Digest"])
        assert "“Wrap gifts on request” (Dana Sample)" in done.text
        world.lee.says("/images shop")
        listed = await world.sees("shop: 9 images", buttons=["Build"])
        assert "main-" in listed.text
        world.lee.says("/ship blog main staging")
        plan = await world.sees("Plan: blog → staging main-", buttons=["Deploy to staging"])
        assert plan.text.startswith("The image is there.")
        await world.lee.presses("Deploy to staging")
        await world.sees("✅ blog → staging main-")
        world.lee.says("/build shop feature/checked")
        failed = await world.sees("❌ build shop feature/checked", buttons=["Whole log", "Build again"])
        assert "Failed at step 7 of 7: RUN needs another builder" in failed.text
        assert 'RUN ["/srv/shop", "--check"]' in failed.text
