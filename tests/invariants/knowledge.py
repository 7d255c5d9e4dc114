"""What is known beside the bot: who said and pressed what, what they saw then, and what others did.

It is a person's knowledge: read off the chats, never off the bot's own store.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.sandbox.cast import Person
from bot.sandbox.telegram import Message
from bot.sandbox.telegram import World as Telegram
from tests.worlds import spaced

CONFIRMING = re.compile(
    r"Deploy to |Roll back to \S+( in |$)|Restart in |Uninstall from |Take over |Stop .* deploy and roll back|Remove "
)
"""How the buttons begin that confirm something."""
_PLAN = re.compile(r"^(?:📋|🚫) (Plan|Roll back|Restart|Uninstall): (\S+) → (\S+)(?: (\S+))?$", re.MULTILINE)
_AUTHOR = re.compile(r"^Plan [0-9a-f]{4} by (\S+)", re.MULTILINE)
_DIGEST = re.compile(r"image .*?([0-9a-f]{4})…([0-9a-f]{2})")
_KINDS = {"Plan": "deploy", "Roll back": "rollback", "Restart": "restart", "Uninstall": "uninstall"}


@dataclass(frozen=True)
class Plan:
    """A plan as its message tells it."""

    kind: str
    app: str
    environment: str
    version: str
    author: str
    digest: tuple[str, str] = ("", "")
    """The beginning and the end of the image's digest, where they are told."""

    @classmethod
    def told(cls, text: str) -> "Plan | None":
        """What a message tells; None where it shows no plan."""
        text = spaced(text)
        found, author, digest = _PLAN.search(text), _AUTHOR.search(text), _DIGEST.search(text)
        if found is None or author is None:
            return None
        title, app, environment, version = found.groups()
        told = (digest[1], digest[2]) if digest is not None else ("", "")
        return cls(_KINDS[title], app, environment.lower(), version or "", author[1], told)


@dataclass(frozen=True)
class Offer:
    """A button that a message of the bot once had."""

    data: str
    label: str
    message: Message

    @property
    def confirms(self) -> bool:
        """Whether pressing it means yes to what is shown."""
        return CONFIRMING.match(self.label) is not None

    @property
    def plan(self) -> Plan | None:
        """What it would confirm."""
        return Plan.told(self.message.text)


@dataclass
class Press:
    """Somebody pressed a button; `allowed` is whether they had any right to change something, then or since."""

    person: Person
    offer: Offer
    query_id: str
    allowed: bool
    disturbed: bool = False
    """Whether something went wrong since, that may have cost its answer."""


@dataclass
class Knowledge:
    """All that happened in one example."""

    telegram: Telegram
    offers: dict[str, Offer] = field(default_factory=dict)
    """By what Telegram carries, the oldest first."""
    presses: list[Press] = field(default_factory=list)
    commands: list[tuple[Person, Message]] = field(default_factory=list)
    plans: dict[tuple[int, int], list[Plan]] = field(default_factory=dict)
    """What a message has shown, by its chat and id."""
    by_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Revisions that somebody made beside the bot, by app and environment."""
    deleted: int = 0
    steps: list[str] = field(default_factory=list)

    async def look_on(self) -> None:
        """See all that the bot writes, until this is cancelled."""
        with self.telegram.changes() as changes:
            async for change in changes:
                if change.kind in ("sent", "edited") and isinstance(change.what, Message):
                    self._see(change.what)

    def _see(self, message: Message) -> None:
        if not message.by_bot:
            return
        for button in (each for row in message.buttons for each in row):
            if button.data:
                self.offers.setdefault(button.data, Offer(button.data, button.label, message))
        if plan := Plan.told(message.text):
            self.plans.setdefault((message.chat_id, message.id), []).append(plan)

    def disturb(self) -> None:
        """Something goes wrong from now on."""
        for press in self.presses:
            press.disturbed = True

    def confirmations(self) -> Iterator[Press]:
        """Presses that mean yes."""
        return (each for each in self.presses if each.offer.confirms)

    async def news(self, within: float) -> None:
        """Return when something happens in a chat, or the time is over."""
        with self.telegram.changes() as changes:
            try:
                async with asyncio.timeout(within):
                    await anext(aiter(changes))
            except TimeoutError:
                return
