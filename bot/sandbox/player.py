"""Plays a script: acts for its people, holds what the bot does against what is expected, and stops at the first step
that is not as told.

It knows this Telegram only; what happens to the cluster, the registry and the bot's process is its `Stage`'s.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.sandbox.cast import Cast, Person, Place, Unknown
from bot.sandbox.hands import Hands, NotAsTold
from bot.sandbox.script import (
    WITHIN,
    Bot,
    Cluster,
    ClusterDown,
    Conditions,
    Delete,
    Expect,
    Image,
    Mark,
    Numbered,
    Press,
    Refuse,
    Reply,
    Say,
    Step,
    Swapped,
    Telegram,
    Upgrade,
    Wait,
)
from bot.sandbox.seeing import begins, labels, levelled, marked, plain
from bot.sandbox.telegram import Impossible, Message, World
from bot.sandbox.transcript import Transcript
from bot.sandbox.watch import Sighting, Watch


class Stage(Hands, Protocol):
    """What a script can do beside talking. Every method raises NotAsTold where it cannot be done."""

    async def upgrade(
        self, app: str, environment: str, values: Mapping[str, Any], description: str | None
    ) -> None:
        """Upgrade a release by hand, with what it was given and these values over it."""

    async def kill_bot(self) -> None:
        """Kill the bot as by -9 and start it again; returns once it listens."""

    def trouble(self) -> str:
        """Why the bot cannot answer at all, "" while its process runs."""


@dataclass(frozen=True)
class Failure:
    """The first step that was not as told."""

    at: Numbered
    words: str

    def __str__(self) -> str:
        return f"Step {self.at.number} (line {self.at.line}) is not as told: {self.at}\n{self.words}"


def _lacks(step: Step) -> str:
    """The program that a step needs, where it is not there."""
    needs = step.needs if isinstance(step, Say | Press | Reply | Expect) else None
    return needs if needs is not None and shutil.which(needs) is None else ""


class Player:
    """Plays one script; used once."""

    def __init__(self, world: World, cast: Cast, stage: Stage, transcript: Transcript) -> None:
        self._world, self._cast, self._stage, self._transcript = world, cast, stage, transcript
        self._watch = Watch(world)
        self._last_press: str | None = None
        self.left_out: dict[str, int] = {}
        """How many steps were, by the program that they need and that is not there."""

    async def play(self, steps: Sequence[Numbered]) -> Failure | None:
        """Play all steps in order; the first that is not as told ends it."""
        try:
            for each in steps:
                try:
                    await self._play(each.step, each.number)
                except (NotAsTold, Unknown, Impossible) as error:
                    await self._transcript.settle()
                    return Failure(each, str(error))
        finally:
            self._watch.close()
        await self._transcript.settle()
        return None

    async def _play(self, step: Step, number: int) -> None:
        if lacks := _lacks(step):
            self.left_out[lacks] = self.left_out.get(lacks, 0) + 1
            return
        match step:
            case Say() | Reply():
                self._write(step)
            case Press():
                await self._press(step)
            case Expect():
                await self._expect(step)
                await self._transcript.note(f"✓ step {number} as told")
            case Cluster():
                await self._change_cluster(step)
            case Telegram():
                await self._change_telegram(step)
            case Bot():
                await self._transcript.note("⚡ the bot is killed (-9) and started again")
                await self._stage.kill_bot()
            case Wait():
                await self._transcript.note(f"… {step.wait:g} s pass")
                await asyncio.sleep(step.wait)

    def _write(self, step: Say | Reply) -> None:
        person, place, topic = self._scene(step)
        reply_to = None
        if isinstance(step, Reply):
            reply_to = self._newest(place, step.topic, lambda _: True, "to reply to").id
        self._watch.forget()
        text = step.say if isinstance(step, Say) else step.reply
        self._world.says(person.id, place.id, text, topic=topic, reply_to=reply_to)

    async def _press(self, step: Press) -> None:
        person, place, _ = self._scene(step)

        def has_button(message: Message) -> bool:
            return any(begins(label, step.press) for label in labels(message))

        await self._watch.until(
            lambda _: any(each.by_bot and has_button(each) for each in self._world.messages(place.id)), WITHIN
        )
        message = self._newest(
            place, step.topic, has_button, f"with a button that begins with “{step.press}”"
        )
        row, column, label = next(
            (row, column, button.label)
            for row, buttons in enumerate(message.buttons)
            for column, button in enumerate(buttons)
            if begins(button.label, step.press)
        )
        where = self._cast.where(place.id, message.thread_id)
        await self._transcript.note(f"{person.name} presses [{levelled(label)}] in {where}")
        self._watch.forget()
        self._last_press = self._world.presses(person.id, place.id, message.id, row, column)

    def _newest(self, place: Place, topic: str | None, fits: Callable[[Message], bool], what: str) -> Message:
        """The bot's newest message that fits. Raises: NotAsTold showing the newest ones that there are."""
        there = [
            each
            for each in self._world.messages(place.id)
            if each.by_bot and (topic is None or each.thread_id == self._cast.topic(place, topic))
        ]
        for message in reversed(there):
            if fits(message):
                return message
        last = [line for message in there[-3:] for line in [*_shown(message), ""]]
        raise NotAsTold("\n".join([f"the bot has no message there {what}; its newest ones are:", *last]))

    async def _expect(self, step: Expect) -> None:
        person, place, _ = self._scene(step)
        wanted = step.expect
        if wanted.nothing is not None:
            if not await self._watch.quiet(place.id, wanted.nothing):
                raise NotAsTold("\n".join(["something came:", *self._evidence(place)]))
            return
        if (topic := wanted.topic or step.topic) is not None:
            self._cast.topic(place, topic)  # a name that there is not is told at once
            wanted = wanted.model_copy(update={"topic": topic})

        def enough(sightings: list[Sighting]) -> bool:
            here = [each for each in sightings if each.message.chat_id == place.id]
            return self._toast_fits(wanted) and (
                not wanted.of_a_message or any(self._fits(each, wanted, place) for each in here)
            )

        if not await self._watch.until(enough, wanted.within):
            raise NotAsTold("\n".join(self._instead(person, place, wanted)))

    def _fits(self, sighting: Sighting, wanted: Conditions, place: Place) -> bool:
        message, text = sighting.message, plain(sighting.message)
        checks = (
            wanted.text is None or _found(wanted.text, text),
            wanted.lacks is None or not _found(wanted.lacks, text),
            all(any(begins(label, each) for label in labels(message)) for each in wanted.buttons or ()),
            wanted.sound is None or sighting.rang == wanted.sound,
            wanted.topic is None or message.thread_id == self._cast.topic(place, wanted.topic),
        )
        return all(checks)

    def _toast_fits(self, wanted: Conditions) -> bool:
        if wanted.toast is None:
            return True
        toast = self._toast()
        return toast is not None and _found(wanted.toast, toast)

    def _toast(self) -> str | None:
        """What the last presser was shown; None where nothing was pressed or nothing answered yet."""
        answer = self._world.answers.get(self._last_press or "")
        return levelled(answer.text) if answer is not None else None

    def _instead(self, person: Person, place: Place, wanted: Conditions) -> list[str]:
        lines = [f"after {wanted.within:g} s {person.name} sees instead in {place.key}:"]
        lines += self._evidence(place)
        if wanted.toast is not None:
            toast = self._toast()
            lines.append("no answer to the last press" if toast is None else f"the toast “{toast}”")
        if trouble := self._stage.trouble():
            lines.append(trouble)
        return lines

    def _evidence(self, place: Place) -> list[str]:
        """What came since the last act, each message in its newest state."""
        seen = self._watch.seen(place.id)
        if not seen:
            return ["  nothing new since the last act"]
        lines = []
        for each in seen:
            where = self._cast.where(place.id, each.message.thread_id)
            lines += [f"  in {where}{', with sound' if each.rang else ', silent'}:", *_shown(each.message)]
        return lines

    def _scene(self, step: Say | Press | Reply | Expect) -> tuple[Person, Place, int | None]:
        person = self._cast.person(step.who)
        place = self._cast.place(step.where, person)
        return person, place, self._cast.topic(place, step.topic)

    async def _change_cluster(self, step: Cluster) -> None:
        match step.cluster:
            case Image(image=reference, behaves=behaves):
                await self._transcript.note(f"⚙ from now on {reference} behaves {behaves}")
                await self._stage.set_image(reference, behaves)
            case ClusterDown(down=seconds, name=name):
                which = f"the cluster {name}" if name else "the cluster"
                await self._transcript.note(f"⚙ {which} is down for {seconds:g} s")
                await self._stage.cluster_down(seconds, name)
            case Delete(delete=pattern, namespace=namespace):
                await self._transcript.note(f"⚙ somebody deletes {pattern} in {namespace or 'any namespace'}")
                await self._stage.delete(pattern, namespace)
            case Upgrade(upgrade=app, environment=environment, values=values, description=description):
                await self._transcript.note(f"⚙ somebody upgrades {app} in {environment} by hand")
                await self._stage.upgrade(app, environment, values, description)
            case Mark(mark=pattern, namespace=namespace, labels=labels, annotations=annotations):
                await self._transcript.note(f"⚙ {pattern} in {namespace} is marked by another tool")
                await self._stage.mark(pattern, namespace, labels, annotations)
            case Swapped(uid=uid):
                await self._transcript.note(f"⚙ another cluster answers: {uid}")
                await self._stage.swap(uid)

    async def _change_telegram(self, step: Telegram) -> None:
        match step.telegram:
            case Refuse() as order:
                await self._transcript.note(f"⚙ Telegram answers {order.refuse} for {order.lasting:g} s")
                self._world.refuse(order.refuse, retry_after=order.retry_after, seconds=order.lasting)
            case order:
                await self._transcript.note(f"⚙ Telegram is down for {order.down:g} s")
                self._world.down(order.down)


def _found(pattern: str, text: str) -> bool:
    return re.search(levelled(pattern), text, re.MULTILINE) is not None


def _shown(message: Message) -> list[str]:
    return [f"    {line}" for line in marked(message)]
