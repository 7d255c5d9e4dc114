"""Groups that became supergroups: their old id leads to the new one, for good."""

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import ChatRow

_PREFIX = "moved:"


class Moves:
    """Where chats moved to, remembered over restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._to: dict[int, int] = {}

    async def load(self) -> None:
        """Read what earlier runs learnt."""
        async with self._database.read() as session:
            for row in await session.scalars(select(ChatRow).where(ChatRow.name.startswith(_PREFIX))):
                self._to[int(row.name.removeprefix(_PREFIX))] = row.chat_id

    def follow(self, chat_id: int) -> int:
        """The id that the chat has now."""
        seen = {chat_id}
        while (there := self._to.get(chat_id)) is not None and there not in seen:
            seen.add(there)
            chat_id = there
        return chat_id

    async def remember(self, old: int, new: int) -> None:
        """The chat `old` is `new` from now on."""
        if old == new or self._to.get(old) == new:
            return
        self._to[old] = new
        async with self._database.write() as session:
            await session.merge(ChatRow(name=f"{_PREFIX}{old}", chat_id=new))
