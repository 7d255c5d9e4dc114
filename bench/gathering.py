"""Fifty deploys at once in one group, and what Telegram's own record says of it.

Five people confirm ten deploys each as soon as they see the plans, while somebody else asks a question now and then.
The bot and Telegram share a clock that runs ahead, since twenty messages a minute take their time; flood control is
Telegram's own.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from bench.crowd import ENVIRONMENT, PEOPLE, app
from bench.measuring import Figure, Goal
from bot.app import running
from bot.clock import SystemClock
from bot.sandbox.telegram import Message, Subscription
from bot.sandbox.telegram.floods import Floods
from bot.sandbox.world import SandboxWorld, open_world
from tests.worlds import QUICK, spaced

GROUP = -1001000000001
CURIOUS = "curious"
"""Who asks while the others deploy."""
EACH = 10
"""Deploys of each person."""
APPS = tuple(f"shop-{number}" for number in range(1, EACH * len(PEOPLE) + 1))
VERSION = "v1.2"
TIMES = 4.0
"""How many times as fast as the machine's the clock is: what takes the bot a second seems to take four."""
ASKS_EVERY = 10.0
MINUTE = 60.0
PLAN = re.compile(rf"Plan: (shop-\d+) → {ENVIRONMENT} {VERSION}")
ENDS = re.compile(rf"^✅ (shop-\d+) → {ENVIRONMENT} {VERSION}")


class Ahead(SystemClock):
    """A clock that runs ahead of the machine's."""

    def __init__(self, times: float) -> None:
        self._times = times
        self._began, self._began_at = super().monotonic(), super().now()

    def monotonic(self) -> float:
        return self._began + (super().monotonic() - self._began) * self._times

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self.monotonic() - self._began)

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._times)


@dataclass
class Record:
    """What Telegram took from the bot for the group."""

    calls: list[tuple[float, Message]] = field(default_factory=list)
    """When, by its own dates, and how the message read then."""
    questions: list[tuple[float, float]] = field(default_factory=list)
    """When each was asked and answered."""

    @property
    def ended(self) -> set[str]:
        """The apps whose final state was told."""
        told = (ENDS.match(spaced(message.text)) for _, message in self.calls)
        return {found[1] for found in told if found}

    def most_in_a_minute(self) -> int:
        """Messages and edits within any sixty seconds."""
        times = [at for at, _ in self.calls]
        return max(sum(start <= at < start + MINUTE for at in times) for start in times)

    def behind(self) -> float:
        """For how long after a question progress was still told before its answer, at the worst."""
        progress = [at for at, message in self.calls if message.text.startswith("🔄")]
        late = [at - asked for asked, answered in self.questions for at in progress if asked < at < answered]
        return max(late, default=0.0)


async def measure() -> list[Figure]:
    """From the first word to the last end."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        place, clock = Path(folder), Ahead(TIMES)
        async with open_world(place, [_configuration(place)], pace=QUICK) as world:
            state = world.servers.telegram.state
            state.clock, state.floods = clock, Floods(state.limits, clock)
            stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            async with running(world.configs, dict(world.secrets), stopping, clock):
                return await _measured(world, clock)


async def _measured(world: SandboxWorld, clock: Ahead) -> list[Figure]:
    record, began = Record(), clock.monotonic()
    asking = asyncio.create_task(_asking(world, clock, record))
    with world.servers.telegram.world.changes() as changes:
        people = [asyncio.create_task(_deploying(world, person)) for person in PEOPLE]
        async for message in _of_bot(changes, "sent", "edited"):
            record.calls.append(((message.edited_at or message.sent_at).timestamp(), message))
            if len(record.ended) == len(APPS):
                break
    asking.cancel()
    await asyncio.gather(asking, *people, return_exceptions=True)
    what, took = f"{len(APPS)} deploys at once in one group", clock.monotonic() - began
    missing, most, behind = len(APPS) - len(record.ended), record.most_in_a_minute(), record.behind()
    calls = f"{len(record.calls)} messages and edits"
    longest = max((answered - asked for asked, answered in record.questions), default=0.0)
    asked = f"{len(record.questions)} questions; the longest waited {longest:.0f} s, behind other answers"
    return [
        Figure(
            f"{what}: final states not told", missing, "", f"after {took / MINUTE:.0f} min", goal=Goal(most=0)
        ),
        Figure(f"{what}: most messages and edits in a minute", most, "", calls, goal=Goal(most=20)),
        Figure(f"{what}: progress told before an answer", behind, "s", asked, goal=Goal(most=3)),
    ]


async def _deploying(world: SandboxWorld, person: str) -> None:
    """Ask for all of a person's deploys, and confirm each when its plan is there."""
    telegram, who = world.servers.telegram.world, world.cast.person(person).id
    left = set(APPS[PEOPLE.index(person) :: len(PEOPLE)])
    with telegram.changes() as changes:
        for each in left:
            telegram.says(who, GROUP, f"/deploy {each} {VERSION} {ENVIRONMENT}")
        async for message in _of_bot(changes, "sent"):
            found = PLAN.search(spaced(message.text))
            if found is not None and found[1] in left:
                telegram.presses(who, GROUP, message.id, 0, 0)
                left.discard(found[1])
            if not left:
                return


async def _asking(world: SandboxWorld, clock: Ahead, record: Record) -> None:
    """Ask again and again, each time once the question before was answered."""
    telegram, who = world.servers.telegram.world, world.cast.person(CURIOUS).id
    while True:
        await clock.sleep(ASKS_EVERY)
        with telegram.changes() as changes:
            asked = clock.now()
            telegram.says(who, GROUP, "/whoami")
            async for message in _of_bot(changes, "sent"):
                if f"Your id {who}" in spaced(message.text):
                    break
        record.questions.append((asked.timestamp(), message.sent_at.timestamp()))


async def _of_bot(changes: Subscription, *kinds: str) -> AsyncIterator[Message]:
    """The bot's messages in the group, as they become so."""
    async for change in changes:
        what = change.what
        if change.kind in kinds and isinstance(what, Message) and what.by_bot and what.chat_id == GROUP:
            yield what


def _configuration(folder: Path) -> Path:
    numbers = range(1001, 1001 + len(PEOPLE) + 1)
    people = {
        key: {"id": number, "name": key.title()}
        for key, number in zip((*PEOPLE, CURIOUS), numbers, strict=True)
    }
    shared = {"cluster": "main", "namespace": "{{ app }}", "create_namespace": True, "timeout": "10m"}
    content = {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "chats": {"team": {"id": GROUP}},
        "people": people,
        "bindings": [{"role": "deployer", "people": list(PEOPLE)}, {"role": "viewer", "people": [CURIOUS]}],
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {ENVIRONMENT: shared},
        "apps": dict.fromkeys(APPS, app()),
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
