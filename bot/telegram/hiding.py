"""Hiding secrets in what is about to be stored or sent: wherever a message could show one."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from bot.telegram import text
from bot.telegram.messages import Button, Document, Message

BIG = 65_536
"""Bytes from which a document is masked off the loop."""

Masker = Callable[[str], str]


async def masked_aside(message: Message, mask: Masker) -> Message:
    """`masked`, without holding up the loop for a large document."""
    if message.document is not None and len(message.document.content) > BIG:
        return await asyncio.to_thread(masked, message, mask)
    return masked(message, mask)


def masked(message: Message, mask: Masker) -> Message:
    """`message` with every secret hidden that `mask` knows, in signs that can be sent."""

    def hide(words: str) -> str:
        return mask(_sendable(words))

    return replace(
        message,
        html=_sendable(text.mapped(message.html, hide)),
        buttons=tuple(tuple(_button(button, hide) for button in row) for row in message.buttons),
        document=_document(message.document, hide) if message.document is not None else None,
    )


def _sendable(words: str) -> str:
    """Text without halves of signs: no request can carry them, and trying would hold up the whole chat."""
    return words.encode("utf-8", "replace").decode()


def _document(document: Document, mask: Masker) -> Document:
    content = document.content
    with contextlib.suppress(UnicodeDecodeError):  # what is no text shows no secret as text
        content = mask(content.decode()).encode()
    caption = _sendable(text.mapped(document.caption_html, mask))
    return replace(document, name=mask(document.name), content=content, caption_html=caption)


def _button(button: Button, mask: Masker) -> Button:
    return replace(
        button,
        label=mask(button.label),
        url=mask(button.url) if button.url else None,
        copy=mask(button.copy) if button.copy else None,
    )
