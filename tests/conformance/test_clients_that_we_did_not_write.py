"""python-telegram-bot, aiogram and pyTelegramBotAPI have the same conversation, by polling and by webhook.

One process has all of it, since starting one takes longer; what fails names its part.
"""

from __future__ import annotations

import pytest

from bot.sandbox.telegram import TelegramServer
from tests.conformance.conversation import LIMITS, STEPS, populate
from tests.conformance.talking import INSTALL, PYTHON, started

TOKEN = "4242:sandbox-secret"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason=f"The client libraries are missing: run {INSTALL}"
)


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
@pytest.mark.parametrize("library", ["ptb", "aiogram", "telebot"])
async def test_a_whole_conversation(library: str, webhook: bool) -> None:
    async with TelegramServer(TOKEN, limits=LIMITS, privacy=False) as server:
        populate(server.world)
        async with started(library, server.url, TOKEN, webhook=webhook) as bot:
            for step in STEPS:
                await step(bot, server.world)
            assert not any(bot.unasked().values())
