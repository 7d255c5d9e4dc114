"""The web server as git hosts reach it, and what it took from them; no bot behind it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from bot.commands.pushes import Answer
from bot.config import GitWebhook, Secret
from bot.web.githosts import GitHosts
from bot.web.server import WebServer
from bot.webhooks.push import Push
from tests.webhooks.payloads import REPOSITORY, SECRET, SIGNING, Call
from tests.worlds import MovableClock


def webhook(name: str, host: str, secret: str) -> GitWebhook:
    """One that builds the shop's main branch."""
    return GitWebhook(
        name=name,
        host=host,
        secret=Secret("${HOOK}", environ={"HOOK": secret}),
        repository=REPOSITORY,
        apps=("shop",),
        branches=("main",),
        chat="team",
    )


WEBHOOKS = {
    **{host: webhook(host, host, SECRET) for host in ("github", "gitea", "gitlab")},
    "signing": webhook("signing", "gitlab", SIGNING),
    "unset": webhook("unset", "github", ""),
}


class Taken(list[Push]):
    """Takes pushes, and says so."""

    async def __call__(self, _: GitWebhook, push: Push, names: Sequence[str]) -> Answer:
        assert names
        self.append(push)
        return Answer(202, "taken")


class Caller:
    """Calls the server of one test."""

    def __init__(self, server: WebServer, client: ClientSession, taken: Taken, clock: MovableClock) -> None:
        self.server, self.client, self.taken, self.clock = server, client, taken, clock
        self.hidden: set[str] = set()

    async def post(self, call: Call, name: str | None = None) -> tuple[int, str]:
        """Make a call as it is, signed unless it has a body already; the status and what was said."""
        call = call if call.body else call.signed()
        url = f"/webhooks/{name or call.host}"
        async with self.client.post(url, data=call.body, headers=call.headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def served(
    take: Any = None, *, webhooks: Mapping[str, GitWebhook] = WEBHOOKS, **options: Any
) -> AsyncIterator[Caller]:
    """A server that listens until the block ends; `options` are GitHosts'."""
    taken, clock = Taken(), MovableClock()
    hidden: set[str] = set()
    hosts = GitHosts(lambda: webhooks, take or taken, hidden.update, clock, **options)
    async with (
        WebServer("127.0.0.1", 0, ready={}, git_hosts=hosts) as server,
        ClientSession(server.url) as client,
    ):
        caller = Caller(server, client, taken, clock)
        caller.hidden = hidden
        yield caller
