"""sendMessage, sendDocument, sendPhoto and their like, sendChatAction: what puts something new into a chat.

The order of the checks is the official server's: text, reply, markup, chat, topic, then td's (rights, length), then
the backend's (buttons, closed topics, floods).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.formatting import Formatted, check_length, message_text, parsed
from bot.sandbox.telegram.keyboards import Markup, check_markup, read_markup
from bot.sandbox.telegram.kinds import KINDS, TEXT
from bot.sandbox.telegram.messages import Action, File, Message
from bot.sandbox.telegram.methods.calls import Call, Reply, method
from bot.sandbox.telegram.methods.ephemeral import receiver_of

_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


@method("sendMessage")
def send_message(call: Call) -> object:
    """Send text."""
    formatted = message_text(call.parameters)
    markup = markup_of(call)
    chat = call.chat()
    draft = replace(new_message(call, chat, formatted, markup), link_preview=link_preview(call))
    check_length(formatted)
    return call.json(post(call, chat, draft))


@method("sendChatAction")
def send_chat_action(call: Call) -> object:
    """Show "typing" and the like; nothing stays in the chat."""
    action = call.parameters.text("action").lower()
    if action and action not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat = call.chat()
    thread_id = call.topic(chat, Reply())
    call.may_write_in(chat, thread_id)
    if action:
        call.state.happenings.tell("acting", Action(chat.id, thread_id, action))
    return True


def link_preview(call: Call) -> Mapping[str, object] | None:
    """The link_preview_options of a request, or the older disable_web_page_preview."""
    if not call.parameters.text("link_preview_options"):
        disabled = call.parameters.boolean("disable_web_page_preview")
        return {"is_disabled": True} if disabled else None
    try:
        given = call.parameters.json("link_preview_options")
    except ValueError:
        raise bad("can't parse link preview options JSON object") from None
    return dict(given) if isinstance(given, Mapping) else None


def markup_of(call: Call) -> Markup:
    """The reply markup of a request that sends, which is read after the reply's description."""
    call.reply_parameters()
    return read_markup(call.parameters)


def new_message(call: Call, chat: Chat, formatted: Formatted, markup: Markup) -> Message:
    """A message as a request describes it, not yet sent. Raises: Refusal for its reply or topic."""
    reply = call.reply(chat)
    thread_id = call.topic(chat, reply)
    channel = chat.kind == "channel"
    return Message(
        id=call.state.next_message_id(chat),
        chat_id=chat.id,
        sent_at=call.state.clock.now(),
        from_user=None if channel else call.state.bot,
        sender_chat_id=chat.id if channel else None,
        text=formatted.text,
        entities=call.state.known_entities(formatted.entities),
        markup=markup,
        thread_id=thread_id,
        reply_to=reply.message_id,
        quote=reply.quote,
        silent=call.parameters.boolean("disable_notification"),
        by_bot=True,
        protected=call.parameters.boolean("protect_content"),
        receiver_id=receiver_of(call, chat),
    )


def post(call: Call, chat: Chat, draft: Message) -> Message:
    """Put a message into a chat. Raises: Refusal for what td and the backend check last."""
    check_post(call, chat, draft)
    call.state.floods.spend(chat.id, group=chat.group)
    return put(call, chat, draft)


def check_post(call: Call, chat: Chat, draft: Message) -> None:
    """All that `post` checks but for floods. Raises: Refusal."""
    call.may_send(chat, TEXT if draft.file is None else KINDS[draft.file.kind])
    check_markup(draft.markup, private=chat.private, channel=chat.kind == "channel")
    call.may_write_in(chat, draft.thread_id)


def put(call: Call, chat: Chat, draft: Message) -> Message:
    """Put a message there under the next number."""
    return call.state.put(replace(draft, id=call.state.next_message_id(chat)))


def _send_file(call: Call, kind: str) -> object:
    file = file_of(call, kind)
    caption = parsed(call.parameters, "caption", entities="caption_entities")
    markup = markup_of(call)
    chat = call.chat()
    draft = replace(new_message(call, chat, caption, markup), file=file)
    check_length(caption, caption=True)
    return call.json(post(call, chat, draft))


for _kind in KINDS:
    method(f"send{_kind.title()}")(partial(_send_file, kind=_kind))


def file_of(call: Call, kind: str) -> File:
    """The file of a request, uploaded now or known by its id. Raises: Refusal."""
    upload = call.parameters.upload(kind)
    if upload is not None:
        if not upload.content:
            raise bad("file must be non-empty")
        facts = {name: call.parameters.integer(name) for name in KINDS[kind].facts}
        return call.state.keep_file(kind, upload.name or "file", upload.content_type, upload.content, facts)
    given = call.parameters.text(kind)
    if not given:
        raise bad(f"there is no {kind} in the request")
    known = call.state.files.get(given)
    if known is None and given.startswith(("http://", "https://")):
        # Nothing here reaches out to fetch it, which is what Telegram says of an address that it cannot fetch.
        raise bad("failed to get HTTP URL content")
    if known is None:
        raise bad("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise bad(f"can't use file of type {known.kind.title()} as {kind.title()}")
    return known
