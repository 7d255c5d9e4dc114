"""sendMediaGroup: several files as one album. An album carries no buttons."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.errors import Refusal, bad
from bot.sandbox.telegram.formatting import check_length, parsed
from bot.sandbox.telegram.keyboards import NO_MARKUP
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.methods.sending import file_of, new_message
from bot.sandbox.telegram.parameters import Parameters

_MOST = 10
_KINDS = ("photo", "document")


@method("sendMediaGroup")
def send_media_group(call: Call) -> object:
    """Send up to ten photos or documents; each counts as a message."""
    items = _items(call)
    chat = call.chat()
    album = str(10**17 + secrets.randbelow(9 * 10**17))
    drafts = [replace(_draft(call, chat, item, index), album=album) for index, item in enumerate(items)]
    call.state.floods.spend(chat.id, group=chat.group, cost=len(drafts))
    sent = [call.state.put(replace(each, id=call.state.next_message_id(chat))) for each in drafts]
    return [call.json(each) for each in sent]


def _items(call: Call) -> list[Mapping[str, object]]:
    try:
        given = call.parameters.json("media")
    except (KeyError, ValueError):
        raise bad("can't parse media JSON object") from None
    if not isinstance(given, list) or not given:
        raise bad("there are no messages to send")
    if len(given) > _MOST:
        raise bad("too many messages to send as an album")
    for each in given:
        if not isinstance(each, Mapping):
            raise bad("can't parse InputMedia: expected an Object")
        if not each.get("media"):
            raise bad("can't parse InputMedia: media not found")
        if each.get("type") not in _KINDS:
            raise bad("can't parse InputMedia: invalid type specified")
    if len({each["type"] for each in given}) > 1:
        raise bad("documents can't be mixed with other media types")
    return given


def _draft(call: Call, chat: Chat, item: Mapping[str, object], index: int) -> Message:
    kind = str(item["type"])
    try:
        call.may_send(chat, f"{kind}s")
        one = Call(call.state, _parameters(call, item, kind))
        file = file_of(one, kind)
        caption = parsed(one.parameters, "caption", entities="caption_entities")
        check_length(caption, caption=True)
    except Refusal as refusal:
        reason = refusal.description.removeprefix("Bad Request: ")
        text = f'failed to send message #{index + 1} with the error message "{reason}"'
        raise bad(text) from refusal
    draft = new_message(call, chat, caption, NO_MARKUP)
    return replace(draft, photo=file) if kind == "photo" else replace(draft, document=file)


def _parameters(call: Call, item: Mapping[str, object], kind: str) -> Parameters:
    """One item of the album as if it were sent by itself."""
    values = {kind: str(item["media"])}
    values |= {name: str(item[name]) for name in ("caption", "parse_mode") if item.get(name)}
    return Parameters(values, call.parameters.uploads)
