"""What the bot has done since somebody last acted: the evidence that a script's expectations are held against."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.sandbox.telegram import Change, Message, Subscription, World


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message of the bot as it came or was changed to, since the last act."""

    message: Message
    rang: bool
    """It came since the last act, and not silently. An edit makes no sound."""


class Watch:
    """Collects sightings. `forget` just before every act; then what is looked for counts from there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes: Subscription = world.changes()
        self._sightings: list[Sighting] = []
        self._rang: set[tuple[int, int]] = set()

    def forget(self) -> None:
        """Somebody acts: nothing that came before counts any more."""
        self._changes.close()
        self._changes = self._world.changes()
        self._sightings.clear()
        self._rang.clear()

    def close(self) -> None:
        """Look no longer."""
        self._changes.close()

    def seen(self, chat_id: int) -> list[Sighting]:
        """What is left to be seen in a chat of everything since the last act: each message's newest state."""
        newest = {each.message.id: each for each in self._sightings if each.message.chat_id == chat_id}
        return [newest[number] for number in sorted(newest)]

    async def until(self, enough: Callable[[list[Sighting]], bool], within: float) -> bool:
        """Wait until `enough`, which is given all sightings, says so; False after `within` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not enough(self._sightings):
                    self._note(await anext(self._changes))
                return True
        return enough(self._sightings)

    async def quiet(self, chat_id: int, seconds: float) -> bool:
        """Whether nothing comes in a chat for so long, nor came since the last act or expectation."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._note(await anext(self._changes)) != chat_id:
                    pass
                return False
        return True

    def _note(self, change: Change) -> int | None:
        """Remember a change; the chat in which the bot wrote or edited, if that is what it did."""
        message = change.what
        if not isinstance(message, Message) or not message.by_bot:
            return None
        key = (message.chat_id, message.id)
        if change.kind == "deleted":
            self._sightings = [each for each in self._sightings if _key(each.message) != key]
            return None
        if change.kind == "sent" and not message.silent:
            self._rang.add(key)
        self._sightings.append(Sighting(message, key in self._rang))
        return message.chat_id


def _key(message: Message) -> tuple[int, int]:
    return message.chat_id, message.id
