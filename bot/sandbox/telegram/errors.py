"""How the embedded server says no: a code, Telegram's exact words and what the caller may do about it."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """An answer with `ok: false`.

    `code` is both the HTTP status and `error_code`; `retry_after` (seconds) and `migrate_to` (a chat id)
    become `parameters` of the answer.
    """

    def __init__(
        self, code: int, description: str, *, retry_after: int | None = None, migrate_to: int | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to

    def body(self) -> Mapping[str, object]:
        """The answer's JSON."""
        body: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        parameters: dict[str, int] = {}
        if self.migrate_to is not None:
            parameters["migrate_to_chat_id"] = self.migrate_to
        if self.retry_after is not None:
            parameters["retry_after"] = self.retry_after
        if parameters:
            body["parameters"] = parameters
        return body


class Impossible(ValueError):
    """Something a person could not do in a real Telegram: pressing a button that is not there, say."""


def bad(text: str) -> Refusal:
    """400, the text after "Bad Request: "."""
    return Refusal(400, f"Bad Request: {text}")


def forbidden(text: str) -> Refusal:
    """403, the text after "Forbidden: "."""
    return Refusal(403, f"Forbidden: {text}")


def conflict(text: str) -> Refusal:
    """409, the text after "Conflict: "."""
    return Refusal(409, f"Conflict: {text}")


def flooded(seconds: int) -> Refusal:
    """429: come back in `seconds`."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
