"""Reading a request's parameters the way the official server does (tdlib/td HttpReader, telegram-bot-api Query).

The query string comes first, then the body (JSON, urlencoded or multipart); the first occurrence of a name
wins. Everything is text until a method asks for something else; what cannot be read is taken leniently, since
Telegram does not refuse it either.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from bot.sandbox.telegram.errors import bad

_URLENCODED = "application/x-www-form-urlencoded"
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


async def read(request: web.Request, *, most: int) -> Parameters:
    """The parameters of a request, whose body may be that large. A GET may have one too, as some clients do it.

    Raises: web.HTTPRequestEntityTooLarge; Refusal where a text is no Unicode.
    """
    values: dict[str, str] = {}
    for name, value in request.query.items():
        values.setdefault(name, value)
    if request.content_type == "multipart/form-data":
        parts = aiohttp.MultipartReader(request.headers, request.content)
        try:
            body = await _parts(parts, most)
        except ValueError:
            body = Parameters()
    else:
        body = _flat(request.content_type, (await request.read()).decode("utf-8", "surrogateescape"))
    for name, value in body.values.items():
        values.setdefault(name, value)
    if not all(_is_unicode(each) for pair in values.items() for each in pair):
        raise bad("strings must be encoded in UTF-8")
    return Parameters(values, body.uploads)


async def read_answer(answer: aiohttp.ClientResponse) -> Parameters:
    """What a webhook answers with, which is read like the body of a request.

    Raises: ValueError where it says that it is multipart, and is not.
    """
    if answer.content_type == "multipart/form-data":
        return await _parts(aiohttp.MultipartReader(answer.headers, answer.content))
    # A body without a type, or of one that says nothing, may be JSON all the same.
    kind = answer.content_type if answer.content_type == _URLENCODED else "application/json"
    return _flat(kind, (await answer.read()).decode("utf-8", "replace"))


def _flat(kind: str, body: str) -> Parameters:
    """The fields of a body without files; none where it is of another type."""
    values: dict[str, str] = {}
    if kind == _URLENCODED:
        for name, value in parse_qsl(body, keep_blank_values=True):
            values.setdefault(name, value)
    elif kind == "application/json":
        values = json_fields(body)
    return Parameters(values)


async def _parts(reader: aiohttp.MultipartReader, most: float = math.inf) -> Parameters:
    """Fields and files of a multipart body. Raises: web.HTTPRequestEntityTooLarge; ValueError."""
    values: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    size = 0
    async for part in reader:
        if not isinstance(part, aiohttp.BodyPartReader) or not part.name:
            continue
        content = bytearray()
        while chunk := await part.read_chunk():
            content += chunk
            size += len(chunk)
            if size > most:
                raise web.HTTPRequestEntityTooLarge(max_size=int(most), actual_size=size)
        if part.filename is not None:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            uploads.setdefault(part.name, Upload(part.filename, kind, bytes(content)))
        else:
            values.setdefault(part.name, content.decode("utf-8", "replace"))
    return Parameters(values, uploads)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
