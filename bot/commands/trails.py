"""The audit trail as the chat reads it: a page of it, and the whole as lines of a document."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands.services import Services
from bot.store import audit
from bot.store.audit import Chain, Filter
from bot.store.tables import AuditRow

MOST_EXPORTED = 50_000
"""Entries of an export: some 15 MB, where Telegram takes 50."""


@dataclass(frozen=True)
class Excerpt:
    """Some entries, newest first, of how many there are."""

    rows: Sequence[AuditRow]
    total: int


@dataclass(frozen=True)
class Export:
    """Entries as JSON Lines, oldest first, of how many there are, and what became of the trail that they are from."""

    lines: Sequence[str]
    total: int
    chain: Chain


async def excerpt(services: Services, wanted: Filter, *, skip: int, most: int) -> Excerpt:
    """The page that begins after `skip` entries."""
    async with services.database.read() as session:
        rows = await audit.page(session, wanted, skip=skip, most=most)
        return Excerpt(rows, await audit.count(session, wanted))


async def export(services: Services, wanted: Filter) -> Export:
    """All entries, or the newest `MOST_EXPORTED` of them, and the verdict on the chain at the same moment."""
    mask = services.masker().mask_text  # line by line: on the whole, one call would take seconds
    async with services.database.read() as session:
        chain = await audit.chain(session)
        lines = [mask(line) async for line in audit.exported(session, wanted, most=MOST_EXPORTED)]
        return Export(lines, await audit.count(session, wanted), chain)
