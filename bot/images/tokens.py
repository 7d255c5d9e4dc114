"""What is sent as `Authorization` to a registry: nothing, Basic, or a Bearer token got from its realm.

Credentials go to the registry's own origin, and to the token realm it names when that is reached by https or
is on the same host; a realm that is neither is refused (threats.md, row 26). The protocol is the
distribution project's token specification.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from yarl import URL

from bot.clock import Clock
from bot.images.access import Credentials
from bot.images.answers import document
from bot.images.errors import RegistryRefused
from bot.images.transport import Transport
from bot.images.wording import one_line

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_DEFAULT_LIFETIME = 60.0
"""Seconds that a token counts when its answer says nothing: the specification's own default."""
_MARGIN = 5.0
"""Seconds before its end from which a token is not used any more: it has to arrive yet."""
_MOST_TOKENS = 1000


class Tokens:
    """The authorisation for one registry, by what is asked for.

    `scope` in all methods is a repository's name: tokens are cached for each.
    """

    def __init__(
        self, base: URL, transport: Transport, credentials: Credentials | None, clock: Clock
    ) -> None:
        self._base = base
        self._transport = transport
        self._credentials = credentials
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}

    def header(self, scope: str) -> Mapping[str, str]:
        """The header known to be accepted for `scope`, or nothing yet."""
        value, until = self._known.get(scope, ("", 0.0))
        return {"Authorization": value} if value and self._clock.monotonic() < until else {}

    async def answer(self, challenges: list[str], scope: str) -> Mapping[str, str]:
        """The header that answers a 401's `WWW-Authenticate`; empty when there is nothing to answer with.

        Raises: RegistryRefused (wrong credentials, a realm not to be trusted), RegistryUnreachable.
        """
        self._known.pop(scope, None)
        for challenge in challenges:
            kind, _, rest = challenge.strip().partition(" ")
            parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
            if kind.lower() == "bearer":
                return self._keep(scope, *await self._token(parameters, scope))
            if kind.lower() == "basic" and self._credentials is not None:
                return self._keep(scope, self._credentials.header(), float("inf"))
        return {}

    def _keep(self, scope: str, value: str, lifetime: float) -> Mapping[str, str]:
        if len(self._known) >= _MOST_TOKENS:
            self._known.clear()
        self._known[scope] = (value, self._clock.monotonic() + lifetime - _MARGIN)
        return {"Authorization": value}

    async def _token(self, parameters: Mapping[str, str], scope: str) -> tuple[str, float]:
        realm = self._realm(parameters.get("realm", ""))
        query = {"scope": parameters.get("scope") or f"repository:{scope}:pull"}
        if service := parameters.get("service"):
            query["service"] = service
        headers = {} if self._credentials is None else {"Authorization": self._credentials.header()}
        answer = await self._transport.get(
            realm.update_query(query), headers, foreign=realm.host != self._base.host
        )
        if answer.status != 200:
            who = "without a password" if self._credentials is None else f"to “{self._credentials.username}”"
            raise RegistryRefused(
                f"The registry {self._base.host} refuses a token for {scope} {who} ({answer.status}): "
                "check the username and password under `registries`."
            )
        found = document(answer)
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryRefused(f"The registry {self._base.host} answered with a token that is none.")
        lifetime = found.get("expires_in")
        return f"Bearer {token}", float(lifetime) if isinstance(lifetime, int | float) else _DEFAULT_LIFETIME

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
