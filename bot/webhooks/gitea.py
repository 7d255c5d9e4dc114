"""Gitea and Forgejo: as GitHub, with a bare signature and headers of their own."""

from collections.abc import Mapping
from typing import Any, Literal

from bot.webhooks.push import Push, field, push_of
from bot.webhooks.signing import digest, encoded, equal, names

SIGNATURE = "X-Gitea-Signature"
"""Forgejo sends it too, with the same value as its own."""


class Gitea:
    """Gitea and Forgejo."""

    shown = "Gitea"

    def may_be_genuine(self, headers: Mapping[str, str], _secret: str) -> bool:
        """Whether there is a signature at all: without a secret there, it is sent empty."""
        return bool(headers.get(SIGNATURE))

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str, _now: float) -> bool:
        """Whether it is signed with the secret."""
        return equal(headers.get(SIGNATURE, ""), digest(encoded(secret), body).hex())

    def event(self, headers: Mapping[str, str]) -> Literal["push", "ping", "other"]:
        """There is no ping: its test delivery is a push of the newest commit."""
        return "push" if headers.get("X-Gitea-Event") == "push" else "other"

    def names(self, headers: Mapping[str, str], body: bytes) -> tuple[str, ...]:
        """The id is kept when a call is sent again; whoever replays one may change it, but not the body."""
        return names(headers.get("X-Gitea-Delivery", ""), body)

    def push(self, payload: Mapping[str, Any]) -> Push:
        """Branches and tags alike."""
        repository = field(payload, "repository", "full_name")
        return push_of(
            repository, payload.get("ref"), payload.get("after"), field(payload, "pusher", "login")
        )
