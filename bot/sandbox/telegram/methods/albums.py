"""sendMediaGroup: several files as one album. An album carries no buttons."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.errors import Refusal, bad
from bot.sandbox.telegram.formatting import check_length, parsed
from bot.sandbox.telegram.keyboards import NO_MARKUP
from bot.sandbox.telegram.kinds import KINDS, go_together
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.methods.sending import file_of, new_message, put
from bot.sandbox.telegram.parameters import Parameters

_MOST = 10


@method("sendMediaGroup")
def send_media_group(call: Call) -> object:
    """Send up to ten files that go together; each counts as a message."""
    items = _items(call)
    chat = call.chat()
    album = str(10**17 + secrets.randbelow(9 * 10**17))
    drafts = [replace(_draft(call, chat, item, index), album=album) for index, item in enumerate(items)]
    call.may_write_in(chat, drafts[0].thread_id)
    call.state.floods.spend(chat.id, group=chat.group, cost=len(drafts))
    return [call.json(put(call, chat, each)) for each in drafts]


def media_of(given: object) -> tuple[str, Mapping[str, object]]:
    """The kind and fields of an InputMedia. Raises: Refusal."""
    if not isinstance(given, Mapping):
        raise bad("can't parse InputMedia: expected an Object")
    if not given.get("media"):
        raise bad("can't parse InputMedia: media not found")
    kind = str(given.get("type", ""))
    if kind not in KINDS:
        raise bad("can't parse InputMedia: invalid type specified")
    return kind, given


def alone(call: Call, kind: str, item: Mapping[str, object]) -> Call:
    """The request that would send one InputMedia by itself."""
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in item.items()}
    return Call(call.state, Parameters({**values, kind: values["media"]}, call.parameters.uploads))


def _items(call: Call) -> list[tuple[str, Mapping[str, object]]]:
    try:
        given = call.parameters.json("media")
    except (KeyError, ValueError):
        raise bad("can't parse media JSON object") from None
    if not isinstance(given, list) or not given:
        raise bad("there are no messages to send")
    if len(given) > _MOST:
        raise bad("too many messages to send as an album")
    items = [media_of(each) for each in given]
    kinds = {kind for kind, _ in items}
    if not go_together(kinds):
        mixed = next((each for each in ("document", "audio") if each in kinds), None)
        if mixed is None or len(kinds) == 1:
            raise bad("can't use the media of the specified type in the album")
        raise bad(f"{mixed}s can't be mixed with other media types")
    return items


def _draft(call: Call, chat: Chat, item: tuple[str, Mapping[str, object]], index: int) -> Message:
    kind, fields = item
    try:
        call.may_send(chat, KINDS[kind])
        one = alone(call, kind, fields)
        file = file_of(one, kind)
        caption = parsed(one.parameters, "caption", entities="caption_entities")
        check_length(caption, caption=True)
    except Refusal as refusal:
        reason = refusal.description.removeprefix("Bad Request: ")
        text = f'failed to send message #{index + 1} with the error message "{reason}"'
        raise bad(text) from refusal
    return replace(new_message(call, chat, caption, NO_MARKUP), file=file)
