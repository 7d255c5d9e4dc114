"""A chat named by its public @name is the chat that had the name first, whoever takes it later."""

from pathlib import Path

from bot.sandbox.world import SandboxWorld
from tests.modes.opening import bot_in

NEWS = -1001000000002
THIEF = -1001000000099
CONFIG = {"chats": {"news": {"id": "@shop_news"}}}


async def test_a_name_means_the_chat_that_had_it_first(sandbox: SandboxWorld, tmp_path: Path) -> None:
    telegram = sandbox.servers.telegram
    news = telegram.state.chats[NEWS]
    news.username = "shop_news"
    async with bot_in(sandbox, tmp_path, CONFIG) as world:
        assert world.parts.current.chat("news") == NEWS
        world.dana.says("/whoami", chat="private")
        await world.sees("Your id 1002", chat="private")
    news.username = None
    telegram.world.add_channel(THIEF, "Free money", "shop_news")
    async with bot_in(sandbox, tmp_path, CONFIG) as world:
        assert world.parts.current.chat("news") == NEWS
        world.dana.says("/whoami", chat="private")
        await world.sees("Your id 1002", chat="private")
        assert not world.telegram.messages(THIEF)


async def test_a_name_that_is_nobody_s_is_left_out_and_the_bot_works(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    async with bot_in(sandbox, tmp_path, CONFIG) as world:
        assert world.parts.current.chat("news") is None
        world.dana.says("/whoami", chat="private")
        await world.sees("Your id 1002", chat="private")
