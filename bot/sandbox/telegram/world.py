"""The people's side of this Telegram: who there is, what they say and press, and what they see.

What a person does here becomes an update for the bot by the rules of `reporting`; what the bot does is read
with `messages`, `answers` and `changes`. Ids are Telegram's: positive for people, negative for groups, -100…
for supergroups and channels. Everything happens at once and in memory.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.sandbox.telegram import conduct
from bot.sandbox.telegram.chats import ADMIN_RIGHTS, ANONYMOUS_ADMIN, Chat, Member, Topic, User
from bot.sandbox.telegram.errors import Impossible
from bot.sandbox.telegram.formatting import TEXT_LIMIT, cleaned
from bot.sandbox.telegram.happenings import Subscription
from bot.sandbox.telegram.kinds import KINDS, TEXT
from bot.sandbox.telegram.messages import Answer, Message, Origin, Query
from bot.sandbox.telegram.reporting import report, report_member, report_reaction, report_status
from bot.sandbox.telegram.scopes import scopes_of
from bot.sandbox.telegram.state import State
from bot.sandbox.telegram.wire import query_json


class World:
    """People, chats and what goes on in them. One per server; see the module."""

    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def bot(self) -> User:
        """The bot under test."""
        return self.state.bot

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What pressers saw, by the press's id (as `presses` returned it)."""
        return self.state.answers

    # Who and where

    def add_user(
        self,
        user_id: int,
        first_name: str,
        *,
        username: str | None = None,
        last_name: str | None = None,
        is_bot: bool = False,
    ) -> User:
        """Someone with an account. They may write anywhere they are a member."""
        user = User(user_id, first_name, username, is_bot, last_name)
        self.state.users[user_id] = user
        return user

    def add_private(self, user: User | int, *, started: bool = True) -> Chat:
        """The person's private chat with the bot; unless `started`, the bot may not write first."""
        person = self._user(user)
        chat = Chat(person.id, "private", user=person, started=started)
        self.state.chats[chat.id] = chat
        return chat

    def add_group(
        self,
        chat_id: int,
        title: str,
        members: Iterable[User | int],
        *,
        forum: bool = False,
        topics: Mapping[str, int] | None = None,
        administrators: Iterable[User | int] = (),
        bot: str = "member",
        username: str | None = None,
    ) -> Chat:
        """A group with these members and the bot, a supergroup where the id begins with -100.

        `topics` names a forum's topics with their thread ids (2 and more). `bot` is the bot's standing:
        member, administrator, left, kicked or restricted.
        """
        super_group = str(chat_id).startswith("-100")
        if forum and not super_group:
            raise Impossible("Only a supergroup (its id begins with -100) can be a forum")
        chat = Chat(chat_id, "supergroup" if super_group else "group", title, username, is_forum=forum)
        self.state.chats[chat_id] = chat
        for each in members:
            self._join(chat, each, "member")
        for each in administrators:
            self._join(chat, each, "administrator")
        self._join(chat, self.bot, bot)
        for name, thread_id in (topics or {}).items():
            self._open_topic(chat, name, thread_id)
        return chat

    def add_channel(
        self, chat_id: int, title: str, username: str | None = None, *, bot: str = "administrator"
    ) -> Chat:
        """A channel in which the bot posts (as an administrator, unless said otherwise)."""
        chat = Chat(chat_id, "channel", title, username)
        self.state.chats[chat_id] = chat
        self._join(chat, self.bot, bot)
        return chat

    # What people do

    def says(
        self,
        user_id: int,
        chat_id: int,
        text: str,
        *,
        topic: int | None = None,
        reply_to: int | None = None,
        edited: bool = False,
        forwarded_from: int | None = None,
        as_anonymous_admin: bool = False,
        as_channel: int | None = None,
    ) -> Message:
        """Someone writes a message; the bot hears of it as Telegram would let it.

        A text too long for one message is sent as several, as Telegram's apps do; the last is returned.

        `topic` is a forum's thread id (None is General). `edited` changes the person's last message there
        instead. `forwarded_from` is who wrote it first. `as_anonymous_admin` writes in the group's name,
        `as_channel` in that channel's. In a channel, posts carry nobody's name.
        Raises: Impossible where a person could not do this.
        """
        chat, person = self._place(chat_id, user_id), self._user(user_id)
        if edited:
            return self._edits(person, chat, text)
        conduct.check_may_write(chat, person, topic, TEXT)
        sender, sender_chat = conduct.sender(chat, person, anonymous=as_anonymous_admin, channel=as_channel)
        draft = self._draft(chat, topic, reply_to)
        if forwarded_from is not None:
            draft = replace(draft, origin=Origin(draft.sent_at, self._user(forwarded_from)))
        return self._writes(chat, replace(draft, from_user=sender, sender_chat_id=sender_chat), text)

    def sends(
        self,
        user_id: int,
        chat_id: int,
        name: str,
        content: bytes,
        *,
        kind: str = "document",
        mime: str = "application/octet-stream",
        caption: str = "",
        topic: int | None = None,
        reply_to: int | None = None,
    ) -> Message:
        """Someone sends a file: a document, photo, video, animation, audio or voice. Raises: Impossible."""
        chat, person = self._place(chat_id, user_id), self._user(user_id)
        conduct.check_may_write(chat, person, topic, KINDS[kind])
        sender, sender_chat = conduct.sender(chat, person, anonymous=False, channel=None)
        under = cleaned(caption, [])
        message = replace(
            self._draft(chat, topic, reply_to),
            id=self.state.next_message_id(chat),
            from_user=sender,
            sender_chat_id=sender_chat,
            text=under.text,
            entities=under.entities,
            file=self.state.keep_file(kind, name, mime, content),
        )
        report(self.state, self.state.put(message))
        return message

    def reacts(self, user_id: int, chat_id: int, message_id: int, emoji: str = "") -> None:
        """Someone puts an emoji on a message, in the place of the one before; "" takes it off."""
        chat, person = self._place(chat_id, user_id), self._user(user_id)
        if chat.group:
            conduct.check_present(chat, person)
        message = self.state.message_of(chat_id, message_id)
        if message is None:
            raise Impossible(f"There is no message {message_id}")
        before = message.reactions.get(user_id, "")
        if before != emoji:
            self.state.react(message, user_id, emoji)
            report_reaction(self.state, chat, message, person, before, emoji)

    def joins(self, user_id: int, chat_id: int, *, by: int | None = None) -> None:
        """Someone comes into a group or channel, by themselves or let in `by` another."""
        self._becomes(user_id, chat_id, "member", by)

    def leaves(self, user_id: int, chat_id: int, *, by: int | None = None) -> None:
        """Someone goes out of a group or channel, or is thrown out `by` another."""
        self._becomes(user_id, chat_id, "left" if by is None else "kicked", by)

    def presses(self, user_id: int, chat_id: int, message_id: int, row: int, column: int) -> str:
        """Someone presses a button, counted from 0; returns the press's id, see `answers` and `answered`.

        Raises: Impossible where there is no such button or pressing it does not reach the bot.
        """
        chat = self._place(chat_id, user_id)
        if chat.group:
            conduct.check_present(chat, self._user(user_id))
        message = self.state.message_of(chat_id, message_id)
        button = message.button(row, column) if message else None
        if message is None or button is None:
            raise Impossible(f"There is no button in row {row}, column {column} of message {message_id}")
        if button.data is None or button.disabled:
            raise Impossible(f"Pressing [{button.label}] does not reach the bot: it is no callback button")
        query_id = str(secrets.randbelow(9 * 10**18) + 10**18)
        now = self.state.clock.monotonic()
        query = Query(query_id, self._user(user_id), message, button.data, now)
        self.state.queries[query_id] = query
        self.state.updates.add("callback_query", query_json(query, self.state), user_id)
        return query_id

    def delete_message(self, chat_id: int, message_id: int) -> None:
        """A person deletes a message; the bot is not told."""
        if message := self.state.message_of(chat_id, message_id):
            self.state.remove(message)

    def block_bot(self, user_id: int, *, blocked: bool = True) -> None:
        """Someone blocks the bot, or lets it write again."""
        chat = self._place(user_id, user_id)
        report_status(self.state, chat, "kicked" if blocked else "member", by=self._user(user_id))
        chat.blocked = blocked

    def deactivate(self, user_id: int) -> None:
        """Someone deletes their account; the bot is not told."""
        self._place(user_id, user_id).deactivated = True

    def remove_bot(self, chat_id: int, *, by: int | None = None) -> None:
        """The bot is thrown out of a group or channel."""
        person = self._user(by) if by is not None else ANONYMOUS_ADMIN
        report_status(self.state, self.state.chats[chat_id], "kicked", by=person)

    def set_bot(self, chat_id: int, status: str, *, by: int | None = None) -> None:
        """Make the bot a member or administrator of a chat (again)."""
        person = self._user(by) if by is not None else ANONYMOUS_ADMIN
        report_status(self.state, self.state.chats[chat_id], status, by=person)

    def migrate(self, chat_id: int, new_id: int) -> Chat:
        """A basic group becomes a supergroup: both get their service message, the old id its error."""
        old = self.state.chats[chat_id]
        if old.kind != "group":
            raise Impossible("Only a basic group can become a supergroup")
        new = Chat(new_id, "supergroup", old.title, members=dict(old.members))
        self.state.chats[new_id] = new
        person = next((each.user for each in old.members.values() if not each.user.is_bot), self.bot)
        for chat, content in (
            (old, {"migrate_to_chat_id": new_id}),
            (new, {"migrate_from_chat_id": chat_id}),
        ):
            report(self.state, self.state.service(chat, content, from_user=person))
        old.migrated_to = new_id
        return new

    # What people see

    def messages(self, chat_id: int, *, seen_by: int | None = None, deleted: bool = False) -> list[Message]:
        """A chat's messages, oldest first, as they stand now.

        `seen_by` leaves out what only others see; `deleted` leaves in what is gone.
        """
        found = sorted(self.state.messages.get(chat_id, {}).values(), key=lambda each: each.id)
        shown = [each for each in found if deleted or not each.deleted]
        return [each for each in shown if seen_by is None or each.receiver_id in (None, seen_by)]

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """One message, None where it is not there (any more)."""
        return self.state.message_of(chat_id, message_id)

    def changes(self) -> Subscription:
        """Everything that happens from now on: `async for change in world.changes()`."""
        return self.state.happenings.subscribe()

    async def answered(self, query_id: str, *, within: float = 15.0) -> Answer:
        """The answer to a press. Raises: TimeoutError after `within` real seconds without one."""
        async with asyncio.timeout(within):
            with self.changes() as changes:
                if query_id in self.answers:
                    return self.answers[query_id]
                async for change in changes:
                    if isinstance(change.what, Answer) and change.what.query_id == query_id:
                        return change.what
        raise TimeoutError

    def menu(self, user_id: int, chat_id: int, language: str = "") -> list[dict[str, str]]:
        """The command menu that this person sees there, by Telegram's order of scopes."""
        chat, commands = self.state.chats[chat_id], self.state.commands
        leads = not chat.private and chat.members[user_id].leads
        for scope in scopes_of(chat, user_id, leads=leads):
            for key in ((scope, language), (scope, "")):
                if key in commands:
                    return commands[key]
        return []

    # Trouble

    def refuse(
        self,
        error_code: int,
        *,
        retry_after: int | None = None,
        seconds: float,
        methods: Iterable[str] | None = None,
    ) -> None:
        """Answer these methods (every one where None, getUpdates too) with an error for that long."""
        self.state.faults.refuse(error_code, retry_after=retry_after, seconds=seconds, methods=methods)

    def down(self, seconds: float) -> None:
        """Drop every connection for that long."""
        self.state.faults.go_down(seconds)

    # Inside

    def _user(self, user: User | int) -> User:
        if isinstance(user, User):
            return user
        if user not in self.state.users:
            raise Impossible(f"There is no user {user}: add them with add_user")
        return self.state.users[user]

    def _join(self, chat: Chat, user: User | int, status: str) -> None:
        person = self._user(user)
        rights = set(ADMIN_RIGHTS) if status == "administrator" else set()
        chat.members[person.id] = Member(person, status, rights)

    def _open_topic(self, chat: Chat, name: str, thread_id: int) -> None:
        if not chat.is_forum or thread_id < 2:
            raise Impossible(f'Topic "{name}" needs a forum and a thread id of 2 or more')
        chat.topics[thread_id] = Topic(thread_id, name)
        content = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        opening = Message(thread_id, chat.id, self.state.clock.now(), ANONYMOUS_ADMIN, chat.id)
        self.state.put(replace(opening, thread_id=thread_id, service=content))

    def _place(self, chat_id: int, user_id: int) -> Chat:
        """The chat where the person acts; a private one is opened by acting there."""
        if chat_id not in self.state.chats:
            if chat_id != user_id:
                raise Impossible(f"There is no chat {chat_id}")
            return self.add_private(user_id)
        return self.state.chats[chat_id]

    def _becomes(self, user_id: int, chat_id: int, status: str, by: int | None) -> None:
        chat, person = self._place(chat_id, user_id), self._user(user_id)
        if chat.private:
            raise Impossible("A private chat has no other members")
        report_member(self.state, chat, Member(person, status), by=self._user(user_id if by is None else by))

    def _draft(self, chat: Chat, topic: int | None, reply_to: int | None) -> Message:
        """A message that is yet to be written there; an answer stays in the topic of what it answers."""
        if reply_to is not None and topic is None and (target := self.state.message_of(chat.id, reply_to)):
            topic = target.thread_id
        return Message(0, chat.id, self.state.clock.now(), thread_id=topic, reply_to=reply_to)

    def _writes(self, chat: Chat, draft: Message, text: str) -> Message:
        """Put the text there in as many messages as it takes; the last of them."""
        parts = [cleaned(text[at : at + TEXT_LIMIT], []) for at in range(0, len(text), TEXT_LIMIT)]
        placed = None
        for part in parts:
            if part.text:
                number = self.state.next_message_id(chat)
                message = replace(draft, id=number, text=part.text, entities=part.entities)
                placed = self.state.put(message)
                report(self.state, placed)
        if placed is None:
            raise Impossible("An empty message cannot be sent")
        return placed

    def _edits(self, person: User, chat: Chat, text: str) -> Message:
        own = [
            each
            for each in self.messages(chat.id)
            if each.from_user == person or (chat.kind == "channel" and not each.by_bot)
        ]
        if not own:
            raise Impossible(f"{person.first_name} has written nothing there to edit")
        formatted = cleaned(text, [])
        edited = self.state.edit(own[-1], text=formatted.text, entities=formatted.entities)
        report(self.state, edited)
        return edited
