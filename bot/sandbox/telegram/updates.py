"""The queue between what happens and the bot that asks for it (telegram-bot-api Client, td TQueue)."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.clock import Clock

KINDS = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "guest_message",
    "subscription",
    "stopped_message_generation",
]
DEFAULT_KINDS = frozenset(KINDS) - {"chat_member", "message_reaction", "message_reaction_count"}
_KEPT = {"callback_query": 150.0, "inline_query": 30.0}
_KEPT_OTHERWISE = 24 * 3600.0
_FAR_PAST_THE_END = 10


@dataclass(frozen=True, slots=True)
class Update:
    """One update; `key` names the chat or person within which order is kept."""

    id: int
    kind: str
    content: Mapping[str, object]
    key: int
    expires_at: float

    def to_json(self) -> dict[str, object]:
        return {"update_id": self.id, self.kind: self.content}


@dataclass(slots=True)
class Updates:
    """Updates that were not confirmed yet, oldest first, and which kinds the bot asked for."""

    clock: Clock
    allowed: frozenset[str] = DEFAULT_KINDS
    asked: list[str] | None = None
    """The list that set `allowed`, for getWebhookInfo; None for the default."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something to fetch."""
    _waiting: deque[Update] = field(default_factory=deque)
    _next_id: int = field(default_factory=lambda: 100_000_000 + secrets.randbelow(800_000_000))

    def add(self, kind: str, content: Mapping[str, object], key: int) -> bool:
        """Queue an update; False where the bot did not ask for its kind."""
        if kind not in self.allowed:
            return False
        expires_at = self.clock.monotonic() + _KEPT.get(kind, _KEPT_OTHERWISE)
        self._waiting.append(Update(self._next_id, kind, content, key, expires_at))
        self._next_id += 1
        self.arrived.set()
        return True

    def allow(self, kinds: Iterable[object]) -> None:
        """Ask for these kinds from now on; none that is known means the default."""
        named = {str(kind).lower() for kind in kinds}
        self.asked = [kind for kind in KINDS if kind in named] or None
        self.allowed = frozenset(self.asked) if self.asked else DEFAULT_KINDS

    def fetch(self, offset: int, limit: int) -> list[Update]:
        """Up to `limit` updates from `offset` on, forgetting those before it.

        A negative offset keeps the last of that number and forgets the rest; one far past the end is
        answered from the head.
        """
        self._forget_expired()
        if offset < 0:
            while len(self._waiting) > -offset:
                self._waiting.popleft()
        elif 0 < offset <= self._next_id + _FAR_PAST_THE_END:
            while self._waiting and self._waiting[0].id < offset:
                self._waiting.popleft()
        self._note()
        return list(self._waiting)[:limit]

    def forget(self, update_id: int) -> None:
        """Drop one update: it was delivered, or given up."""
        self._waiting = deque(each for each in self._waiting if each.id != update_id)
        self._note()

    def clear(self) -> None:
        """Drop all of them."""
        self._waiting.clear()
        self._note()

    def pending(self) -> tuple[Update, ...]:
        """What waits now, oldest first."""
        self._forget_expired()
        return tuple(self._waiting)

    def _forget_expired(self) -> None:
        now = self.clock.monotonic()
        if any(each.expires_at <= now for each in self._waiting):
            self._waiting = deque(each for each in self._waiting if each.expires_at > now)

    def _note(self) -> None:
        if not self._waiting:
            self.arrived.clear()
