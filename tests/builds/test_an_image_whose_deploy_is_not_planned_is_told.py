"""/ship where the cluster does not let itself be asked once the image is there: the chat has the image all the same."""

from pathlib import Path

from aiohttp import web

from tests.worlds import open_bot_world


async def forbidding(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"kind": "Status", "code": 403, "message": "not today"}, status=403)


async def test_its_message_ends_with_the_image_and_the_way_to_its_deploy(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, "builds: {builder: builtin}") as world:
        world.cluster.meets = forbidding
        world.lee.says("/ship blog main staging")
        done = await world.sees("✅ build blog main · ", buttons=["Deploy to staging", "Log", "Digest"])
        assert "⚠️ Not planned: " in done.text
        assert "not today" in done.text
        await world.sees("✅ Lee: build blog main is done")
        assert [each.id for each in world.news() if "🔄" in each.text] == []
        world.cluster.meets = None
        await world.lee.presses("Deploy to staging")
        await world.sees("Plan: blog → staging main-", buttons=["Deploy to staging"])
