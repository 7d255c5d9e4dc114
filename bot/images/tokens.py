"""What is sent as `Authorization` to a registry: nothing, Basic, or a Bearer token got from its realm.

Credentials go to the registry's own origin, and to the token realm it names when that is reached by https or
is on the same host; a realm that is neither is refused (security.md, row 26). The protocol is the
distribution project's token specification.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from yarl import URL

from bot.clock import Clock
from bot.images.access import Account, Login
from bot.images.answers import document
from bot.images.errors import RegistryRefused
from bot.images.transport import Answer, Transport
from bot.images.wording import one_line

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_DEFAULT_LIFETIME = 60.0
"""Seconds that a token counts when its answer says nothing: the specification's own default."""
_LONGEST_LIFETIME = 86_400.0
"""Seconds for which a token counts at most, whatever its answer says."""
_MARGIN = 5.0
"""Seconds before its end from which a token is not used any more: it has to arrive yet."""
_MOST_TOKENS = 1000
_CLIENT = "pilothouse"
"""What we call ourselves where a refresh token is exchanged; registries only log it."""


class Tokens:
    """The authorisation for one registry, by what is asked for.

    `scope` in all methods is a repository's name: tokens are cached for each.
    """

    def __init__(self, base: URL, transport: Transport, credentials: Login | None, clock: Clock) -> None:
        self._base = base
        self._transport = transport
        self._credentials = credentials
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}
        self._turn = asyncio.Lock()

    def header(self, scope: str) -> Mapping[str, str]:
        """The header known to be accepted for `scope`, or nothing yet."""
        value, until = self._known.get(scope, ("", 0.0))
        return {"Authorization": value} if value and self._clock.monotonic() < until else {}

    async def answer(self, challenges: list[str], scope: str, sent: Mapping[str, str]) -> Mapping[str, str]:
        """The header that answers a 401's `WWW-Authenticate`; empty when there is nothing to answer with.

        The account is read anew; where several requests were refused for what they `sent`, once for all of them.

        Raises: RegistryRefused (wrong credentials, a realm not to be trusted), RegistryUnreachable.
        """
        async with self._turn:
            if (now := self.header(scope)) and now != sent:
                return now
            self._known.pop(scope, None)
            return await self._answered(challenges, scope)

    async def renewed(self, scope: str, sent: Mapping[str, str]) -> Mapping[str, str]:
        """Another header than was sent, where the account has changed since; else empty.

        For a 403 without a challenge, which some registries answer to a token that has expired.
        """
        async with self._turn:
            if not sent.get("Authorization", "").startswith("Basic "):
                return {}
            account = await self._account()
            if account is None or account.identity_token or account.header() == sent["Authorization"]:
                return {}
            return self._keep(scope, account.header(), float("inf"))

    async def _answered(self, challenges: list[str], scope: str) -> Mapping[str, str]:
        account = await self._account()
        for challenge in challenges:
            kind, _, rest = challenge.strip().partition(" ")
            parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
            if kind.lower() == "bearer":
                return self._keep(scope, *await self._token(parameters, scope, account))
            if kind.lower() == "basic" and account is not None and not account.identity_token:
                return self._keep(scope, account.header(), float("inf"))
        return {}

    async def _account(self) -> Account | None:
        return await self._credentials.account() if self._credentials is not None else None

    def _keep(self, scope: str, value: str, lifetime: float) -> Mapping[str, str]:
        if len(self._known) >= _MOST_TOKENS:
            self._known.clear()
        self._known[scope] = (value, self._clock.monotonic() + lifetime - _MARGIN)
        return {"Authorization": value}

    async def _token(
        self, parameters: Mapping[str, str], scope: str, account: Account | None
    ) -> tuple[str, float]:
        realm = self._realm(parameters.get("realm", ""))
        asked = {"scope": parameters.get("scope") or f"repository:{scope}:pull"}
        if service := parameters.get("service"):
            asked["service"] = service
        answer = await self._asked(realm, asked, account)
        if answer.status != 200:
            who = f"to “{account.username}”" if account is not None else "without a password"
            raise RegistryRefused(
                f"The registry {self._base.host} refuses a token for {scope} {who} ({answer.status}): "
                "check the username and password under `registries`."
            )
        found = document(answer)
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryRefused(f"The registry {self._base.host} answered with a token that is none.")
        lifetime = found.get("expires_in")
        if not isinstance(lifetime, int | float):
            return f"Bearer {token}", _DEFAULT_LIFETIME
        return f"Bearer {token}", float(min(lifetime, _LONGEST_LIFETIME))

    async def _asked(self, realm: URL, asked: dict[str, str], account: Account | None) -> Answer:
        foreign = realm.host != self._base.host
        if account is not None and account.identity_token:
            form = {
                **asked,
                "grant_type": "refresh_token",
                "client_id": _CLIENT,
                "refresh_token": account.identity_token,
            }
            return await self._transport.post(realm, form, foreign=foreign)
        headers = {"Authorization": account.header()} if account is not None else {}
        return await self._transport.get(realm.update_query(asked), headers, foreign=foreign)

    def _realm(self, text: str) -> URL:
        try:
            realm = URL(text)
        except ValueError:
            realm = URL()
        same_host = realm.scheme == self._base.scheme and realm.host == self._base.host
        if not realm.host or not (realm.scheme == "https" or same_host):
            raise RegistryRefused(
                f"The registry {self._base.host} wants credentials sent to “{one_line(text, longest=80)}”, "
                "which is neither https nor its own host: they were not sent."
            )
        return realm.with_user(None)
