"""Reply markup: what may stand under a message and how Telegram refuses the rest.

Read before it is known where the message goes (`read_markup`), checked by the place once it is (`check_markup`).
Sources: telegram-bot-api Client::get_reply_markup and td ReplyMarkup.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.sandbox.telegram.errors import Refusal, bad
from bot.sandbox.telegram.links import checked_link
from bot.sandbox.telegram.parameters import Parameters

# What the backend keeps; td itself would keep 12 a row and 300 in all. More is dropped without a word.
ROW_LIMIT = 8
BUTTON_LIMIT = 100
_MARKUP_BYTES = 10_000
_STYLES = ("primary", "danger", "success")
_OTHER_KINDS = ("keyboard", "remove_keyboard", "force_reply")
_ELSEWHERE = ("callback_game", "pay")  # of games and invoices alone
_SWITCHES = ("switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat")


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button, as people see it. `raw` is what the Bot API gives back."""

    label: str
    style: str | None = None
    data: str | None = None
    url: str | None = None
    copy: str | None = None
    web_app: str | None = None
    disabled: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)
    fault: str = ""
    """How Telegram's backend refuses it, which is asked last of all; "" where it does not."""


@dataclass(frozen=True, slots=True)
class Markup:
    """What stands under a message: rows of inline buttons, or a reply keyboard (`kind` names which)."""

    rows: tuple[tuple[Button, ...], ...] = ()
    kind: str = "inline_keyboard"
    labels: tuple[tuple[str, ...], ...] = ()
    """Rows of a reply keyboard, which is no part of the message: pressing a button there says its label."""

    @property
    def inline(self) -> bool:
        return self.kind == "inline_keyboard"

    def to_json(self) -> dict[str, object] | None:
        """InlineKeyboardMarkup, None where there is nothing to show."""
        if not self.rows:
            return None
        return {"inline_keyboard": [[dict(button.raw) for button in row] for row in self.rows]}


NO_MARKUP = Markup()


def read_markup(parameters: Parameters, name: str = "reply_markup") -> Markup:
    """The reply markup of a request. Raises: Refusal, in Telegram's words."""
    raw = parameters.text(name)
    if not raw:
        return NO_MARKUP
    try:
        markup = parameters.json(name)
    except ValueError:
        raise bad("can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, Mapping):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in markup:
        return _inline(markup["inline_keyboard"])
    kind = next((each for each in _OTHER_KINDS if each in markup), "inline_keyboard")
    return Markup(kind=kind, labels=_labels(markup["keyboard"]) if kind == "keyboard" else ())


def check_markup(markup: Markup, *, private: bool, channel: bool) -> None:
    """Raises: Refusal where a button may not stand in such a chat, or is not as the backend wants it."""
    for button in (each for row in markup.rows for each in row):
        inline = next((each for each in _SWITCHES if each in button.raw), None)
        if channel and inline is not None:
            raise bad(
                f"can't use {inline} in a channel chat, because a user will not be able to use the button "
                "without knowing bot's username"
            )
        if button.fault or (button.web_app is not None and not private):
            raise bad(button.fault or "BUTTON_TYPE_INVALID")


def _labels(rows: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(rows, list):
        raise bad('field "keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad('field "keyboard" must be an Array of Arrays')
    return tuple(tuple(_label(each) for each in row) for row in rows if row)


def _label(given: object) -> str:
    """A button of a reply keyboard is an object, or just its text."""
    label = given.get("text") if isinstance(given, Mapping) else given
    if not isinstance(label, str):
        raise bad("can't parse keyboard button: expected an Object or a String")
    return label


def _inline(rows: object) -> Markup:
    if not isinstance(rows, list):
        raise bad('field "inline_keyboard" must be of type Array')
    kept: list[tuple[Button, ...]] = []
    room = BUTTON_LIMIT
    for row in rows:
        if not isinstance(row, list):
            raise bad('field "inline_keyboard" must be an Array of Arrays')
        buttons = tuple(_button(each) for each in row)[: min(ROW_LIMIT, room)]
        room -= len(buttons)
        if buttons:
            kept.append(buttons)
    markup = Markup(tuple(kept))
    if sum(len(str(button.raw).encode()) for row in kept for button in row) > _MARKUP_BYTES:
        raise bad("reply markup is too long")
    return markup


def _button(given: object) -> Button:
    if not isinstance(given, Mapping):
        raise _unparsable("expected an Object")
    label = given.get("text")
    if not isinstance(label, str):
        raise _unparsable('Field "text" must be of type String')
    style = given.get("style") or None
    if style is not None and style not in _STYLES:
        raise _unparsable("invalid button style specified")
    raw: dict[str, object] = {"text": label}
    if style:
        raw["style"] = style
    if icon := given.get("icon_custom_emoji_id"):
        raw["icon_custom_emoji_id"] = icon
    button = _action(given, label, str(style) if style else None, raw)
    return button if label.strip() else replace(button, fault="BUTTON_TEXT_INVALID")


def _action(given: Mapping[str, object], label: str, style: str | None, raw: dict[str, object]) -> Button:
    """What pressing does: the first of the kinds in Telegram's order wins."""
    if "disabled" in given:
        raw["disabled"] = {}
        return Button(label, style, disabled=True, raw=raw)
    if "url" in given:
        raw["url"] = _url(str(given["url"]), "URL")
        return Button(label, style, url=str(raw["url"]), raw=raw)
    if "callback_data" in given:
        raw["callback_data"] = data = str(given["callback_data"])
        fault = "" if 1 <= len(data.encode()) <= 64 else "BUTTON_DATA_INVALID"
        return Button(label, style, data=data, raw=raw, fault=fault)
    for kind in _ELSEWHERE:
        if kind in given:
            return Button(label, style, raw=raw, fault="BUTTON_TYPE_INVALID")
    for kind in (*_SWITCHES, "login_url"):
        if kind in given:
            raw[kind] = given[kind]
            return Button(label, style, raw=raw)
    if isinstance(app := given.get("web_app"), Mapping):
        raw["web_app"] = {"url": (address := _web_app(str(app.get("url", ""))))}
        return Button(label, style, web_app=address, raw=raw)
    if isinstance(copied := given.get("copy_text"), Mapping):
        raw["copy_text"] = {"text": (text := str(copied.get("text", "")))}
        fault = "" if 1 <= len(text) <= 256 else "BUTTON_COPY_TEXT_INVALID"
        return Button(label, style, copy=text, raw=raw, fault=fault)
    raise _unparsable("Text buttons are unallowed in the inline keyboard")


def _url(address: str, what: str) -> str:
    link = checked_link(address)
    if not link:
        raise bad(f"inline keyboard button {what} '{address}' is invalid: Wrong HTTP URL")
    return link


def _web_app(address: str) -> str:
    link = _url(address, "Web App URL")
    if not link.startswith("https://"):
        raise bad(f"inline keyboard button Web App URL '{address}' is invalid: Only HTTPS links are allowed")
    return link


def _unparsable(text: str) -> Refusal:
    return bad(f"can't parse inline keyboard button: {text}")
