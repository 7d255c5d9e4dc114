"""Which numbers the configuration's chats have: a public name is resolved once and pinned, a moved group followed.

A public name can change its owner; the number it had first is what was meant.
"""

from collections.abc import Mapping

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot.store.database import Database
from bot.store.tables import ChatRow
from bot.telegram.chats import Moves

log = structlog.get_logger(__name__)


class Pins:
    """Resolves chats."""

    def __init__(self, bot: Bot, database: Database) -> None:
        self._bot = bot
        self._database = database

    async def resolve(self, chats: Mapping[str, int | str]) -> dict[str, int]:
        """Ids by the configuration's names; a public name that Telegram does not know is left out and logged."""
        moves = Moves(self._database)
        await moves.load()
        found = {}
        for name, chat_id in chats.items():
            number = chat_id if isinstance(chat_id, int) else await self._pinned(chat_id)
            if number is not None:
                found[name] = moves.follow(number)
        return found

    async def _pinned(self, public_name: str) -> int | None:
        async with self._database.read() as session:
            row = await session.get(ChatRow, public_name)
        if row is not None:
            return row.chat_id
        try:
            chat = await self._bot.get_chat(public_name)
        except TelegramError as error:
            log.warning("a chat's public name can't be resolved", chat=public_name, error=str(error))
            return None
        async with self._database.write() as session:
            await session.merge(ChatRow(name=public_name, chat_id=chat.id))
        return chat.id
