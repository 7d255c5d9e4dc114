"""Telegram's two Markdowns: a text with marks in, plain text with entities out, or the mistake in Telegram's words.

The rules are those of tdlib/td's MessageEntity. The old one (`Markdown`) does not nest; the new one (`MarkdownV2`)
does, and wants every character that could be a mark escaped. As in HTML, offsets of mistakes count bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.sandbox.telegram.entities import Entity, units
from bot.sandbox.telegram.errors import Refusal, bad
from bot.sandbox.telegram.links import checked_link, mentioned_user
from bot.sandbox.telegram.parameters import as_integer

_OLD = re.compile(rb"\\([_*`\[])|([_*`\[])|[^_*`\[\\]+|\\")
_OLD_KINDS = {b"_": "italic", b"*": "bold", b"`": "code"}
_LANGUAGE = re.compile(rb"([^\s`]+)(?=\s)")
_NEWLINE = re.compile(rb"\r\n|\n\r|[\r\n]")
_PLAIN = re.compile(rb"[^_*\[\]()~`>#+\-=|{}.!\n\\]+")
_PLAIN_IN_CODE = re.compile(rb"[^`\\]+")
_ESCAPED = re.compile(rb"\\([\x01-\x7e])")
_MARKS = (
    (b"__", "underline"),
    (b"_", "italic"),
    (b"*", "bold"),
    (b"~", "strikethrough"),
    (b"||", "spoiler"),
    (b"```", "pre"),
    (b"`", "code"),
    (b"![", "custom_emoji"),
    (b"[", "text_link"),
)
_ENDS = {kind: mark for mark, kind in _MARKS} | {"custom_emoji": b"]", "text_link": b"]"}
_NAMES = {"text_link": "TextUrl", "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote"}
_PICTURE = re.compile(r"tg://(emoji|time)\?(.*)")


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """Of `Markdown`: the plain text and its entities. Raises: Refusal 400 "can't parse entities: …"."""
    raw, at, text, entities = source.encode(), 0, "", list[Entity]()
    while match := _OLD.match(raw, at):
        escaped, mark = match.groups()
        at = match.end()
        if mark is None:
            text += _decoded(escaped or match.group())
            continue
        begin, language, end_mark = match.start(), "", b"]" if mark == b"[" else mark
        if raw.startswith(b"```", begin):
            language, at = _fence(raw, begin + 3)
            end_mark = b"```"
        end = raw.find(end_mark, at)
        if end < 0:
            raise _mistake(f"Can't find end of the entity starting at byte offset {begin}")
        part, offset = _decoded(raw[at:end]), units(text)
        text += part
        at = end + len(end_mark)
        if mark == b"[":
            url, at = _url(raw, at, part)
            entities += _link(url, offset, units(part))
        elif part:
            kind = "pre" if end_mark == b"```" else _OLD_KINDS[mark]
            entities.append(Entity(kind, offset, units(part), language=language))
    return text, entities


def parse_markdown_v2(source: str) -> tuple[str, list[Entity]]:
    """Of `MarkdownV2`: the plain text and its entities. Raises: Refusal 400 "can't parse entities: …"."""
    return _Parser(source.encode()).parse()


@dataclass(slots=True)
class _Open:
    """A mark whose end is yet to come."""

    kind: str
    offset: int
    byte_offset: int
    piece: int
    language: str = ""

    @property
    def name(self) -> str:
        return _NAMES.get(self.kind) or ("PreCode" if self.language else self.kind.title())


@dataclass(slots=True)
class _Parser:
    source: bytes
    at: int = 0
    text: list[str] = field(default_factory=list)
    offset: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    line_begins: bool = True
    """Whether a quote may begin here: nothing stands before on the line, but for empty entities."""

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            if escaped := _ESCAPED.match(self.source, self.at):
                self._add(escaped.group(1))
                self.at = escaped.end()
            elif plain := (_PLAIN_IN_CODE if self._in_code else _PLAIN).match(self.source, self.at):
                self._add(plain.group())
                self.at = plain.end()
            elif self.source.startswith(b"\\", self.at):
                self._add(b"\\")
                self.at += 1
            else:
                self._mark()
        if self._in_quote:
            self._end_quote()
        if self.open:
            raise _unended(self.open[-1])
        return "".join(self.text), self.entities

    @property
    def _in_code(self) -> bool:
        return bool(self.open) and self.open[-1].kind in ("code", "pre")

    @property
    def _in_quote(self) -> bool:
        return any(each.kind == "blockquote" for each in self.open)

    def _add(self, raw: bytes) -> None:
        text = _decoded(raw)
        self.text.append(text)
        self.offset += units(text)
        self.line_begins = False

    def _begin(self, kind: str, length: int, language: str = "") -> None:
        self.open.append(_Open(kind, self.offset, self.at, len(self.text), language))
        self.at += length

    def _mark(self) -> None:
        rest = self.source[self.at : self.at + 3]
        if rest.startswith(b"\n") and not self._in_code:
            self._new_line()
        elif self.open and self._ends(self.open[-1], rest):
            self._end(self.open.pop())
        elif rest.startswith(b">") and self.line_begins:
            self._begin("blockquote", 1)
            self.line_begins = False
        else:
            self._start(rest)

    def _ends(self, opened: _Open, rest: bytes) -> bool:
        end = _ENDS.get(opened.kind)
        if end is None or (opened.kind == "italic" and rest.startswith(b"__")):
            return False
        return rest.startswith(end)

    def _new_line(self) -> None:
        quoted = self.source[self.at + 1 : self.at + 2] == b">"
        if self._in_quote and not quoted:
            self._end_quote()
        self._add(b"\n")
        self.line_begins = True
        self.at += 1
        if quoted and self._in_quote:
            self.at += 1
            self.line_begins = False

    def _end_quote(self) -> None:
        """At the end of its last line; that line's end in || makes it one that unfolds."""
        folded = self.open[-1].kind == "spoiler" and self.open[-1].offset == self.offset
        if folded:
            self.open.pop()
        opened = self.open.pop()
        if opened.kind != "blockquote":
            raise _unended(opened)
        self._keep(opened, "expandable_blockquote" if folded else "blockquote")

    def _start(self, rest: bytes) -> None:
        mark, kind = next((each for each in _MARKS if rest.startswith(each[0])), (b"", ""))
        if not mark:
            raise _reserved(rest[:1].decode())
        if kind == "pre":
            language, after = _fence(self.source, self.at + 3)
            self._begin(kind, after - self.at, language)
        else:
            self._begin(kind, len(mark))

    def _end(self, opened: _Open) -> None:
        self.at += len(_ENDS[opened.kind])
        if opened.kind == "text_link":
            url, self.at = _url(self.source, self.at, "".join(self.text[opened.piece :]), escapes=True)
            self.entities += _link(url, opened.offset, self.offset - opened.offset)
        elif opened.kind == "custom_emoji":
            self._end_picture(opened)
        else:
            self._keep(opened, opened.kind)

    def _end_picture(self, opened: _Open) -> None:
        if not self.source.startswith(b"(", self.at):
            raise _mistake("Custom emoji entity must contain a tg://emoji URL")
        url, self.at = _url(self.source, self.at, "", escapes=True, what="a custom emoji URL")
        picture = _PICTURE.fullmatch(url)
        if picture is None:
            raise _mistake("Custom emoji URL must have scheme tg")
        facts = dict(each.partition("=")[::2] for each in picture.group(2).split("&"))
        length = self.offset - opened.offset
        if picture.group(1) == "emoji":
            self.entities.append(
                Entity("custom_emoji", opened.offset, length, custom_emoji_id=facts.get("id", ""))
            )
        else:
            unix, form = as_integer(facts.get("unix", "")), facts.get("format", "")
            self.entities.append(
                Entity("date_time", opened.offset, length, unix_time=unix, date_time_format=form)
            )

    def _keep(self, opened: _Open, kind: str) -> None:
        if length := self.offset - opened.offset:
            self.entities.append(Entity(kind, opened.offset, length, language=opened.language))


def _fence(raw: bytes, at: int) -> tuple[str, int]:
    """The language that follows ```, and where the code begins: after one new line, if there is one."""
    language = ""
    if named := _LANGUAGE.match(raw, at):
        language, at = _decoded(named.group(1)), named.end()
    line = _NEWLINE.match(raw, at)
    return language, line.end() if line else at


def _url(raw: bytes, at: int, text: str, *, escapes: bool = False, what: str = "a URL") -> tuple[str, int]:
    """The address in parentheses at `at` and where it ends; the text itself where there are none."""
    if not raw.startswith(b"(", at):
        return text, at
    url, begin = bytearray(), at + 1
    at = begin
    while at < len(raw) and raw[at] != ord(")"):
        if escapes and (escaped := _ESCAPED.match(raw, at)):
            at += 1
            url += escaped.group(1)
        else:
            url.append(raw[at])
        at += 1
    if escapes and at >= len(raw):
        raise _mistake(f"Can't find end of {what} at byte offset {begin}")
    return _decoded(bytes(url)), at + 1


def _link(url: str, offset: int, length: int) -> list[Entity]:
    if not length:
        return []
    if user_id := mentioned_user(url):
        return [Entity("text_mention", offset, length, user_id=user_id)]
    link = checked_link(url)
    return [Entity("text_link", offset, length, url=link)] if link else []


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _reserved(char: str) -> Refusal:
    return _mistake(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")


def _unended(opened: _Open) -> Refusal:
    return _mistake(f"Can't find end of {opened.name} entity at byte offset {opened.byte_offset}")


def _mistake(text: str) -> Refusal:
    return bad(f"can't parse entities: {text}")
