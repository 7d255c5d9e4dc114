"""What was written lately and what came of it, so that a message that is edited is neither lost nor acted on twice.

In memory: after a restart an edited message is one that nothing is known of.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from bot.telegram.incoming import TextMessage

MOST = 2000
"""Messages that are remembered: those of an hour in busy groups."""


@dataclass(frozen=True)
class Said:
    """A message as it was, and whether its command was run."""

    text: str
    acted: bool = False


class Heard:
    """Remembers messages by chat and number."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[int, int], Said] = OrderedDict()

    def replaced(self, message: TextMessage) -> Said | None:
        """What the message was before, if it is known; from now on it is what it is now."""
        key = (message.chat.id, message.message_id)
        before = self._said.pop(key, None)
        self._said[key] = Said(message.text, before.acted if before is not None else False)
        if len(self._said) > MOST:
            self._said.popitem(last=False)
        return before

    def acted(self, message: TextMessage) -> None:
        """The message's command was run."""
        key = (message.chat.id, message.message_id)
        if key in self._said:
            self._said[key] = replace(self._said[key], acted=True)
