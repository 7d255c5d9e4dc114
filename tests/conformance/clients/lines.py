"""What the three clients share: calls come in as JSON lines, what they return and what the bot hears goes out.

A call is `{"call": "send_message", "with": {...}, "see": [...]}`, by the names of the Bot API in snake case, which
all three libraries use. A mapping with the key "a" in it stands for an object of the library's own; "file" in it for
something to upload. `see` lists what is looked at in the result: paths of attributes as the library's objects have
them, so that what is compared is what a bot's author would read.
"""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

LINE = 4 * 1024 * 1024
"""Bytes that a line may have: a document may be in it."""
SECRET = "a-secret-that-webhooks-carry"
SEEN = {
    "message": (
        "message_id",
        "chat.id",
        "chat.type",
        "date",
        "from_user.id",
        "text",
        "caption",
        "entities.*.type",
        "message_thread_id",
        "is_topic_message",
        "reply_to_message.message_id",
        "document.file_id",
        "document.file_name",
        "photo.-1.file_id",
        "pinned_message.message_id",
        "new_chat_members.*.id",
        "left_chat_member.id",
        "forum_topic_created.name",
        "forum_topic_edited.name",
    ),
    "callback_query": ("id", "data", "from_user.id", "message.message_id", "message.text"),
    "chat_member": ("chat.id", "old_chat_member.status", "new_chat_member.status", "new_chat_member.user.id"),
    "message_reaction": ("chat.id", "message_id", "user.id", "new_reaction.*.emoji"),
}
"""What is looked at in each kind of update."""
SEEN |= {
    "edited_message": SEEN["message"],
    "channel_post": SEEN["message"],
    "my_chat_member": SEEN["chat_member"],
}


@dataclass
class Refused(Exception):
    """What a library raised for `ok: false`; `code` is the one for which it has the class that it raised."""

    code: int
    text: str
    retry_after: int | None = None
    migrate_to: int | None = None

    def __str__(self) -> str:
        return self.text


class Library(Protocol):
    """One client library, as far as they differ."""

    async def call(self, name: str, fields: Mapping[str, Any]) -> object:
        """Call the bot's method. Raises: Refused."""

    async def download(self, file_id: str) -> bytes:
        """The content of a file, got as the library's authors mean it to be got."""

    def made(self, kind: str, fields: Mapping[str, Any]) -> object:
        """An object of the library's own."""

    def upload(self, name: str, content: bytes) -> object:
        """Something to upload."""


def say(**line: object) -> None:
    """Tell the test."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def heard(kind: str, update: object) -> None:
    """Tell the test of an update as the library hands it to the bot."""
    say(heard=kind, seen={path: found(update, path) for path in SEEN[kind]})


def found(value: Any, path: str) -> Any:
    """What a path of attributes leads to, None where it ends early; `*` is each of a list, a number one of it."""
    if value is None:
        return None
    if not path:
        return value.timestamp() if isinstance(value, datetime) else value
    step, _, rest = path.partition(".")
    if step == "*":
        return [found(each, rest) for each in value]
    if step.lstrip("-").isdigit():
        return found(value[int(step)], rest) if value else None
    return found(getattr(value, step, None), rest)


def built(library: Library, value: Any) -> Any:
    """A call's argument in the library's own objects."""
    if isinstance(value, list):
        return [built(library, each) for each in value]
    if not isinstance(value, dict):
        return value
    if "file" in value:
        return library.upload(value["file"], b64decode(value["content"]))
    fields = {name: built(library, each) for name, each in value.items() if name != "a"}
    return library.made(value["a"], fields)


async def obey(library: Library) -> None:
    """Do what the test says until it has no more to say."""
    reader = asyncio.StreamReader(limit=LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say(ready=True)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            say(result=await _done(library, command))
        except Refused as refused:
            say(refused=vars(refused))
        except Exception as error:  # the test is to see it, not to wait for an answer that never comes
            say(failed=f"{type(error).__name__}: {error}")


async def _done(library: Library, command: Mapping[str, Any]) -> object:
    if command["call"] == "download":
        return b64encode(await library.download(command["with"]["file_id"])).decode()
    fields = {name: built(library, value) for name, value in command["with"].items()}
    result = await library.call(command["call"], fields)
    if isinstance(result, bool | int | str):
        return result
    if isinstance(result, list | tuple):
        return [{path: found(each, path) for path in command["see"]} for each in result]
    return {path: found(result, path) for path in command["see"]}


@dataclass(frozen=True)
class Told:
    """How the client was started: where Telegram is, and where its own webhook listens (None: it polls)."""

    url: str
    token: str
    port: int | None

    @classmethod
    def read(cls) -> Told:
        """From the command line: the server's address, the token, and the webhook's port."""
        url, token, *port = sys.argv[1:]
        return cls(url, token, int(port[0]) if port else None)

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"
