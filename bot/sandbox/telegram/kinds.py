"""The kinds of files that messages carry, and what Telegram says of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the right it takes to send one, its name in refusals, and the numbers that describe it."""

    permission: str
    plural: str
    facts: tuple[str, ...] = ()


KINDS = {
    "document": Kind("can_send_documents", "documents"),
    "photo": Kind("can_send_photos", "photos", ("width", "height")),
    "video": Kind("can_send_videos", "videos", ("width", "height", "duration")),
    "animation": Kind("can_send_other_messages", "animations", ("width", "height", "duration")),
    "audio": Kind("can_send_audios", "music", ("duration",)),
    "voice": Kind("can_send_voice_notes", "voice notes", ("duration",)),
}
"""By the Bot API's names; what follows `send` in the method's name is the same."""
TEXT = Kind("can_send_messages", "text messages")
_TOGETHER = ({"photo", "video"}, {"document"}, {"audio"})
"""What an album may be made of."""


def go_together(kinds: set[str]) -> bool:
    """Whether one album may hold these kinds."""
    return any(kinds <= each for each in _TOGETHER)
