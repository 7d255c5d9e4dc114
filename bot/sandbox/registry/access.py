"""Who may read and push: anyone, holders of a password (Basic), or holders of a token got for one (Bearer).

The Bearer way follows distribution's token specification: a 401 names realm, service and scope; the realm
gives an opaque token for that scope. It opens all that it holds, be it more than one request needs.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.clock import Clock


class Access(Protocol):
    """A way to decide whether a request may be answered."""

    def admits(self, authorization: str | None, scope: str, clock: Clock) -> bool:
        """Whether this `Authorization` header opens `scope` ("repository:shop:pull,push")."""

    def challenge(self, base: str, scope: str) -> str:
        """The `WWW-Authenticate` header that tells how to be admitted; `base` is the server's URL."""


@dataclass(frozen=True, slots=True)
class BasicAccess:
    """Name and password with every request."""

    accounts: Mapping[str, str]

    def admits(self, authorization: str | None, scope: str, clock: Clock) -> bool:
        return _is_account(self.accounts, authorization)

    def challenge(self, base: str, scope: str) -> str:
        return 'Basic realm="sandbox"'


@dataclass(slots=True)
class BearerAccess:
    """A token per scope, from `/token` on the same server."""

    accounts: Mapping[str, str]
    anonymous: bool = False
    """Whether a token that cannot push is given without a password too, as for public repositories."""
    lifetime: int = 300
    """Seconds that a token opens its scope."""
    _granted: dict[str, tuple[frozenset[str], float]] = field(default_factory=dict)

    def admits(self, authorization: str | None, scope: str, clock: Clock) -> bool:
        scheme, _, token = (authorization or "").partition(" ")
        rights, until = self._granted.get(token, (frozenset(), 0.0))
        return scheme.lower() == "bearer" and _rights(scope) <= rights and clock.monotonic() < until

    def challenge(self, base: str, scope: str) -> str:
        return f'Bearer realm="{base}/token",service="sandbox",scope="{scope}"'

    def grant(self, authorization: str | None, scope: str, clock: Clock) -> str | None:
        """A new token for `scope`, or for what one may have of it; None for whom there is none."""
        allowed = self.anonymous if authorization is None else _is_account(self.accounts, authorization)
        if not allowed:
            return None
        rights = _rights(scope)
        if authorization is None:
            rights = frozenset(right for right in rights if not right.endswith(":push"))
        token = secrets.token_urlsafe(24)
        self._granted[token] = (rights, clock.monotonic() + self.lifetime)
        return token


def _rights(scope: str) -> frozenset[str]:
    """Each right in a scope by itself: "repository:shop:pull,push" holds two."""
    parts = (part.rpartition(":") for part in scope.split())
    return frozenset(f"{what}:{action}" for what, _, actions in parts for action in actions.split(","))


def _is_account(accounts: Mapping[str, str], authorization: str | None) -> bool:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    expected = accounts.get(name)
    return expected is not None and hmac.compare_digest(password.encode(), expected.encode())
