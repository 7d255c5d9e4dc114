"""The bot's account at Telegram: its token, its clock, and whether another program takes its updates."""

from urllib.parse import urlsplit

from sqlalchemy import select

from bot.app import Parts
from bot.checking import clocks
from bot.checking.lines import Answer, Finding, Group, Question
from bot.store.tables import LeaseRow
from bot.telegram import probing
from bot.telegram.transport import Bot


def group(parts: Parts, bot: Bot) -> Group:
    """The account, and who reads its updates."""
    asked = _Asked(parts, bot)
    return Group("Telegram", [Question("Telegram", asked.account), Question("updates", asked.updates)])


class _Asked:
    def __init__(self, parts: Parts, bot: Bot) -> None:
        self._parts = parts
        self._bot = bot

    async def account(self) -> Answer:
        found = await probing.account(self._bot)
        lines = [Finding("ok", "Telegram", f"@{found.username}")]
        apart = clocks.difference(clocks.server_time(found.date), self._parts.clock.now())
        if apart:
            words = f"this machine's clock is {apart} Telegram's: let it follow a time server"
            lines.append(Finding("wrong", "clock of Telegram", words))
        return lines

    async def updates(self) -> Answer:
        state = await probing.webhook(self._bot)
        wanted = self._parts.current.config.telegram.webhook
        if wanted is not None:
            return _by_webhook(state, wanted.url)
        if state.url:
            return Finding(
                "wrong",
                "updates",
                f"a webhook is set, so they go to {_host(state.url)} and not to who polls: "
                "`pilothouse run` removes it; if another program wants it, give each its own token",
            )
        holder = await self._running()
        if holder:
            return f"not tried: a bot runs on this store already ({holder})"
        if await probing.is_read_by_another(self._bot):
            return Finding(
                "wrong",
                "updates",
                "another process reads this token, and only one can: stop it, or give each its own token",
            )
        return "nobody else reads this token"

    async def _running(self) -> str:
        """Who works on our store now: asking for updates would throw it out of its poll for a moment."""
        async with self._parts.database.read() as session:
            row = await session.scalar(select(LeaseRow).where(LeaseRow.expires_at > self._parts.clock.now()))
        return row.holder.rpartition(":")[0] if row is not None else ""


def _by_webhook(state: probing.WebhookState, url: str) -> Answer:
    if not state.url:
        return Finding("note", "updates", f"no webhook is set yet: `pilothouse run` sets {_host(url)}")
    if state.url != url:
        words = (
            f"the webhook leads to {_host(state.url)}, not to {_host(url)}: `pilothouse run` changes it; if another "
            "program set it, give each its own token"
        )
        return Finding("wrong", "updates", words)
    if state.last_error and state.waiting:
        words = f"{state.waiting} wait, Telegram can't bring them to {_host(url)}: {state.last_error}"
        return Finding("wrong", "updates", words)
    return f"brought to {_host(url)}"


def _host(url: str) -> str:
    """The host alone: a path may be secret."""
    return urlsplit(url).netloc or "somewhere"
