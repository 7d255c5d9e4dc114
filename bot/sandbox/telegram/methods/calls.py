"""One request to a method, and the registry of methods.

`Call` reads what many methods share: the chat, its topic, the message replied to. Each raises the refusal that
Telegram would.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.telegram.chats import GENERAL_TOPIC, Chat, Member, allowed
from bot.sandbox.telegram.errors import Refusal, bad, forbidden
from bot.sandbox.telegram.formatting import parsed
from bot.sandbox.telegram.kinds import TEXT, Kind
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.parameters import Parameters, as_integer
from bot.sandbox.telegram.state import State
from bot.sandbox.telegram.wire import message_json

_MOST_IDS = 100
_NAMES = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}


@dataclass(frozen=True, slots=True)
class Described:
    """A result with a `description` beside it."""

    result: object
    description: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a message answers."""

    message_id: int | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a method sees it."""

    state: State
    parameters: Parameters

    def json(self, message: Message) -> dict[str, object]:
        return message_json(message, self.state)

    def chat(self, name: str = "chat_id", *, reading: bool = False) -> Chat:
        """The chat that a parameter names by id or @username, with the bot still in reach of it.

        Just to read of it the bot need not be able to write to a person, nor be in what has a public name.
        """
        return self.named_chat(self.parameters.text(name), reading=reading)

    def named_chat(self, given: str, *, reading: bool = False) -> Chat:
        """As `chat`, by the id or @username itself."""
        chat = self._find_chat(given.strip())
        if chat.migrated_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, text, migrate_to=chat.migrated_to)
        if not chat.private:
            self._check_membership(chat, reading=reading)
        elif not reading:
            self._check_person(chat)
        return chat

    def _find_chat(self, given: str) -> Chat:
        if not given:
            raise bad("chat_id is empty")
        chats = self.state.chats
        if given.startswith("@"):
            named = (each for each in chats.values() if not each.private and each.username)
            found = next((each for each in named if f"@{each.username}".lower() == given.lower()), None)
        else:
            found = chats.get(as_integer(given))
            if found is None and (someone := self.state.users.get(as_integer(given))):
                to_bot = "the bot can't send messages to the bot"
                raise forbidden(to_bot if someone.is_bot else "bot can't initiate conversation with a user")
        if found is None:
            raise bad("chat not found")
        return found

    def _check_person(self, chat: Chat) -> None:
        if chat.user is not None and chat.user.is_bot:
            raise forbidden("the bot can't send messages to the bot")
        if chat.deactivated:
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")

    def _check_membership(self, chat: Chat, *, reading: bool) -> None:
        me = chat.members.get(self.state.bot.id)
        if reading and chat.username and (me is None or me.status != "kicked"):
            return
        if me is not None and me.status == "kicked":
            raise forbidden(f"bot was kicked from the {_NAMES[chat.kind]}")
        if me is None or not me.present:
            raise forbidden(f"bot is not a member of the {_NAMES[chat.kind]}")

    def message(self, chat: Chat, name: str = "message_id") -> Message | None:
        """The message a parameter names, None where it is not there or not for everyone.

        Raises: Refusal where none is named.
        """
        number = self.parameters.integer(name)
        if not number:
            raise bad("message identifier is not specified")
        message = self.state.message_of(chat.id, number)
        return None if message is None or message.receiver_id is not None else message

    def message_ids(self) -> list[int]:
        """The list `message_ids` of a request. Raises: Refusal."""
        try:
            ids = self.parameters.json("message_ids")
        except (KeyError, ValueError):
            raise bad("can't parse message identifiers JSON object") from None
        if not isinstance(ids, list) or not ids:
            raise bad("message identifiers are not specified")
        if len(ids) > _MOST_IDS:
            raise bad("too many message identifiers specified")
        return [as_integer(each) for each in ids]

    def me(self, chat: Chat) -> Member:
        """The bot's standing in a chat; in a private one, that of an equal."""
        return chat.members.get(self.state.bot.id) or Member(self.state.bot)

    def may_send(self, chat: Chat, kind: Kind) -> None:
        """Raises: Refusal where the bot may not send text, or such a file, here."""
        me = self.me(chat)
        if chat.kind == "channel":
            if not me.may("can_post_messages"):
                raise bad("need administrator rights in the channel chat")
        elif me.status == "restricted" and TEXT.permission not in me.rights:
            raise bad("have no write access to the chat")
        elif not me.leads and not allowed(chat, me, kind.permission):
            raise bad(f"not enough rights to send {kind.plural} to the chat")

    def topic(self, chat: Chat, reply: Reply) -> int | None:
        """The topic a message goes to: the one named, or that of the message replied to."""
        if not chat.is_forum:
            return None
        named = self.parameters.integer("message_thread_id")
        if not named:
            target = self.state.message_of(chat.id, reply.message_id) if reply.message_id else None
            named = (target.thread_id or 0) if target is not None else 0
        if not named:
            return None
        if named == GENERAL_TOPIC or named not in chat.topics:
            raise bad("message thread not found")
        return named

    def may_write_in(self, chat: Chat, thread_id: int | None) -> None:
        """Raises: Refusal where the topic is closed, and the bot does not manage topics."""
        topic = chat.general if thread_id is None else chat.topics.get(thread_id)
        if (
            chat.is_forum
            and topic is not None
            and topic.closed
            and not self.me(chat).may("can_manage_topics")
        ):
            raise bad("TOPIC_CLOSED")

    def reply(self, chat: Chat) -> Reply:
        """What the message answers, from reply_parameters or the older reply_to_message_id."""
        given = self.reply_parameters()
        wanted = as_integer(given.get("message_id"))
        if not wanted:
            return Reply()
        elsewhere = str(given.get("chat_id") or chat.id) != str(chat.id)
        target = None if elsewhere else self.state.message_of(chat.id, wanted)
        if target is None:
            if str(given.get("allow_sending_without_reply", "")).lower() in ("true", "yes", "1"):
                return Reply()
            raise bad("message to be replied not found")
        return Reply(wanted, self._quote(given, target))

    def reply_parameters(self) -> Mapping[str, object]:
        """The reply's description, read but not yet looked up."""
        if not self.parameters.text("reply_parameters"):
            allowed = self.parameters.boolean("allow_sending_without_reply")
            wanted = self.parameters.integer("reply_to_message_id")
            return {"message_id": wanted, "allow_sending_without_reply": allowed}
        try:
            given = self.parameters.json("reply_parameters")
        except ValueError:
            raise bad("can't parse reply parameters JSON object") from None
        if not isinstance(given, Mapping):
            raise bad("object expected as reply parameters")
        return given

    def _quote(self, given: Mapping[str, object], target: Message) -> str | None:
        if not (quote := str(given.get("quote") or "")):
            return None
        mode = str(given.get("quote_parse_mode") or "")
        text = parsed(Parameters({"quote": quote, "parse_mode": mode}), "quote").text
        if not text or text not in target.text:
            raise bad("QUOTE_TEXT_INVALID")
        return text


Handler = Callable[[Call], object | Awaitable[object]]
METHODS: dict[str, Handler] = {}
"""Every method by its name in lower case; filled by `method`."""


def method(name: str) -> Callable[[Handler], Handler]:
    """Register the function as the Bot API's method of this name."""

    def register(handler: Handler) -> Handler:
        METHODS[name.lower()] = handler
        return handler

    return register
