"""GitLab: a secret token that is sent along, or, where the secret is a signing token, a signature with a time.

The form of the secret says which: with a signing token nothing but a signature counts, so nobody chooses the weaker.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Literal

from bot.webhooks.push import Push, field, push_of
from bot.webhooks.signing import digest, encoded, equal, names

TOKEN = "X-Gitlab-Token"  # noqa: S105 - the header's name
SIGNATURE = "webhook-signature"
TIME = "webhook-timestamp"
SIGNING = "whsec_"
"""What signing tokens begin with (Standard Webhooks); the rest is the key in base64."""
VERSION = "v1,"
TOLERANCE = 300.0
"""Seconds that a signature's time may be off, as Standard Webhooks advises: clocks differ, and calls take time."""


class GitLab:
    """GitLab.com and GitLab Self-Managed."""

    shown = "GitLab"

    def may_be_genuine(self, headers: Mapping[str, str], secret: str) -> bool:
        """The token needs no body to be compared; a signature does."""
        if secret.startswith(SIGNING):
            return headers.get(SIGNATURE, "").startswith(VERSION)
        return equal(headers.get(TOKEN, ""), secret)

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
        """Whether the token is right, or one of the signatures, whose time has to be about now."""
        if not secret.startswith(SIGNING):
            return equal(headers.get(TOKEN, ""), secret)
        key = _key(secret)
        sent = headers.get(TIME, "")
        if not key or not sent.isascii() or not sent.isdecimal() or len(sent) > 12:
            return False
        if abs(now - int(sent)) > TOLERANCE:
            return False
        signed = encoded(f"{headers.get('webhook-id', '')}.{sent}.") + body
        right = VERSION + base64.b64encode(digest(key, signed)).decode()
        return any(equal(each, right) for each in headers.get(SIGNATURE, "").split(" "))

    def event(self, headers: Mapping[str, str]) -> Literal["push", "ping", "other"]:
        """There is no ping: its test delivery is a push of the newest commits."""
        return "push" if headers.get("X-Gitlab-Event") in ("Push Hook", "Tag Push Hook") else "other"

    def names(self, headers: Mapping[str, str], body: bytes) -> tuple[str, ...]:
        """`webhook-id` is the same as `Idempotency-Key`, and signed.

        A body tells no time, so that two pushes may have the same: it counts where an older version sends no id.
        """
        delivery = headers.get("webhook-id") or headers.get("Idempotency-Key", "")
        return names(delivery) or names("", body)

    def push(self, payload: Mapping[str, Any]) -> Push:
        """Branches and tags alike."""
        repository = field(payload, "project", "path_with_namespace")
        return push_of(repository, payload.get("ref"), payload.get("after"), payload.get("user_username"))


def _key(secret: str) -> bytes:
    """The key of a signing token; b"" where it holds none."""
    try:
        return base64.b64decode(secret.removeprefix(SIGNING), validate=True)
    except (binascii.Error, ValueError):
        return b""
