"""Who is told how an operation goes; bot.telegram shows it in a chat, a test may just listen."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.operations.view import View
from bot.store.tables import OperationRow


class Audience(Protocol):
    """What the engine tells."""

    def changed(self, operation_id: str, view: View) -> None:
        """The newest view; older ones may never have been shown."""

    async def ended(self, session: AsyncSession, row: OperationRow, view: View) -> None:
        """The operation ends in this transaction: write what must be told in it."""

    def told(self) -> None:
        """That transaction is committed."""
