"""GitHub: `X-Hub-Signature-256` is over the body alone, so neither the event's name nor the delivery's id is signed."""

from collections.abc import Mapping
from typing import Any, Literal

from bot.webhooks.push import Push, field, push_of
from bot.webhooks.signing import digest, encoded, equal, names

SIGNATURE = "X-Hub-Signature-256"
PREFIX = "sha256="


class GitHub:
    """GitHub and GitHub Enterprise."""

    shown = "GitHub"

    def may_be_genuine(self, headers: Mapping[str, str], _secret: str) -> bool:
        """Whether there is a signature at all."""
        return headers.get(SIGNATURE, "").startswith(PREFIX)

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str, _now: float) -> bool:
        """Whether it is signed with the secret."""
        return equal(headers.get(SIGNATURE, ""), PREFIX + digest(encoded(secret), body).hex())

    def event(self, headers: Mapping[str, str]) -> Literal["push", "ping", "other"]:
        """A ping comes when a webhook is made."""
        event = headers.get("X-GitHub-Event", "")
        return "push" if event == "push" else "ping" if event == "ping" else "other"

    def names(self, headers: Mapping[str, str], body: bytes) -> tuple[str, ...]:
        """The id is kept when a call is sent again; whoever replays one may change it, but not the body."""
        return names(headers.get("X-GitHub-Delivery", ""), body)

    def push(self, payload: Mapping[str, Any]) -> Push:
        """Branches and tags alike."""
        repository = field(payload, "repository", "full_name")
        return push_of(repository, payload.get("ref"), payload.get("after"), field(payload, "pusher", "name"))
