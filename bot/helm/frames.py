"""Messages between the bot and a worker: a JSON head and, where an archive travels, bytes after it.

A frame is `!IQ` (length of the head, length of the blob), the head in UTF-8 JSON, the blob. Both ends are
ours and start together, so there is no version and no negotiation.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

_LENGTHS = struct.Struct("!IQ")

MAX_HEAD = 16 << 20
"""Bytes of JSON in one frame: more than any release that fits in a Secret, and little enough to be parsed on
the loop."""
MAX_BLOB = 64 << 20
"""Bytes of archive in one frame; `charts` refuses larger ones long before."""

Head = dict[str, Any]


class FrameError(Exception):
    """The other end is gone, or what it wrote is no frame."""


def pack(head: Head, blob: bytes = b"") -> bytes:
    """The bytes of one frame.

    Raises: FrameError when head or blob exceeds its limit; ValueError and TypeError when `head` is no JSON.
    """
    text = json.dumps(head, allow_nan=False).encode()
    _check(len(text), len(blob))
    return _LENGTHS.pack(len(text), len(blob)) + text + blob


async def read(stream: asyncio.StreamReader) -> tuple[Head, bytes]:
    """The next frame.

    Raises: FrameError at the end of the stream.
    """
    try:
        head, blob = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
        _check(head, blob)
        return _head(await stream.readexactly(head)), await stream.readexactly(blob)
    except (asyncio.IncompleteReadError, ConnectionError) as gone:
        raise FrameError("the worker closed its connection") from gone


def receive(sock: socket.socket) -> tuple[Head, bytes] | None:
    """The next frame from a blocking socket; None once the other end has closed it."""
    lengths = _exactly(sock, _LENGTHS.size)
    if lengths is None:
        return None
    head, blob = _LENGTHS.unpack(lengths)
    _check(head, blob)
    text, data = _exactly(sock, head), _exactly(sock, blob)
    return None if text is None or data is None else (_head(text), data)


def _exactly(sock: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        chunk = sock.recv(min(count - len(data), 1 << 20))
        if not chunk:
            return None
        data += chunk
    return bytes(data)


def _head(text: bytes) -> Head:
    head = json.loads(text)
    if not isinstance(head, dict):
        raise FrameError("a frame's head must be a mapping")
    return head


def _check(head: int, blob: int) -> None:
    if head > MAX_HEAD or blob > MAX_BLOB:
        raise FrameError(f"{(head + blob) >> 20} MiB are more than Helm is given or gives in one go")
