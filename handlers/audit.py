"""/audit: who did what, or was refused, and the whole of it as a document."""

from datetime import date, datetime, time, timedelta
from typing import Any

from bot.commands.arguments import NO_REST, Rest
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import button, command
from bot.commands.showing import Page
from bot.commands.trails import excerpt
from bot.commands.trails import export as exported
from bot.config import App, Environment
from bot.config.fields import seconds
from bot.store.audit import Filter
from bot.telegram.messages import Document
from bot.telegram.text import clip

PAGE = 10
LONGEST = timedelta(days=36_500)
"""What is longer ago than a century is since ever."""


@command("audit", permission="audit.view", example="/audit shop staging 2d", group="Rights")
async def audit(
    ask: Ask, app: App | None = None, environment: Environment | None = None, since: Rest = NO_REST
) -> None:
    """Who did what, or was refused; with export."""
    words = [word.removeprefix("since=") for word in since if word.lower() != "since"]
    of_app, of_environment = (each.name if each else None for each in (app, environment))
    try:
        wanted = Filter(of_app, of_environment, _since(ask, words))
    except ValueError:
        await _not_understood(ask, words[0])
        return
    found = await excerpt(ask.services, wanted, skip=ask.skip, most=PAGE)
    typed = " ".join(["/audit", *filter(None, (wanted.app, wanted.environment)), *words])
    choices: list[Choice] = []
    if ask.skip:
        choices.append(run("‹ Newer", typed, skip=max(0, ask.skip - PAGE)))
    if found.total > ask.skip + PAGE:
        choices.append(run("More", typed, skip=ask.skip + PAGE))
    choices.append(run("Refresh", typed))
    if found.rows:
        choices.append(Choice("Export", "audit.export", {"wanted": _stored(wanted)}))
    of, since_when = _words(wanted), wanted.since
    await ask.show(
        "audit", choices, rows=found.rows, total=found.total, of=of, since=since_when, skip=ask.skip
    )


@button("audit.export", permission="audit.view")
async def export(ask: Ask, wanted: dict[str, Any]) -> None:
    """Every entry as JSON Lines, and whether the chain of hashes holds."""
    since = datetime.fromisoformat(wanted["since"]) if wanted["since"] else None
    chosen = Filter(wanted["of_app"], wanted["of_environment"], since)
    found = await exported(ask.services, chosen)
    count = len(found.lines)
    detail = f"{count} entries"
    await ask.record("audit.export", "done", app=chosen.app, environment=chosen.environment, detail=detail)
    values = {
        "of": _words(chosen),
        "since": since,
        "written": count,
        "total": found.total,
        "chain": found.chain,
    }
    content = "".join(f"{line}\n" for line in found.lines).encode()
    await ask.reply(Page("audit_export", values, document=Document(_name(ask, chosen), content)))


def _since(ask: Ask, words: list[str]) -> datetime | None:
    """`2d` ago, or a day's begin in the configured zone.

    Raises: ValueError.
    """
    if not words:
        return None
    now = ask.services.clock.now()
    word = " ".join(words).lower()
    if word in ("today", "yesterday"):
        day = now.astimezone(ask.config.zone).date() - timedelta(days=word == "yesterday")
    elif word[-1:] in "smhd":
        return now - timedelta(seconds=min(seconds(word), LONGEST.total_seconds()))
    else:
        day = date.fromisoformat(word)
    return datetime.combine(day, time(), ask.config.zone)


async def _not_understood(ask: Ask, word: str) -> None:
    lines = ["Since when: 2d, 2026-11-24,", "today or yesterday"]
    await ask.show("said", heading=f'No app or time "{clip(word, 14)}"', lines=lines)


def _words(wanted: Filter) -> str:
    """What it is the audit of, as `shop in staging`."""
    return " in ".join(filter(None, (wanted.app, wanted.environment)))


def _stored(wanted: Filter) -> dict[str, str | None]:
    since = wanted.since.isoformat() if wanted.since is not None else None
    return {"of_app": wanted.app, "of_environment": wanted.environment, "since": since}


def _name(ask: Ask, wanted: Filter) -> str:
    """A file's name that says what it holds and of when it is."""
    zone = ask.config.zone
    since = f"since-{wanted.since.astimezone(zone):%Y-%m-%d}" if wanted.since else None
    today = f"{ask.services.clock.now().astimezone(zone):%Y-%m-%d}"
    return "-".join(filter(None, ("audit", wanted.app, wanted.environment, since, today))) + ".jsonl"
