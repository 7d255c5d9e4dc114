"""One example: the world, the bot in it, and what people and others do there."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bot.helm.errors import HelmError
from bot.sandbox.cast import Person
from bot.sandbox.installing import upgrade_by_hand
from bot.sandbox.telegram import Message
from bot.sandbox.telegram.messages import Query
from bot.sandbox.telegram.wire import query_json
from bot.sandbox.world import SandboxWorld
from bot.store import audit
from tests.hands import scaled
from tests.installed import make_store, open_world
from tests.invariants import promises
from tests.invariants.knowledge import Knowledge, Offer, Press
from tests.invariants.lives import Lives
from tests.invariants.promises import MAY_NOTHING, Evidence
from tests.invariants.records import BY_HAND, Store
from tests.worlds import QUICK, SETTLING, MovableClock, World, unhurried

PACE = replace(QUICK, ready_slow=4.0)
"""As in other tests; what is slow is slow enough to be stopped in the middle, and gets there by itself."""
SOON = 20.0
"""Seconds that a step waits for at most, where it waits for the bot: what comes later comes among other steps."""
SETTLED = 300.0
"""Seconds after which what is not as promised stays so."""
PIPELINES = 2
"""Runs of pipelines in one example."""
WITHOUT_DANA = [
    {"role": "admin", "people": ["kim"]},
    {"role": "developer", "people": ["lee"], "environments": ["staging"]},
    {"role": "viewer", "people": ["vic"]},
]


class Example:
    """What may be done in it; every method returns once it was done, not once the bot has seen it."""

    def __init__(self, sandbox: SandboxWorld, lives: Lives, clock: MovableClock, extra: Path) -> None:
        self.sandbox = sandbox
        self.lives = lives
        self.clock = clock
        self.known = Knowledge(sandbox.servers.telegram.world)
        self.telegram = sandbox.servers.telegram.world
        self._extra = extra
        self._dana_may = True
        self._tags = 0
        self._disturbed = False

    def person(self, key: str) -> Person:
        """Somebody."""
        return self.sandbox.cast.person(key)

    def says(self, who: str, text: str, chat: str) -> None:
        """Somebody writes, in their own chat with the bot or in a topic of the team's."""
        person = self.person(who)
        place = self.sandbox.cast.place(chat, person)
        topic = self.sandbox.cast.topic(place, "deploys") if place.topics else None
        self.known.commands.append((person, self.telegram.says(person.id, place.id, text, topic=topic)))

    def changes_command(self, who: str, text: str) -> None:
        """Somebody edits the last command that they wrote."""
        mine = [each for each in self.known.commands if each[0].key == who]
        if mine:
            self.telegram.says(mine[-1][0].id, mine[-1][1].chat_id, text, edited=True)

    def presses(self, who: str, offer: Offer) -> None:
        """Somebody presses a button that is or was there: an old screen, or a changed client, shows it still."""
        state, person = self.telegram.state, self.person(who)
        message = self.telegram.message(offer.message.chat_id, offer.message.id) or offer.message
        number = str(secrets.randbelow(9 * 10**18) + 10**18)
        query = Query(number, state.users[person.id], message, offer.data, state.clock.monotonic())
        state.queries[number] = query
        state.updates.add("callback_query", query_json(query, state), person.id)
        self.known.presses.append(Press(person, offer, number, self._may(who), self._disturbed))

    def confirmable(self) -> Offer | None:
        """The newest button that would confirm something, whether it is still there or not."""
        return next((each for each in reversed(self.known.offers.values()) if each.confirms), None)

    def addressee(self, offer: Offer) -> str:
        """The key of whom a plan was made for."""
        plan = offer.plan
        names = {each.name: key for key, each in self.sandbox.cast.people.items()}
        return names.get(plan.author if plan is not None else "", "dana")

    def _may(self, who: str) -> bool:
        return who not in MAY_NOTHING and (who != "dana" or self._dana_may)

    async def bindings(self, *, dana_may: bool) -> None:
        """Take all rights from Dana, or give them back."""
        content = yaml.safe_load(self._extra.read_text(encoding="utf-8"))
        content.pop("bindings", None)
        if dana_may:
            for press in self.known.presses:
                press.allowed |= press.person.key == "dana"
        else:
            content["bindings"] = WITHOUT_DANA
        await self._configured(content)
        self._dana_may = dana_may

    async def configured(self, **staging: Any) -> None:
        """Change something of staging's configuration."""
        content = yaml.safe_load(self._extra.read_text(encoding="utf-8"))
        content["environments"]["staging"] |= staging
        await self._configured(content)

    async def _configured(self, content: dict[str, Any]) -> None:
        draft = self._extra.with_suffix(".draft")
        draft.write_text(yaml.safe_dump(content), encoding="utf-8")
        os.replace(draft, self._extra)
        await self.lives.reload()

    def disturbed(self) -> None:
        """Something goes wrong from now on: presses may lose their answers."""
        self._disturbed = True
        self.known.disturb()

    async def someone_deploys(self, app: str, environment: str) -> None:
        """A pipeline upgrades the release with Helm, with a setting of its own; it takes its time, so not often."""
        if self.known.by_hand.total() == PIPELINES:
            return
        self.known.by_hand[app, environment] += 1
        values = {"config": {"BY_HAND": str(self.known.by_hand[app, environment])}}
        with contextlib.suppress(HelmError):
            await upgrade_by_hand(self.sandbox.config, app, environment, values, BY_HAND)

    async def someone_scales(self, app: str, replicas: int) -> None:
        """Somebody has kubectl."""
        world = World(self.sandbox, await self.lives.parts(), self.clock)
        with contextlib.suppress(OSError):
            await scaled(world, app, f"{app}-staging", replicas)

    def moves_tag(self, app: str, tag: str) -> None:
        """Somebody pushes another image under a tag."""
        self._tags += 1
        self.sandbox.servers.registry.add(app, tag, labels={"pushed": str(self._tags)})

    def deletes(self) -> None:
        """Somebody deletes the newest message of the bot that they may see."""
        found = [each for each in self.evidence().of_bot() if not each.deleted and each.buttons]
        if found:
            newest = max(found, key=lambda each: each.edited_at or each.sent_at)
            self.telegram.delete_message(newest.chat_id, newest.id)
            self.known.deleted += 1

    async def worked_off(self, within: float = SOON) -> None:
        """Wait until the bot has seen to all that people did, or for a while."""
        await self._until(self._is_worked_off, within)

    async def quiet(self, within: float = SOON) -> None:
        """Wait until nothing runs, or for a while."""
        await self._until(lambda: self._is_worked_off() and not self._runs(), within)

    def _is_worked_off(self) -> bool:
        taken = not self.telegram.state.updates.pending()
        return taken and not self.store.rows("select 1 from inbox where done_at is null limit 1")

    def _runs(self) -> bool:
        return bool(self.store.rows("select 1 from operation where state != 'ended' limit 1"))

    async def _until(self, holds: Callable[[], bool], within: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not holds():
                    await asyncio.sleep(0.05)

    @property
    def store(self) -> Store:
        """The bot's."""
        return Store(self.sandbox.kubeconfig.parent / "pilothouse.db")

    def evidence(self) -> Evidence:
        """What the promises are judged by, now."""
        return Evidence(
            self.sandbox,
            self.known,
            self.store,
            self.lives.log.getvalue(),
            self.lives.unsure,
            self._disturbed,
        )

    async def settled(self) -> list[str]:
        """Let all trouble end and all holds run out; what is broken once nothing moves any more."""
        self.lives.troubles.lift()
        await self.sandbox.servers.cluster.up()
        await self.bindings(dana_may=True)
        await self.worked_off(SETTLED)
        self.says("kim", "/startall", "private")
        self.clock.move(hours=3)
        broken, pause = ["nothing was looked at"], 0.1
        async with asyncio.timeout(2 * SETTLED):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLED):
                    while broken:
                        pause = min(2 * pause, 5.0)  # looking takes the bot's time, too
                        await asyncio.sleep(pause)
                        evidence = self.evidence()
                        broken = [*promises.in_the_end(evidence), *promises.always(evidence)]
        if not broken:
            async with (await self.lives.parts()).database.read() as session:
                misfit = await audit.verify(session)
            if misfit is not None:
                return [f"row {misfit} of the audit does not fit its chain"]
            left = await self.lives.end()
            broken = [*promises.afterwards(self.evidence(), self.clock.now()), *left]
        return broken

    def told(self) -> str:
        """All that happened, for who looks into a failure."""
        chats = {each.key: each.id for each in self.sandbox.cast.places.values()}
        chats |= {each.key: each.id for each in self.sandbox.cast.people.values()}
        messages = [
            _line(key, message)
            for key, chat_id in chats.items()
            for message in self.telegram.messages(chat_id, deleted=True)
        ]
        log = self.lives.log.getvalue()
        return "\n".join(["-- steps", *self.known.steps, "-- chats", *messages, "-- log", log])


def _line(chat: str, message: Message) -> str:
    who = "bot" if message.by_bot else message.from_user.first_name if message.from_user else "?"
    gone = " (deleted)" if message.deleted else ""
    buttons = " ".join(f"[{button.label}]" for row in message.buttons for button in row)
    answers = f" to {message.reply_to}" if message.reply_to else ""
    text = message.text.replace("\n", " / ")[:400]
    return f"{chat} #{message.id}{answers} {who}{gone}: {text} {buttons}"


@asynccontextmanager
async def open_example(folder: Path) -> AsyncIterator[Example]:
    """A fresh world with a bot in it."""
    extra = folder / "extra.yaml"
    extra.write_text("environments: {staging: {}}", encoding="utf-8")
    clock = MovableClock()
    async with open_world(folder, pace=PACE) as sandbox:
        unhurried(sandbox)
        await make_store(folder / "pilothouse.db")
        async with Lives(sandbox, (SETTLING, extra), clock) as lives:
            example = Example(sandbox, lives, clock, extra)
            looking = asyncio.create_task(example.known.look_on())
            try:
                yield example
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
