"""The progress of one run: events fold into the newest view, which is stored now and then and told at once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Self

from sqlalchemy import update

from bot.clock import Clock
from bot.events import Event, Held, Note, PodTrouble, StepEnded
from bot.operations.audience import Audience
from bot.operations.operation import Outcome
from bot.operations.view import View
from bot.store.database import Database
from bot.store.tables import OperationRow


class Progress:
    """Folds events while it is open; a task of its own stores the view, so that events may come by the hundred."""

    def __init__(
        self,
        database: Database,
        audience: Audience,
        clock: Clock,
        row: OperationRow,
        *,
        flush_every: float,
        mask: Callable[[str], str],
    ) -> None:
        """`mask` hides secrets in what clusters and applications say, before the view holds it."""
        self._database = database
        self._audience = audience
        self._clock = clock
        self._id = row.id
        self._epoch = row.epoch
        self._flush_every = flush_every
        self._mask = mask
        self._dirty = asyncio.Event()
        self._flushing: asyncio.Task[None] | None = None
        self.view = View.of(row)

    async def __aenter__(self) -> Self:
        self._flushing = asyncio.create_task(self._flush_forever(), name=f"view of {self._id}")
        self._audience.changed(self._id, self.view)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.wait((self._flushing,))
            if not self._flushing.cancelled():
                self._flushing.result()  # the store could not be written: the run is made again

    def tell(self, event: Event) -> None:
        """Fold one event into the view, masked."""
        self._show(self.view.folded(_masked(event, self._mask), self._clock.now()))

    def cancelling(self, by: str, *, leaves: bool) -> None:
        """Show that somebody stopped the operation, with `leaves` to be left as it is."""
        self._show(self.view.as_cancelling(by, leaves=leaves))

    def waiting(self, by: str) -> None:
        """Show that somebody lets a held rollout wait."""
        self._show(self.view.as_waiting(by))

    def _show(self, view: View) -> None:
        if view is not self.view:
            self.view = view
            self._audience.changed(self._id, view)
            self._dirty.set()

    def ended(self, outcome: Outcome, at: datetime) -> View:
        """The final view; the engine stores it with the end."""
        self.view = self.view.with_end(outcome, at)
        return self.view

    async def _flush_forever(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            view = self.view
            # A view of before a cancel must not come after it: it knows neither who stopped it nor how.
            over = ("ended",) if view.cancelling else ("ended", "cancelling")
            async with self._database.write() as session:
                await session.execute(
                    update(OperationRow)
                    .where(OperationRow.id == self._id, OperationRow.view_number < view.number)
                    .where(OperationRow.state.not_in(over), OperationRow.epoch == self._epoch)
                    .values(view=view.model_dump(mode="json"), view_number=view.number)
                    .execution_options(synchronize_session=False)
                )
            await self._clock.sleep(self._flush_every)


def _masked(event: Event, mask: Callable[[str], str]) -> Event:
    """The event with others' words masked. Names stay as they are: by these later events find what they change."""
    match event:
        case PodTrouble(trouble=it):
            words, quote, advice = mask(it.words), mask(it.quote), mask(it.advice)
            return replace(event, trouble=replace(it, words=words, quote=quote, advice=advice))
        case Note():
            return replace(event, text=mask(event.text))
        case Held():
            return replace(event, words=mask(event.words))
        case StepEnded():
            return replace(event, detail=mask(event.detail))
        case _:
            return event
