"""One registry as it is asked: where it is, how it is reached, and what authorises us there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from yarl import URL

from bot.images.references import Repository
from bot.images.tokens import Tokens
from bot.images.transport import Answer, Body, Transport


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A registry's address, the sessions to it and its tokens."""

    base: URL
    transport: Transport
    tokens: Tokens

    def url(self, where: Repository, path: str) -> URL:
        """The address of what is at `path` in a repository."""
        return self.base / "v2" / where.name / path

    async def ask(
        self, where: Repository, url: URL, headers: Mapping[str, str], *, method: str = "GET"
    ) -> Answer:
        """Ask with what authorises us; once more when a 401 says how, or when what we sent is out of date."""

        async def once(sent: Mapping[str, str]) -> Answer:
            return await self.transport.get(url, {**headers, **sent}, method=method)

        return await self._authorised(where, once)

    async def send(
        self, where: Repository, url: URL, headers: Mapping[str, str], *, method: str, body: Body
    ) -> Answer:
        """Send a body, authorised as `ask` does; where it leads elsewhere, that is the answer."""

        async def once(sent: Mapping[str, str]) -> Answer:
            return await self.transport.send(url, {**headers, **sent}, method=method, body=body)

        return await self._authorised(where, once)

    async def _authorised(
        self, where: Repository, once: Callable[[Mapping[str, str]], Awaitable[Answer]]
    ) -> Answer:
        sent = self.tokens.header(where.name)
        answer = await once(sent)
        if answer.status == 401:
            challenges = answer.headers.getall("WWW-Authenticate", [])
            sent = await self.tokens.answer(challenges, where.name, sent)
        elif answer.status == 403 and sent:
            sent = await self.tokens.renewed(where.name, sent)
        else:
            return answer
        return await once(sent) if sent else answer
