"""The chats as one person sees them, in the page's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from bot.sandbox.cast import PRIVATE, Cast, Person
from bot.sandbox.telegram import Action, Button, Change, Chat, File, Message, User, World
from bot.sandbox.telegram.entities import Entity

JSON = dict[str, Any]

_SHOWN: Final = 200
"""Messages of a chat that the page loads."""
_REPLY: Final = 200
"""Characters of the text above a reply."""
_REARRANGED: Final = frozenset(
    [
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
    ]
)
"""Service messages of what a chat is and who is in it, which pages have to load anew."""


class Sight:
    """What `person` sees of this Telegram."""

    def __init__(self, world: World, cast: Cast, person: Person) -> None:
        self._world, self._cast, self.person = world, cast, person
        self._keys = {person.id: person.key for person in cast.people.values()}
        self._places = {place.id: place.key for place in cast.places.values()}

    def chats(self) -> list[JSON]:
        """Every chat that the person is in or may look at, their own with the bot first."""
        found = [chat for chat in self._world.state.chats.values() if self._enters(chat)]
        return [self._chat(chat) for chat in sorted(found, key=_private_first)]

    def enters(self, chat_id: int) -> bool:
        """Whether the person sees that chat."""
        chat = self._world.state.chats.get(chat_id)
        return chat is not None and self._enters(chat)

    def writes(self, chat_id: int) -> bool:
        """Whether people may write there; in channels only the bot does."""
        return self.enters(chat_id) and self._world.state.chats[chat_id].kind != "channel"

    def event(self, change: Change) -> JSON | None:
        """What the person's page is told of it; None for what it does not see."""
        match change.what:
            case Message(service=dict() as service) if _REARRANGED & service.keys():
                return {"type": "reset"}  # also for who sees nothing there any more
            case Message() as message if self._sees(message):
                if change.kind == "deleted":
                    return {"type": "deleted", "chat": message.chat_id, "id": message.id}
                return {"type": "message", "message": self.message(message)}
            case Action() as action if self.enters(action.chat_id):
                shown = {"chat": action.chat_id, "topic": action.thread_id, "action": action.name}
                return {"type": "typing", **shown}
            case Chat() as chat if self._enters(chat):
                return {"type": "pinned", "chat": chat.id, "message": self._pinned(chat)}
        return None

    def message(self, message: Message) -> JSON:
        """A message, and how it stands to the person."""
        sender = message.from_user
        return {
            "id": message.id,
            "chat": message.chat_id,
            "topic": message.thread_id,
            "from": self._sender(message),
            "out": sender is not None and sender.id == self.person.id,
            "at": message.sent_at.astimezone(UTC).isoformat(),
            "edited": message.edited_at is not None,
            "edits": message.edits,
            "silent": message.silent,
            "text": message.text,
            "entities": [_entity(each) for each in message.entities],
            "reply": self._reply(message),
            "buttons": [[_button(button) for button in row] for row in message.buttons],
            "document": None if message.photo else _file(message.file),
            "photo": _file(message.photo),
            "service": self._service(message) if message.service is not None else None,
            "forwarded_from": message.forwarded_from.first_name if message.forwarded_from else None,
            "reaction": message.reaction,
            "album": message.album,
            "only_you": message.receiver_id is not None,
        }

    def _enters(self, chat: Chat) -> bool:
        if chat.private:
            return chat.id == self.person.id
        if chat.kind == "channel":
            return True
        member = chat.members.get(self.person.id)
        return member is not None and member.present and chat.migrated_to is None

    def _sees(self, message: Message) -> bool:
        return self.enters(message.chat_id) and message.receiver_id in (None, self.person.id)

    def _chat(self, chat: Chat) -> JSON:
        messages = self._world.messages(chat.id, seen_by=self.person.id)[-_SHOWN:]
        return {
            "id": chat.id,
            "key": PRIVATE if chat.private else self._places.get(chat.id, str(chat.id)),
            "kind": "group" if chat.group else chat.kind,
            "title": self._world.bot.first_name if chat.private else chat.title,
            "members": self._members(chat),
            "topics": [{"id": topic.id, "name": topic.name} for topic in chat.topics.values()],
            "can_write": self.writes(chat.id),
            "username": chat.username,
            "pinned": self._pinned(chat),
            "messages": [self.message(each) for each in messages],
        }

    def _members(self, chat: Chat) -> int:
        if chat.private:
            return 2
        if chat.kind == "channel":  # anybody may look at it
            return len(self._cast.people)
        return sum(member.present for member in chat.members.values())

    def _pinned(self, chat: Chat) -> JSON | None:
        found = self._world.message(chat.id, chat.pinned[-1]) if chat.pinned else None
        return self.message(found) if found is not None and self._sees(found) else None

    def _sender(self, message: Message) -> JSON:
        if message.sender_chat_id is not None:
            chat = self._world.state.chats.get(message.sender_chat_id)
            title = chat.title if chat is not None else "Channel"
            return {
                "id": message.sender_chat_id,
                "key": self._places.get(message.sender_chat_id),
                "name": title,
                "kind": "chat",
                "badge": "",
            }
        user = message.from_user
        if user is None:
            return {"id": message.chat_id, "key": None, "name": "Telegram", "kind": "chat", "badge": ""}
        return {
            "id": user.id,
            "key": self._keys.get(user.id),
            "name": user.first_name,
            "kind": "bot" if user.is_bot else "person",
            "badge": self._badge(message.chat_id, user),
        }

    def _badge(self, chat_id: int, user: User) -> str:
        if user.is_bot:
            return "bot"
        member = self._world.state.chats[chat_id].members.get(user.id)
        return "admin" if member is not None and member.status in ("creator", "administrator") else ""

    def _reply(self, message: Message) -> JSON | None:
        if message.reply_to is None:
            return None
        target = self._world.message(message.chat_id, message.reply_to)
        if target is None or not self._sees(target):
            return None
        sender = self._sender(target)
        text = message.quote or target.text or (target.file.name if target.file else "")
        return {"id": target.id, "name": sender["name"], "key": sender["key"], "text": text[:_REPLY]}

    def _service(self, message: Message) -> str:
        """What Telegram's apps write between the bubbles."""
        content = message.service or {}
        name = self._sender(message)["name"]
        match dict(content):
            case {"pinned_message": _}:
                return f"{name} pinned a message"
            case {"forum_topic_created": {"name": str(topic)}}:
                return f"The topic {topic} was opened"
            case {"forum_topic_edited": {"name": str(topic)}}:
                return f"The topic is called {topic} now"
            case {"forum_topic_closed": _}:
                return f"{name} closed the topic"
            case {"forum_topic_reopened": _}:
                return f"{name} opened the topic again"
            case {"new_chat_members": _}:
                return f"{name} joined the group"
            case {"left_chat_member": _}:
                return f"{name} left the group"
        return ", ".join(kind.replace("_", " ") for kind in content)


def _private_first(chat: Chat) -> int:
    return ("private", "supergroup", "group", "channel").index(chat.kind)


def _entity(entity: Entity) -> JSON:
    known: JSON = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    extra: Mapping[str, Any] = {"url": entity.url, "language": entity.language}
    return known | {name: value for name, value in extra.items() if value}


def _button(button: Button) -> JSON:
    shown: JSON = {
        "label": button.label,
        "kind": "other",
        "style": button.style or "",
        "disabled": button.disabled,
    }
    if button.data is not None:
        return shown | {"kind": "callback"}
    if button.url is not None:
        return shown | {"kind": "url", "url": button.url}
    if button.copy is not None:
        return shown | {"kind": "copy", "copy": button.copy}
    return shown


def _file(file: File | None) -> JSON | None:
    if file is None:
        return None
    href = f"/api/file/{file.unique_id}"
    return {"name": file.name, "size": len(file.content), "mime": file.mime, "href": href}
