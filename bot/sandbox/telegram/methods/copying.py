"""copyMessage(s), forwardMessage(s) and setMessageReaction: what the bot does with messages that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.formatting import Formatted, check_length, parsed
from bot.sandbox.telegram.keyboards import NO_MARKUP, Markup
from bot.sandbox.telegram.messages import Message, Origin
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.methods.sending import check_post, markup_of, new_message, post, put

# What everyone may react with (Bot API, ReactionTypeEmoji).
_REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
)


@method("copyMessage")
def copy_message(call: Call) -> object:
    """Send the same content as the bot's own words, under a caption of its own if one is given; its MessageId."""
    caption = parsed(call.parameters, "caption", entities="caption_entities")
    check_length(caption, caption=True)
    chat, draft = _again(call, forward=False)
    if draft.file is not None and call.parameters.has("caption"):
        draft = replace(draft, text=caption.text, entities=call.state.known_entities(caption.entities))
    return {"message_id": post(call, chat, draft).id}


@method("forwardMessage")
def forward_message(call: Call) -> object:
    """Send a message on, with its origin."""
    return call.json(post(call, *_again(call, forward=True)))


@method("copyMessages")
def copy_messages(call: Call) -> object:
    """Copy up to 100 messages of a chat in their order; those that are not there, or may not be, are skipped."""
    return _several(call, forward=False)


@method("forwardMessages")
def forward_messages(call: Call) -> object:
    """Forward up to 100 messages of a chat in their order; those that are not there, or may not be, are skipped."""
    return _several(call, forward=True)


@method("setMessageReaction")
def set_message_reaction(call: Call) -> object:
    """Set the bot's reaction; the same again succeeds, an empty list takes it off."""
    chat = call.chat()
    message = call.message(chat)
    if message is None:
        raise bad("message to react not found")
    emoji = _reaction(call)
    if emoji is not None and emoji.removesuffix("\ufe0f") not in _REACTIONS:
        raise bad("REACTION_INVALID")
    call.state.react(message, call.state.bot.id, emoji or "")
    return True


def _again(call: Call, *, forward: bool) -> tuple[Chat, Message]:
    """A message as it would be sent once more, with or without its origin."""
    markup = markup_of(call)
    chat, origin = call.chat(), call.chat("from_chat_id", reading=True)
    source = call.message(origin)
    if source is None:
        raise bad(f"message to {'forward' if forward else 'copy'} not found")
    if not _may_leave(source):
        raise bad(f"message can't be {'forwarded' if forward else 'copied'}")
    return chat, _draft(call, chat, source, markup, forward=forward)


def _several(call: Call, *, forward: bool) -> list[dict[str, int]]:
    chat, origin = call.chat(), call.chat("from_chat_id", reading=True)
    wanted = call.message_ids()
    if wanted != sorted(set(wanted)):
        raise bad("message identifiers must be in a strictly increasing order")
    found = [call.state.message_of(origin.id, each) for each in wanted]
    sources = [each for each in found if each is not None and each.receiver_id is None and _may_leave(each)]
    if not sources:
        raise bad(f"there are no messages to {'forward' if forward else 'copy'}")
    drafts = [_draft(call, chat, each, NO_MARKUP, forward=forward) for each in sources]
    for each in drafts:
        check_post(call, chat, each)
    call.state.floods.spend(chat.id, group=chat.group, cost=len(drafts))
    return [{"message_id": put(call, chat, each).id} for each in drafts]


def _may_leave(message: Message) -> bool:
    return message.service is None and not message.protected


def _draft(call: Call, chat: Chat, source: Message, markup: Markup, *, forward: bool) -> Message:
    draft = new_message(call, chat, Formatted(source.text, source.entities), markup)
    draft = replace(draft, file=source.file)
    if not forward:
        return draft
    first = Origin(source.sent_at, source.from_user, source.chat_id, source.id)
    return replace(draft, origin=source.origin or first)


def _reaction(call: Call) -> str | None:
    if not call.parameters.text("reaction"):
        return None
    try:
        given = call.parameters.json("reaction")
    except ValueError:
        given = None
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise bad("can't parse reaction types JSON object")
    if len(given) > 1:
        raise bad("REACTIONS_TOO_MANY")
    return str(given[0].get("emoji", "")) if given else None
