"""The bot and a bare python-telegram-bot echo bot, as processes, each with an embedded Telegram of its own."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.sandbox.telegram import Limits, TelegramServer, World
from bot.sandbox.world import CHART

TOKEN = "4242:bench"
PEOPLE = 400
FIRST = 1000
"""The id of the first of them; each writes in the private chat."""
PATIENCE = 60.0

OURS = ("-m", "bot.cli", "run", "--config", "config.yaml")
UNLIMITED = ("-m", "bench.observed", "config.yaml")
"""Ours with no pace of its own, as the other has none."""
ECHO = ("-m", "bench.echo")


@dataclass
class Bot:
    """One of them, started, and its Telegram."""

    process: asyncio.subprocess.Process
    telegram: World
    started: float
    """Seconds from its start to its first poll."""


@asynccontextmanager
async def telegram() -> AsyncIterator[TelegramServer]:
    """A Telegram without limits, with everybody in it."""
    async with TelegramServer(TOKEN, limits=Limits.none()) as server:
        for number in range(PEOPLE):
            server.world.add_private(server.world.add_user(FIRST + number, f"Person {number}"))
        yield server


@asynccontextmanager
async def started(program: tuple[str, ...], server: TelegramServer, folder: Path) -> AsyncIterator[Bot]:
    """Start a bot there and wait until it polls; it ends with the block."""
    polls = server.state.polls
    before = polls.asked_at
    start = time.perf_counter()
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *program), cwd=folder, env=_environment(server), stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(PATIENCE):
            while polls.asked_at == before:
                assert process.returncode is None, tail(folder / "log")
                await asyncio.sleep(0.005)
        yield Bot(process, server.world, time.perf_counter() - start)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def tail(log: Path) -> str:
    """The last words of a program that has ended."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def _environment(server: TelegramServer) -> Mapping[str, str]:
    root = str(Path(__file__).parents[1])
    return os.environ | {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_URL": server.url, "PYTHONPATH": root}


def configure(folder: Path, server: TelegramServer, *, people: int = PEOPLE) -> None:
    """What ours is started with: an app, a cluster that is not asked, and so many people as viewers."""
    known = {f"person-{number}": {"id": FIRST + number} for number in range(people)}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "main", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "bot", "user": {"token": "none"}}],
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "bot"}}],
        "current-context": "main",
    }
    config = {
        "telegram": {"token": "${TELEGRAM_TOKEN}", "api_url": server.url},
        "store": "sqlite:///pilothouse.db",
        "listen": "127.0.0.1:0",
        "people": known,
        "bindings": [{"role": "viewer", "people": list(known)}],
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {"staging": {"cluster": "main", "namespace": "shop"}},
        "apps": {
            "shop": {
                "chart": str(CHART),
                "image": "registry.example.org/shop",
                "environments": {"staging": {}},
            }
        },
    }
    for name, content in (("kubeconfig", kubeconfig), ("config.yaml", config)):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
