"""Who there is and where they talk, by the names that scripts use: the people and chats of a configuration.

Puts them into the embedded Telegram, too. What they say and see is left to `player`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import process

from bot.config import Chat as ChatConfig
from bot.config import Config
from bot.sandbox.telegram import World

PRIVATE = "private"
"""What scripts call a person's own chat with the bot."""
STRANGERS: Mapping[str, int] = {"eve": 1005}
"""People that no configuration knows, so that scripts can try what a stranger gets."""
_NAMED_CHATS = -1001900000000
"""Chats that the configuration knows by @name only get ids from here downwards."""


class Unknown(Exception):
    """A script names somebody or some place that there is not, or that this person cannot see."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account."""

    key: str
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A chat. `members` are keys of people; None for a channel, where anybody may look."""

    key: str
    id: int
    topics: Mapping[str, int]
    members: frozenset[str] | None = None
    username: str | None = None


@dataclass(frozen=True)
class Cast:
    """All people and places."""

    people: Mapping[str, Person]
    places: Mapping[str, Place]

    @classmethod
    def of(cls, config: Config, strangers: Mapping[str, int] = STRANGERS) -> Cast:
        """The people and chats of a configuration, and some that it does not know.

        Who is in which group is `sandbox.members`; a group that it does not name has everybody who is
        configured. A chat in which notices are published, without members or topics of its own, is a channel.
        """
        people = {key: Person(key, each.id, each.shown) for key, each in config.people.items()}
        known = frozenset(people)
        people |= {
            key: Person(key, number, key.title()) for key, number in strangers.items() if key not in people
        }
        members = config.sandbox.members if config.sandbox else {}
        channels = {
            channel
            for each in config.environments.values()
            if each.announce
            for channel in each.announce.channels
        }
        places = {}
        for index, (key, chat) in enumerate(config.chats.items()):
            is_channel = key in channels and key not in members and not chat.topics
            present = None if is_channel else frozenset(members.get(key, known))
            places[key] = _place(key, chat, present, _NAMED_CHATS - index)
        return cls(people, places)

    def person(self, key: str) -> Person:
        """Raises: Unknown."""
        if key not in self.people:
            raise Unknown(f"there is nobody called {key!r}{_nearest(key, self.people)}")
        return self.people[key]

    def place(self, key: str, seen_by: Person) -> Place:
        """The chat that a person calls so.

        Raises: Unknown, also for a group that the person is not in.
        """
        if key == PRIVATE:
            return Place(PRIVATE, seen_by.id, {}, frozenset({seen_by.key}))
        if key not in self.places:
            raise Unknown(f"there is no chat called {key!r}{_nearest(key, [PRIVATE, *self.places])}")
        place = self.places[key]
        if place.members is not None and seen_by.key not in place.members:
            raise Unknown(f"{seen_by.key} is no member of {key}")
        return place

    def topic(self, place: Place, name: str | None) -> int | None:
        """The thread id of a topic; None for General.

        Raises: Unknown.
        """
        if name is None or name.casefold() == "general":
            return None
        if name not in place.topics:
            raise Unknown(f"{place.key} has no topic {name!r}{_nearest(name, place.topics)}")
        return place.topics[name]

    def where(self, chat_id: int, thread_id: int | None = None) -> str:
        """How a transcript calls a chat and its topic: `team/deploys`, `private (Dana)`."""
        for place in self.places.values():
            if place.id == chat_id:
                topics = {number: name for name, number in place.topics.items()}
                topic = topics.get(thread_id or 0)
                return f"{place.key}/{topic}" if topic else place.key
        for person in self.people.values():
            if person.id == chat_id:
                return f"{PRIVATE} ({person.name})"
        return str(chat_id)

    def populate(self, world: World) -> None:
        """Give everybody an account, and open the chats with their members and the bot."""
        for person in self.people.values():
            world.add_user(person.id, person.name, username=person.key)
            world.add_private(person.id)
        for place in self.places.values():
            if place.members is None:
                world.add_channel(place.id, place.key.title(), place.username)
                continue
            members = [self.person(key).id for key in sorted(place.members)]
            world.add_group(
                place.id,
                place.key.title(),
                members,
                forum=bool(place.topics),
                topics=place.topics,
                username=place.username,
            )


def _place(key: str, chat: ChatConfig, members: frozenset[str] | None, spare_id: int) -> Place:
    if isinstance(chat.id, str):
        return Place(key, spare_id, dict(chat.topics), members, chat.id.removeprefix("@"))
    return Place(key, chat.id, dict(chat.topics), members)


def _nearest(key: str, known: Mapping[str, object] | list[str]) -> str:
    found = process.extractOne(key, list(known), score_cutoff=60)
    return f"; did you mean {found[0]!r}?" if found else f"; there are: {', '.join(known) or 'none'}"
