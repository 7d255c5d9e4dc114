"""One call to Telegram at a time: a message is taken apart into calls, and each is made in the form that gets through.

HTML that Telegram refuses goes out as plain text, buttons that it refuses are left off: never nothing. When and
in which order calls are made, and what becomes of those that failed, is the outbox's business.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Literal

from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram import Message as Received
from telegram.error import BadRequest

from bot.telegram import text
from bot.telegram.messages import Button, Document, Message

PARTS = 4
"""A text that takes more messages than this goes out as its first part and a document."""
WHOLE = "message.txt"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its method, and what it says."""

    method: Literal["send", "edit", "document", "delete", "strip"]
    html: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()
    document: Document | None = None
    preview: bool = False
    message_id: int | None = None
    reply_to: int | None = None
    silent: bool = True
    main: bool = True
    """Whether this is the message that the sender means: the one with the buttons."""
    as_text: bool = False
    as_caption: bool = False


def calls(
    message: Message, *, edits: int | None = None, reply_to: int | None = None, silent: bool = True
) -> deque[Call]:
    """What has to be called to send `message`, or to put it in place of the message `edits`.

    A text of several parts carries its buttons below the last one, but an edited message keeps them.
    """
    found: deque[Call] = deque()
    if message.html:
        parts = text.split(message.html)
        whole = len(parts) > PARTS
        shown = parts[:1] if whole else parts
        main = 0 if edits is not None else len(shown) - 1
        for index, part in enumerate(shown):
            method: Literal["send", "edit"] = "edit" if edits is not None and index == 0 else "send"
            found.append(
                Call(
                    method,
                    part,
                    message.buttons if index == main else (),
                    preview=message.preview,
                    message_id=edits if method == "edit" else None,
                    reply_to=reply_to if index == 0 else None,
                    silent=silent or index > 0,
                    main=index == main,
                )
            )
        if whole:
            content = text.plain(message.html).encode()
            found.append(Call("document", document=Document(WHOLE, content), main=False))
    if message.document is not None:
        alone = not message.html
        found.append(
            Call(
                "document",
                message.document.caption_html,
                message.buttons if alone else (),
                message.document,
                reply_to=reply_to if alone else None,
                silent=silent or not alone,
                main=alone,
            )
        )
    return found


def milder(call: Call, error: BadRequest) -> Call | None:
    """The same call in a form that Telegram may still take, or None when there is none left."""
    words = str(error).lower()
    if call.method == "edit" and "no text in the message" in words and not call.as_caption:
        return replace(call, as_caption=True)
    if not call.as_text:
        kept = call.buttons if "parse entities" in words else ()
        return replace(call, as_text=True, buttons=kept)
    return replace(call, buttons=()) if call.buttons else None


async def make(bot: Bot, chat_id: int, topic: int | None, call: Call) -> int:
    """Make the call; returns the message's id.

    Raises: telegram.error.TelegramError.
    """
    if call.method == "delete" and call.message_id is not None:
        await bot.delete_message(chat_id, call.message_id)
        return call.message_id
    if call.method == "strip" and call.message_id is not None:
        await bot.edit_message_reply_markup(chat_id, call.message_id, reply_markup=None)
        return call.message_id
    if call.method == "edit" and call.message_id is not None:
        await _edit(bot, chat_id, call.message_id, call)
        return call.message_id
    return (await _send(bot, chat_id, topic, call)).message_id


async def _edit(bot: Bot, chat_id: int, message_id: int, call: Call) -> None:
    if call.as_caption:
        await bot.edit_message_caption(
            chat_id,
            message_id,
            caption=_words(call, text.CAPTION_LIMIT),
            parse_mode=_mode(call),
            reply_markup=keyboard(call.buttons),
        )
        return
    await bot.edit_message_text(
        _words(call, text.MESSAGE_LIMIT),
        chat_id,
        message_id,
        parse_mode=_mode(call),
        link_preview_options=LinkPreviewOptions(is_disabled=not call.preview),
        reply_markup=keyboard(call.buttons),
    )


async def _send(bot: Bot, chat_id: int, topic: int | None, call: Call) -> Received:
    reply = ReplyParameters(call.reply_to, allow_sending_without_reply=True) if call.reply_to else None
    # The general topic of a forum has the id 1 and may not be named.
    thread = None if topic == 1 else topic
    if call.document is not None:
        return await bot.send_document(
            chat_id,
            InputFile(call.document.content, filename=call.document.name),
            caption=_words(call, text.CAPTION_LIMIT) or None,
            parse_mode=_mode(call),
            disable_notification=call.silent,
            reply_parameters=reply,
            reply_markup=keyboard(call.buttons),
            message_thread_id=thread,
        )
    return await bot.send_message(
        chat_id,
        _words(call, text.MESSAGE_LIMIT),
        parse_mode=_mode(call),
        disable_notification=call.silent,
        link_preview_options=LinkPreviewOptions(is_disabled=not call.preview),
        reply_parameters=reply,
        reply_markup=keyboard(call.buttons),
        message_thread_id=thread,
    )


def _words(call: Call, limit: int) -> str:
    """What is said, cut to what fits: parts fit already, captions and broken markup may not."""
    return text.plain(call.html)[:limit] if call.as_text else next(iter(text.split(call.html, limit)), "")


def _mode(call: Call) -> str | None:
    return None if call.as_text else "HTML"


def keyboard(rows: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    """Buttons as Telegram takes them."""
    found = [[_button(button) for button in row] for row in rows if row]
    return InlineKeyboardMarkup(found) if found else None


def _button(button: Button) -> InlineKeyboardButton:
    extra: dict[str, Any] | None = {"disabled": {}} if button.disabled else None
    data = button.data
    if button.disabled and data is None and button.url is None and button.copy is None:
        data = "-"  # Telegram takes no button without any action; this token matches none
    return InlineKeyboardButton(
        button.label,
        callback_data=data,
        url=button.url,
        copy_text=CopyTextButton(button.copy) if button.copy else None,
        style=button.style,
        api_kwargs=extra,
    )
