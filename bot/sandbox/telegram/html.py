"""Telegram's HTML: a text with tags in, plain text with entities out, or the mistake in Telegram's words.

The rules are those of tdlib/td's MessageEntity (parse_html): a handful of tags, everything else refused with
the byte offset in the raw text, so this works on bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bot.sandbox.telegram.entities import Entity, units
from bot.sandbox.telegram.errors import Refusal, bad
from bot.sandbox.telegram.links import checked_link, mentioned_user
from bot.sandbox.telegram.parameters import as_integer

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
_TAGS = frozenset(_KINDS) | {"a", "tg-emoji", "tg-time", "pre", "code", "blockquote"}
_NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
_REFERENCE = re.compile(rb"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_SPACE = b" \t\r\n\0\v"
_TAG_NAME = re.compile(rb"[^ \t\r\n\0\v>]*")
_ATTRIBUTE_NAME = re.compile(rb"[^ \t\r\n\0\v=>]*")
_TOKEN = re.compile(rb"[0-9a-zA-Z.-]*")


@dataclass(slots=True)
class _Open:
    """A tag that was opened: what it was told, and where its text begins."""

    tag: str
    attributes: dict[str, str]
    offset: int
    begin: int


@dataclass(slots=True)
class _Parser:
    source: bytes
    at: int = 0
    text: list[str] = field(default_factory=list)
    offset: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            if self.source[self.at] != ord("<"):
                self._plain()
            elif self.source[self.at + 1 : self.at + 2] == b"/":
                self._end_tag()
            else:
                self._start_tag()
        if self.open:
            raise _mistake(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        # Code alone has no language; inside pre it was merged when pre ended.
        found = [replace(each, language="") if each.type == "code" else each for each in self.entities]
        return "".join(self.text), found

    def _plain(self) -> None:
        end = self.source.find(b"<", self.at)
        end = len(self.source) if end < 0 else end
        self._add(decode_references(self.source[self.at : end]))
        self.at = end

    def _add(self, text: str) -> None:
        self.text.append(text)
        self.offset += units(text)

    def _start_tag(self) -> None:
        begin = self.at
        name = _match(_TAG_NAME, self.source, begin + 1)
        self.at = begin + 1 + len(name)
        self._not_over(begin)
        tag = name.decode("utf-8", "replace").lower()
        if tag not in _TAGS:
            raise _mistake(f'Unsupported start tag "{tag}" at byte offset {begin}')
        attributes: dict[str, str] = {}
        while self._more_attributes(begin):
            attribute, value = self._attribute(tag, begin)
            attributes[attribute] = value
        self.at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _mistake(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.open.append(_Open(tag, attributes, self.offset, len(self.text)))

    def _more_attributes(self, begin: int) -> bool:
        self._skip_space()
        self._not_over(begin)
        return self.source[self.at] != ord(">")

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = _match(_ATTRIBUTE_NAME, self.source, self.at)
        if not name:
            raise _mistake(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self.at += len(name)
        self._skip_space()
        self._not_over(begin)
        if self.source[self.at] != ord("="):
            return name.decode("utf-8", "replace").lower(), ""
        self.at += 1
        self._skip_space()
        self._not_over(begin)
        value = self._quoted(begin) if self.source[self.at] in b"'\"" else self._token()
        return name.decode("utf-8", "replace").lower(), value

    def _quoted(self, begin: int) -> str:
        end = self.source.find(self.source[self.at : self.at + 1], self.at + 1)
        if end < 0:
            raise _mistake(f"Unclosed start tag at byte offset {begin}")
        value = decode_references(self.source[self.at + 1 : end])
        self.at = end + 1
        self._not_over(begin)
        return value

    def _token(self) -> str:
        begin = self.at
        value = _match(_TOKEN, self.source, begin)
        self.at += len(value)
        if self.at >= len(self.source) or self.source[self.at] not in _SPACE + b">":
            raise _mistake(f"Unexpected end of name token at byte offset {begin}")
        return value.decode().lower()

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise _mistake(f"Unexpected end tag at byte offset {begin}")
        name = _match(_TAG_NAME, self.source, begin + 2)
        self.at = begin + 2 + len(name)
        self._skip_space()
        if self.source[self.at : self.at + 1] != b">":
            raise _mistake(f"Unclosed end tag at byte offset {begin}")
        self.at += 1
        tag, found = self.open[-1].tag, name.decode("utf-8", "replace").lower()
        if found and found != tag:
            raise _mistake(
                f'Unmatched end tag at byte offset {begin}, expected "</{tag}>", found "</{found}>"'
            )
        opened = self.open.pop()
        if self.offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self.offset - opened.offset
        if opened.tag in ("pre", "code"):
            self._close_code(opened, length)
        elif opened.tag == "a":
            self._close_link(opened, length)
        elif opened.tag == "tg-emoji":
            emoji = opened.attributes.get("emoji-id", "")
            self._mark("custom_emoji", opened, custom_emoji_id=emoji)
        elif opened.tag == "tg-time":
            time, form = as_integer(opened.attributes.get("unix", "")), opened.attributes.get("format", "")
            self.entities.append(
                Entity("date_time", opened.offset, length, unix_time=time, date_time_format=form)
            )
        elif opened.tag == "blockquote":
            expandable = "expandable" in opened.attributes
            self._mark("expandable_blockquote" if expandable else "blockquote", opened)
        else:
            self._mark(_KINDS[opened.tag], opened)

    def _mark(self, kind: str, opened: _Open, **fields: str) -> None:
        entity = Entity(kind, opened.offset, self.offset - opened.offset)
        self.entities.append(replace(entity, **fields))  # type: ignore[arg-type]  # only text fields are given

    def _close_code(self, opened: _Open, length: int) -> None:
        language = opened.attributes.get("class", "") if opened.tag == "code" else ""
        language = language.removeprefix("language-") if language.startswith("language-") else ""
        last = self.entities[-1] if self.entities else None
        same = last is not None and (last.offset, last.length) == (opened.offset, length)
        if last and same and opened.tag == "pre" and last.type == "code" and last.language:
            self.entities[-1] = replace(last, type="pre")
        elif last and same and opened.tag == "code" and last.type == "pre" and language:
            self.entities[-1] = replace(last, language=language)
        else:
            self.entities.append(Entity(opened.tag, opened.offset, length, language=language))

    def _close_link(self, opened: _Open, length: int) -> None:
        address = opened.attributes.get("href", "") or "".join(self.text[opened.begin :])
        if user_id := mentioned_user(address):
            self.entities.append(Entity("text_mention", opened.offset, length, user_id=user_id))
        elif link := checked_link(address):
            self.entities.append(Entity("text_link", opened.offset, length, url=link))

    def _skip_space(self) -> None:
        while self.at < len(self.source) and self.source[self.at] in _SPACE:
            self.at += 1

    def _not_over(self, begin: int) -> None:
        if self.at >= len(self.source):
            raise _mistake(f"Unclosed start tag at byte offset {begin}")


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The plain text of a marked-up one, and its entities in the order in which their tags end.

    Raises: Refusal 400 "can't parse entities: …" with the byte offset of the mistake.
    """
    return _Parser(source.encode()).parse()


def decode_references(raw: bytes) -> str:
    """Replace the four named references and numeric ones; any other stays as it is written."""
    return _REFERENCE.sub(lambda match: _decoded(match).encode(), raw).decode("utf-8", "replace")


def _decoded(match: re.Match[bytes]) -> str:
    hexadecimal, decimal, name = match.groups()
    literal = match.group().decode("utf-8", "replace")
    if name is not None:
        return _NAMED.get(name, literal)
    if len(match.group().rstrip(b";")) >= 10:
        return literal
    code = int(hexadecimal, 16) if hexadecimal is not None else int(decimal)
    if code == 0 or code >= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return literal
    return chr(code)


def _match(pattern: re.Pattern[bytes], source: bytes, at: int) -> bytes:
    match = pattern.match(source, at)
    return match.group() if match else b""


def _mistake(text: str) -> Refusal:
    return bad(f"can't parse entities: {text}")
