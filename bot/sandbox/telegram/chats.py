"""People and the places where they talk, with what the Bot API says of them."""

from __future__ import annotations

from dataclasses import dataclass, field

ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_post_messages",
    "can_edit_messages",
)
GONE = ("left", "kicked")
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_edit_tag",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_react_to_messages",
)
GENERAL_TOPIC = 1


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    username: str | None = None
    is_bot: bool = False
    last_name: str | None = None
    language_code: str | None = None

    def to_json(self) -> dict[str, object]:
        given = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        extra = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        return given | {name: value for name, value in extra.items() if value}


# Telegram's own accounts, under whose names others write (telegram-bot-api Client.cpp).
ANONYMOUS_ADMIN = User(1087968824, "Group", "GroupAnonymousBot", is_bot=True)
CHANNEL_BOT = User(136817688, "Channel", "Channel_Bot", is_bot=True)
TELEGRAM = User(777000, "Telegram")


@dataclass(slots=True)
class Member:
    """Someone's standing in a chat: creator, administrator, member, left or kicked."""

    user: User
    status: str = "member"
    rights: set[str] = field(default_factory=set)
    """What an administrator, or someone restricted, may do, by the Bot API's names."""
    until: int = 0
    """When a ban or restriction ends (Unix time), 0 for never."""

    @property
    def present(self) -> bool:
        return self.status not in GONE

    @property
    def leads(self) -> bool:
        return self.status in ("creator", "administrator")

    def may(self, right: str) -> bool:
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def to_json(self) -> dict[str, object]:
        """ChatMember."""
        known: dict[str, object] = {"status": self.status, "user": self.user.to_json()}
        if self.status == "creator":
            known["is_anonymous"] = False
        elif self.status == "administrator":
            known |= {"can_be_edited": False, "is_anonymous": False, "can_post_stories": False}
            known |= {"can_edit_stories": False, "can_delete_stories": False, "can_manage_video_chats": False}
            known |= {"can_send_welcome_messages": False}
            known |= {right: right in self.rights for right in ADMIN_RIGHTS}
        elif self.status == "kicked":
            known["until_date"] = self.until
        elif self.status == "restricted":
            known |= {"is_member": True, "until_date": self.until}
            known |= {permission: permission in self.rights for permission in PERMISSIONS}
        return known


@dataclass(slots=True)
class Topic:
    """A forum's topic; its id is that of the service message that opened it."""

    id: int
    name: str
    closed: bool = False
    icon_color: int = 7322096
    hidden: bool = False
    """General alone can be hidden."""


def _general() -> Topic:
    return Topic(GENERAL_TOPIC, "General")


@dataclass(slots=True)
class Chat:
    """A place. `kind` is private, group, supergroup or channel; a private chat has its person's id."""

    id: int
    kind: str
    title: str = ""
    username: str | None = None
    user: User | None = None
    """The other side of a private chat."""
    members: dict[int, Member] = field(default_factory=dict)
    is_forum: bool = False
    topics: dict[int, Topic] = field(default_factory=dict)
    """All but General, which every forum has."""
    general: Topic = field(default_factory=_general)
    started: bool = True
    """Private: the person has written to the bot at some time."""
    blocked: bool = False
    """Private: the person has blocked the bot."""
    deactivated: bool = False
    """Private: the person has deleted their account."""
    migrated_to: int | None = None
    denied: set[str] = field(default_factory=set)
    """What its members may not do, by the Bot API's names: can_send_messages, can_send_photos, …"""
    pinned: list[int] = field(default_factory=list)
    last_bot: int | None = None
    """The bot that wrote last."""
    description: str = ""

    @property
    def private(self) -> bool:
        return self.kind == "private"

    @property
    def group(self) -> bool:
        return self.kind in ("group", "supergroup")

    def to_json(self) -> dict[str, object]:
        """Chat."""
        known: dict[str, object] = {"id": self.id, "type": self.kind}
        if self.user is not None:
            known["first_name"] = self.user.first_name
            extra: dict[str, object] = {"last_name": self.user.last_name, "username": self.user.username}
        else:
            known["title"] = self.title
            extra = {"username": self.username, "is_forum": self.is_forum}
        return known | {name: value for name, value in extra.items() if value}


def allowed(chat: Chat, member: Member, permission: str) -> bool:
    """Whether someone who leads nothing may do this there: by what all may, and by their own restriction."""
    if member.status == "restricted" and permission not in member.rights:
        return False
    return permission not in chat.denied
