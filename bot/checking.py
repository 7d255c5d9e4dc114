"""`pilothouse check`: the file, then every connection, one line each: ok, or what to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from bot.access import ClusterAccess
from bot.app import Parts, opened_for_planning
from bot.clock import SystemClock
from bot.connections import chart_source
from bot.current import secrets_of
from bot.failing import FOR_PEOPLE, words_of
from bot.helm import charts
from bot.telegram.transport import connect, introduce

LONGEST = 20.0
"""Seconds for one connection: a wrong address may swallow packets."""

Line = tuple[str, Callable[[], Awaitable[str]]]


async def check(paths: Sequence[Path], environ: Mapping[str, str], out: TextIO) -> int:
    """Print a line for each; 0 when all are ok, 1 otherwise.

    Raises: ConfigInvalid when the file itself is not.
    """
    async with opened_for_planning(paths, environ) as parts:
        out.write(f"ok    configuration: {len(parts.current.config.targets())} apps in environments\n")
        problems = await asyncio.to_thread(parts.current.texts.problems)
        for problem in problems:
            out.write(f"wrong template: {problem}\n")
        results = [await _line(name, ask, out, parts) for name, ask in _lines(parts)]
    return 0 if all(results) and not problems else 1


async def _line(name: str, ask: Callable[[], Awaitable[str]], out: TextIO, parts: Parts) -> bool:
    try:
        async with asyncio.timeout(LONGEST):
            words, good = await ask(), True
    except TimeoutError:
        words, good = f"no answer within {LONGEST:g} s: check the address and the network", False
    except FOR_PEOPLE as error:
        words, good = words_of(error).replace("\n", "; "), False
    out.write(parts.current.masker.mask_text(f"{'ok   ' if good else 'wrong'} {name}: {words}") + "\n")
    return good


def _lines(parts: Parts) -> list[Line]:
    config = parts.current.config
    lines: list[Line] = [(f"secret {secret.source}", _secret(secret.read)) for secret in secrets_of(config)]
    lines.append(("Telegram", lambda: _telegram(parts)))
    for name, cluster in config.clusters.items():
        lines.append((f"cluster {name}", _cluster(parts, cluster.access)))
    for app in config.apps.values():
        lines.append((f"chart of {app.name}", _chart(parts, app.name)))
        if app.image is not None:
            lines.append((f"registry of {app.name}", _registry(parts, app.name)))
    return lines


def _secret(read: Callable[[], str]) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        await asyncio.to_thread(read)
        return "readable"

    return ask


async def _telegram(parts: Parts) -> str:
    telegram = parts.current.config.telegram
    async with connect(
        telegram.token.read, api_url=telegram.api_url, proxy=telegram.proxy, ca_file=telegram.ca_file
    ) as bot:
        me = await introduce(bot, SystemClock())
    return f"@{me.username}"


def _cluster(parts: Parts, access: ClusterAccess) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        cluster = await parts.clusters.at(access)
        return f"Kubernetes {await cluster.version()}, identity {(await cluster.uid())[:8]}"

    return ask


def _chart(parts: Parts, app: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        config = parts.current.config
        source = await chart_source(config.apps[app], config.registries, hide=parts.current.hide)
        archive = await charts.fetch(source)
        return f"{archive.name} {archive.version}"

    return ask


def _registry(parts: Parts, app: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        offered = await parts.versions.offered(parts.current.config.apps[app])
        return f"newest {offered[0]}, {len(offered)} versions" if offered else "no versions yet"

    return ask
