"""What comes in, from Telegram and from git hosts: taken only while this process leads on its store."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.commands.pushes import Answer, Pushes
from bot.config import GitWebhook
from bot.current import Current
from bot.operations.lease import Lease
from bot.telegram.inbox import Inbox, InboxFull
from bot.telegram.polling import Poller, bring_to
from bot.telegram.transport import Bot
from bot.web.githosts import GitHosts
from bot.web.refusing import Busy
from bot.web.server import Webhook, WebServer
from bot.webhooks.push import Push


async def listen(
    owned: AsyncExitStack,
    bot: Bot,
    inbox: Inbox,
    lease: Lease,
    current: Current,
    clock: Clock,
    pushes: Pushes,
) -> None:
    """Let updates in, by polling or by webhook, and pushes, and serve health and metrics."""
    host, port = current.config.address

    async def take(webhook: GitWebhook, push: Push, names: Sequence[str]) -> Answer:
        if not lease.holds():
            raise Busy
        return await pushes.take(webhook, push, names)

    git_hosts = GitHosts(lambda: current.config.webhooks, take, current.hide, clock)
    webhook = current.config.telegram.webhook
    if webhook is None:
        poller = Poller(bot, inbox, clock, may_take=lease.holds)

        async def trouble() -> str | None:
            return poller.trouble

        await owned.enter_async_context(
            WebServer(host, port, ready={"telegram": trouble}, git_hosts=git_hosts)
        )
        await owned.enter_async_context(poller)
        return
    secret = webhook.secret.read()
    taken = Webhook(urlsplit(webhook.url).path or "/", secret, _busy_at_times(inbox, lease))
    await owned.enter_async_context(WebServer(host, port, ready={}, webhook=taken, git_hosts=git_hosts))
    await bring_to(bot, webhook.url, secret, clock)


def _busy_at_times(inbox: Inbox, lease: Lease) -> Callable[[Sequence[dict[str, Any]]], Awaitable[None]]:
    async def accept(updates: Sequence[dict[str, Any]]) -> None:
        if not lease.holds():
            raise Busy
        try:
            await inbox.accept(updates)
        except InboxFull as full:
            raise Busy from full

    return accept
