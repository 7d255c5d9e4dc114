"""The numbers of Telegram that a test or a script may want to move."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates and ages. Telegram publishes few of them (Bot FAQ), so the defaults are the published ones."""

    chat_per_second: float = 1.0
    """Sustained sends and edits to one chat."""
    chat_burst: int = 5
    """How many may come at once before `chat_per_second` counts."""
    group_per_minute: float = 20.0
    """Sends and edits to one group (a forum's topics share it); all of a minute's may come at once."""
    total_per_second: float = 30.0
    """Sends and edits to all chats together; all of a second's may come at once."""
    penalty: float = 1.0
    """Seconds by which a request that comes before its `retry_after` has passed lengthens it."""
    longest_penalty: float = 300.0
    """Seconds past which a refusal is not lengthened."""
    answer_within: float = 60.0
    """Seconds for which a button's press can be answered. Not published; bots see it after about a minute."""
    delete_within: float = 48 * 3600.0
    """Seconds for which a message can be deleted without the right to delete."""
    upload_bytes: int = 50 * 1024 * 1024
    download_bytes: int = 20 * 1024 * 1024

    @classmethod
    def none(cls) -> Limits:
        """No flood control: for tests of other things."""
        return cls(chat_burst=10**9, group_per_minute=1e9, total_per_second=1e9)
