"""What Telegram says of the bot's account and of its chats, asked without changing or consuming anything.

Only looks; what is good or bad about it is left to whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import Bot, ChatFullInfo, ChatMember
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from bot.telegram.transport import TokenRefused, Transport

WAIT = 4
"""Seconds that a poll is held open: whoever is thrown out by it asks again within a second or two, which ends ours."""

TRIES = 3
"""Polls while updates are waiting: each returns at once, and a reader would have taken them meanwhile."""


class TelegramTrouble(Exception):
    """Telegram did not say what it was asked; the text is for people."""


@dataclass(frozen=True)
class Account:
    """The bot itself."""

    id: int
    username: str
    hears_all: bool
    """Whether privacy mode is off: else a group's messages arrive only where the bot is an admin, or is named."""
    date: str
    """The server's `Date`, "" for none."""


@dataclass(frozen=True)
class WebhookState:
    """Where Telegram brings updates; `url` "" where they are polled for."""

    url: str
    waiting: int
    last_error: str


@dataclass(frozen=True)
class ChatState:
    """A chat as the bot finds it."""

    title: str
    kind: str
    """private, group, supergroup or channel."""
    forum: bool
    admin: bool
    trouble: str = ""
    """Why the bot can't post there; "" where it can."""


async def account(bot: Bot) -> Account:
    """Who the bot is.

    Raises: TokenRefused, TelegramTrouble.
    """
    try:
        me = await bot.get_me()
    except InvalidToken:
        raise TokenRefused from None
    except TelegramError as error:
        raise TelegramTrouble(f"Telegram does not answer: {error}") from error
    date = bot.request.date if isinstance(bot.request, Transport) else ""
    return Account(me.id, me.username or "", bool(me.can_read_all_group_messages), date)


async def webhook(bot: Bot) -> WebhookState:
    """Where Telegram brings updates now.

    Raises: TelegramTrouble.
    """
    try:
        found = await bot.get_webhook_info()
    except TelegramError as error:
        raise TelegramTrouble(f"Telegram does not say whether a webhook is set: {error}") from error
    return WebhookState(found.url or "", found.pending_update_count, found.last_error_message or "")


async def is_read_by_another(bot: Bot) -> bool:
    """Whether another program polls with this token; takes up to some seconds, and no update is confirmed.

    The newest poll wins: ours throws another one out, and is ended by a 409 when that one asks again.

    Raises: TelegramTrouble.
    """
    for attempt in range(TRIES):
        try:
            if not await bot.get_updates(timeout=WAIT, limit=1):
                return False
        except Conflict:
            return True
        except TelegramError as error:
            raise TelegramTrouble(f"Telegram does not hand updates out: {error}") from error
        if attempt < TRIES - 1:
            await asyncio.sleep(1.0)
    return False


async def chat(bot: Bot, chat_id: int | str, me: int) -> ChatState:
    """How the bot stands in a chat.

    Raises: TelegramTrouble where it does not know the chat at all.
    """
    try:
        found = await bot.get_chat(chat_id)
        member = await bot.get_chat_member(found.id, me)
    except ChatMigrated as error:
        raise TelegramTrouble(f"it became a supergroup: write the id {error.new_chat_id}") from error
    except (BadRequest, Forbidden) as error:
        raise TelegramTrouble(
            f"the bot can't see it ({error.message}): add the bot, or mend the id"
        ) from error
    except TelegramError as error:
        raise TelegramTrouble(f"Telegram does not say: {error}") from error
    return ChatState(
        title=found.title or found.full_name or str(found.id),
        kind=str(found.type),
        forum=bool(found.is_forum),
        admin=member.status in ("administrator", "creator"),
        trouble=_trouble(found, member),
    )


def _trouble(found: ChatFullInfo, member: ChatMember) -> str:
    channel = found.type == "channel"
    if member.status in ("left", "kicked"):
        return "the bot is not in it: add the bot" + (" as an admin who may post" if channel else "")
    if channel and not getattr(member, "can_post_messages", False):
        return "the bot may not post there: make it an admin who may post messages"
    if member.status == "restricted" and not getattr(member, "can_send_messages", False):
        return "the bot was restricted and may not write there: lift that, or make it an admin"
    allowed = found.permissions is None or found.permissions.can_send_messages is not False
    if member.status == "member" and not allowed:
        return "members may not write there: make the bot an admin"
    return ""


async def topics(bot: Bot, chat_id: int | str, threads: Sequence[int]) -> dict[int, str]:
    """Why the bot can't post in a topic, by thread; "" where nothing speaks against it. Shows "typing" for a moment.

    Raises: TelegramTrouble.
    """
    found = {}
    for thread in threads:
        try:
            await bot.send_chat_action(chat_id, "typing", message_thread_id=thread)
            found[thread] = ""
        except (BadRequest, Forbidden) as error:
            found[thread] = error.message
        except TelegramError as error:
            raise TelegramTrouble(f"Telegram does not say: {error}") from error
    return found
