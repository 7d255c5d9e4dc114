"""copyMessage, forwardMessage and setMessageReaction: what the bot does with messages that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.formatting import Formatted
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.methods.sending import markup_of, new_message

# What everyone may react with (Bot API, ReactionTypeEmoji).
_REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
)


@method("copyMessage")
def copy_message(call: Call) -> object:
    """Send the same content as the bot's own words; returns its MessageId."""
    return {"message_id": _again(call, forward=False).id}


@method("forwardMessage")
def forward_message(call: Call) -> object:
    """Send a message on, with its origin."""
    return call.json(_again(call, forward=True))


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
    call.state.react(message, emoji)
    return True


def _again(call: Call, *, forward: bool) -> Message:
    """Put a message into a chat once more, with or without its origin."""
    markup = markup_of(call)
    chat, origin = call.chat(), call.chat("from_chat_id")
    source = call.message(origin)
    if source is None:
        raise bad(f"message to {'forward' if forward else 'copy'} not found")
    if source.service is not None or source.protected:
        raise bad(f"message can't be {'forwarded' if forward else 'copied'}")
    call.may_send(chat, "text" if source.file is None else f"{source.file.kind}s")
    draft = new_message(call, chat, Formatted(source.text, source.entities), markup)
    draft = replace(draft, document=source.document, photo=source.photo)
    if forward:
        draft = replace(draft, forwarded_from=source.forwarded_from or source.from_user)
    call.state.floods.spend(chat.id, group=chat.group)
    return call.state.put(draft)


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
