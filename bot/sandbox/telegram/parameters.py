"""Reading a request's parameters the way the official server does (tdlib/td HttpReader, telegram-bot-api Query).

The query string comes first, then the body (JSON, urlencoded or multipart); the first occurrence of a name
wins. Everything is text until a method asks for something else; what cannot be read is taken leniently, since
Telegram does not refuse it either.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from bot.sandbox.telegram.errors import bad

_SPACE = re.compile(r"[ \t\r\n]*")
_INTEGER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """A request's parameters by name (names are case sensitive, as Telegram's are)."""

    values: Mapping[str, str] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """The raw text, "" where absent."""
        return self.values.get(name, "")

    def integer(self, name: str, default: int = 0, *, low: int | None = None, high: int | None = None) -> int:
        """A whole number: what follows the digits is ignored, no digits are 0; clamped to low and high."""
        number = as_integer(self.values[name]) if name in self.values else default
        number = number if low is None else max(low, number)
        return number if high is None else min(high, number)

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """True for true, yes and 1 in any case."""
        value = self.values.get(name)
        return default if value is None else value.lower() in ("true", "yes", "1")

    def json(self, name: str) -> object:
        """The parsed JSON of a parameter. Raises: KeyError where absent, ValueError where it is none."""
        try:
            parsed: object = json.loads(self.values[name])
            json.dumps(parsed, ensure_ascii=False).encode()
        except RecursionError:
            raise ValueError("The JSON is nested too deeply") from None
        return parsed

    def upload(self, name: str) -> Upload | None:
        """The file of a parameter: the field itself, or the one it names with attach://."""
        if name in self.uploads:
            return self.uploads[name]
        value = self.text(name)
        return self.uploads.get(value.removeprefix("attach://")) if value.startswith("attach://") else None


def as_integer(value: object) -> int:
    """A number as the official server reads it: leniently, 0 where there is none."""
    if isinstance(value, bool | None):
        return 0
    match = _INTEGER.match(str(value).strip())
    return int(match.group()) if match else 0


async def read(request: web.Request) -> Parameters:
    """The parameters of a request.

    Raises: web.HTTPRequestEntityTooLarge; Refusal where a text is no Unicode.
    """
    values: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    for name, value in request.query.items():
        values.setdefault(name, value)
    if request.content_type == "application/json":
        for name, value in json_fields((await request.read()).decode("utf-8", "surrogateescape")).items():
            values.setdefault(name, value)
    elif request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        await _read_form(request, values, uploads)
    if not all(_is_unicode(each) for pair in values.items() for each in pair):
        raise bad("strings must be encoded in UTF-8")
    return Parameters(values, uploads)


async def read_answer(answer: aiohttp.ClientResponse) -> Parameters:
    """What a webhook answers with, which is read like the body of a request.

    Raises: ValueError where it says that it is multipart, and is not.
    """
    values: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    if answer.content_type == "multipart/form-data":
        async for part in aiohttp.MultipartReader.from_response(answer):
            if not isinstance(part, aiohttp.BodyPartReader) or not part.name:
                continue
            content = bytes(await part.read(decode=True))
            if part.filename is not None:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                uploads.setdefault(part.name, Upload(part.filename, kind, content))
            else:
                values.setdefault(part.name, content.decode("utf-8", "replace"))
        return Parameters(values, uploads)
    body = (await answer.read()).decode("utf-8", "replace")
    if answer.content_type == "application/x-www-form-urlencoded":
        for name, value in parse_qsl(body, keep_blank_values=True):
            values.setdefault(name, value)
    else:
        values = json_fields(body)
    return Parameters(values)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _read_form(request: web.Request, values: dict[str, str], uploads: dict[str, Upload]) -> None:
    form = await request.post()
    for name, item in form.items():
        if isinstance(item, web.FileField):
            content = await asyncio.to_thread(item.file.read)
            uploads.setdefault(name, Upload(item.filename, item.content_type, content))
        elif isinstance(item, bytes | bytearray):
            values.setdefault(name, item.decode("utf-8", "replace"))
        else:
            values.setdefault(name, item)


def json_fields(body: str) -> dict[str, str]:
    """The fields of a JSON object: strings decoded, every other value as its raw text.

    Malformed JSON is not refused: the fields read before the mistake count.
    """
    fields: dict[str, str] = {}
    decoder = json.JSONDecoder(strict=False)
    at = _skip(body, 0)
    if body[at : at + 1] != "{":
        return fields
    at = _skip(body, at + 1)
    try:
        while body[at : at + 1] == '"':
            name, at = decoder.raw_decode(body, at)
            at = _skip(body, at)
            if body[at : at + 1] != ":":
                break
            start = _skip(body, at + 1)
            value, at = decoder.raw_decode(body, start)
            fields.setdefault(name, value if isinstance(value, str) else body[start:at])
            at = _skip(body, at)
            if body[at : at + 1] != ",":
                break
            at = _skip(body, at + 1)
    except (ValueError, RecursionError):
        return fields
    return fields


def _skip(body: str, at: int) -> int:
    match = _SPACE.match(body, at)
    return match.end() if match else at
