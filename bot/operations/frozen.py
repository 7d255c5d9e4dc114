"""What was confirmed, kept with its operation until that ends: encrypted, and readable by the bot alone."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.tables import FrozenRow
from bot.store.vault import Vault


class Frozen:
    """Seals and unseals."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def keep(self, session: AsyncSession, operation_id: str, contents: Mapping[str, bytes]) -> None:
        """Store contents by name in the caller's transaction."""
        session.add_all(
            FrozenRow(operation_id=operation_id, name=name, data=self._vault.seal(data))
            for name, data in contents.items()
        )

    async def read(self, operation_id: str, name: str) -> bytes:
        """One of the contents, e.g. the chart archive or the values.

        Raises: StoreError when it was sealed with another key.
        """
        async with self._database.read() as session:
            row = await session.get_one(FrozenRow, (operation_id, name))
        return self._vault.unseal(row.data)
