"""A store whose disk is full for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database


class Filling(Database):
    """Its next `refusals` writes are not committed, once `room` more were."""

    room, refusals = 0, 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with super().write() as session:
            yield session
            if self.room:
                self.room -= 1
            elif self.refusals:
                self.refusals -= 1
                raise OperationalError("COMMIT", None, Exception("database or disk is full"))
