"""Changing what the bot sent: its text, caption, file or buttons; and deleting it."""

from __future__ import annotations

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.formatting import Formatted, check_length, message_text, parsed
from bot.sandbox.telegram.keyboards import Markup, check_markup, read_markup
from bot.sandbox.telegram.kinds import go_together
from bot.sandbox.telegram.messages import File, Message
from bot.sandbox.telegram.methods.albums import alone, media_of
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.methods.sending import file_of, link_preview

_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


@method("editMessageText")
def edit_text(call: Call) -> object:
    """Replace a message's text, entities and buttons; buttons that are not given again go."""
    formatted = message_text(call.parameters)
    chat, message = _own(call)
    markup = read_markup(call.parameters)
    if message.file is not None or message.service is not None:
        raise bad("there is no text in the message to edit")
    check_length(formatted, edit=True)
    return _edited(call, chat, message, formatted, markup)


@method("editMessageCaption")
def edit_caption(call: Call) -> object:
    """Replace what stands under a file."""
    caption = parsed(call.parameters, "caption", entities="caption_entities")
    chat, message = _own(call)
    markup = read_markup(call.parameters)
    if message.file is None:
        raise bad("there is no caption in the message to edit")
    check_length(caption, caption=True)
    return _edited(call, chat, message, caption, markup)


@method("editMessageMedia")
def edit_media(call: Call) -> object:
    """Put another file, with its caption, in the place of a message's file or text."""
    try:
        kind, item = media_of(call.parameters.json("media"))
    except (KeyError, ValueError):
        raise bad("can't parse InputMedia JSON object") from None
    one = alone(call, kind, item)
    file = file_of(one, kind)
    caption = parsed(one.parameters, "caption", entities="caption_entities")
    chat, message = _own(call)
    markup = read_markup(call.parameters)
    if message.album is not None and not (message.file and go_together({kind, message.file.kind})):
        raise bad("can't use media of the specified type in the album")
    check_length(caption, caption=True)
    return _edited(call, chat, message, caption, markup, file)


@method("editMessageReplyMarkup")
def edit_markup(call: Call) -> object:
    """Replace a message's buttons and leave the rest."""
    chat, message = _own(call)
    markup = read_markup(call.parameters)
    return _edited(call, chat, message, Formatted(message.text, message.entities), markup)


@method("deleteMessage")
def delete_message(call: Call) -> object:
    """Delete one message."""
    chat = call.chat()
    message = call.message(chat)
    if message is None:
        raise bad("message to delete not found")
    _check_deletable(call, chat, message)
    call.state.remove(message)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> object:
    """Delete up to 100 messages; those that are gone already are skipped."""
    chat = call.chat()
    found = [call.state.message_of(chat.id, each) for each in call.message_ids()]
    for message in found:
        if message is not None:
            _check_deletable(call, chat, message)
    for message in found:
        if message is not None:
            call.state.remove(message)
    return True


def _own(call: Call) -> tuple[Chat, Message]:
    """The message to edit. Raises: Refusal where there is none or it is not the bot's to edit."""
    if not call.parameters.text("chat_id") and call.parameters.text("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")
    chat = call.chat()
    message = call.message(chat)
    if message is None:
        raise bad("message to edit not found")
    channel_editor = chat.kind == "channel" and call.me(chat).may("can_edit_messages")
    foreign = not message.by_bot and not channel_editor
    if foreign or message.origin is not None or not message.markup.inline or message.service:
        raise bad("message can't be edited")
    return chat, message


def _edited(
    call: Call, chat: Chat, message: Message, content: Formatted, markup: Markup, file: File | None = None
) -> object:
    """Put the new content in the message's place; `file` None leaves the one that it has."""
    if not markup.inline:
        raise bad("message can't be edited")
    check_markup(markup, private=chat.private, channel=chat.kind == "channel")
    text, entities, file = content.text, call.state.known_entities(content.entities), file or message.file
    if (text, entities, markup, file) == (message.text, message.entities, message.markup, message.file):
        raise bad(_SAME)
    call.state.floods.spend(chat.id, group=chat.group)
    preview = link_preview(call) or message.link_preview
    edit = {"text": text, "entities": entities, "markup": markup, "file": file, "link_preview": preview}
    return call.json(call.state.edit(message, **edit))


def _check_deletable(call: Call, chat: Chat, message: Message) -> None:
    may = call.me(chat).may("can_delete_messages")
    age = (call.state.clock.now() - message.sent_at).total_seconds()
    fresh = age <= call.state.limits.delete_within
    if chat.kind in ("supergroup", "channel"):
        if not may and not (message.by_bot and fresh):
            raise bad("message can't be deleted")
        return
    if not fresh or not (chat.private or message.by_bot or may):
        raise bad("message can't be deleted for everyone")
