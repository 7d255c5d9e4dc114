"""What must hold: the promises of the design as functions from what is known to the sentences that say what is broken.

`always` may be asked at any moment, `in_the_end` once all trouble is over.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bot.commands.declaring import COMMANDS
from bot.sandbox.servers import TOKEN
from bot.sandbox.telegram import Message
from bot.sandbox.world import RUNNING, SandboxWorld
from tests.invariants.knowledge import Knowledge, Plan, Press
from tests.invariants.records import BY_HAND, Operation, Revision, Store, revisions, running_version
from tests.worlds import spaced

END = re.compile(
    r"^(?:✅|❌|↩️|⏹|🆘|⚠️|🔒) (\S+) → ([A-Za-z]+)\b(?!.*(?:does not wait|not planned|cancelling|no known way back))"
)
"""How a message begins that tells the end of an operation."""
MAY_NOTHING = ("vic", "eve")
"""People who change nothing, whatever they press."""


@dataclass(frozen=True)
class Evidence:
    """All that the promises are judged by."""

    world: SandboxWorld
    known: Knowledge
    store: Store
    log: str
    unsure: int
    """How often nobody could know whether something was sent."""
    disturbed: bool = False

    def of_bot(self) -> list[Message]:
        """All its messages, deleted ones too."""
        telegram = self.world.servers.telegram.world
        cast = self.world.cast
        chats = [each.id for each in cast.places.values()] + [each.id for each in cast.people.values()]
        found = (each for chat in chats for each in telegram.messages(chat, deleted=True))
        return [each for each in found if each.by_bot]

    def revisions(self, app: str, environment: str) -> list[Revision]:
        """Those of an app there."""
        target = self.world.config.target(app, environment)
        return revisions(self.world.servers.cluster, target.release, target.namespace)


def always(it: Evidence) -> list[str]:
    """What is broken now."""
    return [*_strangers(it), *_one_at_a_time(it), *_confirmed(it), *_secrets(it)]


def in_the_end(it: Evidence) -> list[str]:
    """What is broken once nothing moves any more; where that is nothing, nothing moves any more."""
    return [
        *_over(it),
        *_ends_told(it),
        *_answered(it),
        *_decisions(it),
        *_histories(it),
        *_as_told(it),
        *_in_turn(it),
    ]


def afterwards(it: Evidence, now: datetime) -> list[str]:
    """What is broken once the bot has ended in peace."""
    held = it.store.rows("select holder, epoch, expires_at from lease")
    at = f"{now.replace(tzinfo=None)}"
    return [f"the lease is held on: {each}" for each in held if each[2] > at]


def _strangers(it: Evidence) -> Iterator[str]:
    eve = it.world.cast.person("eve").id
    said = {(each.chat_id, each.id) for person, each in it.known.commands if person.id == eve}
    for message in it.of_bot():
        if message.chat_id == eve or (message.chat_id, message.reply_to) in said:
            yield f"a stranger was told {message.text!r}"
    for answer in it.world.servers.telegram.world.answers.values():
        if answer.user_id == eve and answer.text:
            yield f"a stranger was answered {answer.text!r}"


def _one_at_a_time(it: Evidence) -> Iterator[str]:
    begun = Counter(
        each.subject
        for each in it.store.operations()
        if each.begun and each.state != "ended" and not each.waits
    )
    yield from (f"{count} operations change {subject}" for subject, count in begun.items() if count > 1)


def _confirmed(it: Evidence) -> Iterator[str]:
    done: Counter[tuple[str, ...]] = Counter()
    for operation in it.store.operations():
        if operation.waits:
            continue
        done[_what(operation)] += 1
        yes = {press.offer.data for press, _ in _meant(it, operation)}
        if len(yes) < done[_what(operation)]:
            yield f"nobody has confirmed {operation}"


def _meant(it: Evidence, operation: Operation) -> Iterator[tuple[Press, Plan]]:
    """The presses by which its author may have confirmed it, each with the plan that was seen."""
    for press in it.known.confirmations():
        if press.person.id == operation.author_id and press.allowed:
            at = press.offer.message.chat_id, press.offer.message.id
            for plan in it.known.plans.get(at, ()):
                if _what(plan) == _what(operation):
                    yield press, plan


def _what(it: Plan | Operation) -> tuple[str, ...]:
    return it.kind, it.app, it.environment, it.version, it.author


def _secrets(it: Evidence) -> Iterator[str]:
    texts = [("the log", it.log), *(("the store", each) for each in it.store.texts())]
    for message in it.of_bot():
        texts.append(("a message", message.text))
        if message.file is not None:
            texts.append(("a document", message.file.content.decode(errors="replace")))
    texts += [("a toast", each.text) for each in it.world.servers.telegram.world.answers.values()]
    password = it.world.secrets["SHOP_DB_PASSWORD"]
    for secret in (password, base64.b64encode(password.encode()).decode(), TOKEN):
        yield from (f"{where} has a secret: {text[:300]}" for where, text in texts if secret in text)


def _over(it: Evidence) -> Iterator[str]:
    for operation in it.store.operations():
        if operation.state != "ended":
            yield f"{operation} has no end"
    for what, query in (
        ("updates are not worked off", "select update_id from inbox where done_at is null"),
        ("messages wait to be sent", "select key, message from outbox where state = 'waiting'"),
        ("things confirmed are kept on", "select operation_id from frozen"),
    ):
        if rows := it.store.rows(query):
            yield f"{len(rows)} {what}: {rows[:3]}"
    if waiting := it.world.servers.telegram.state.updates.pending():
        yield f"{len(waiting)} updates were not taken"


def _ends_told(it: Evidence) -> Iterator[str]:
    told: Counter[tuple[str, str]] = Counter()
    for message in it.of_bot():
        if found := END.match(spaced(message.text)):
            told[found[1], found[2].lower()] += 1
    wanted = Counter(each.place for each in it.store.operations() if each.state == "ended" and not each.waits)
    double = it.unsure if it.known.deleted else 0
    for place in told.keys() | wanted.keys():
        if not wanted[place] <= told[place] <= wanted[place] + double:
            yield f"{wanted[place]} operations on {' → '.join(place)} ended, which is told {told[place]} times"


def _answered(it: Evidence) -> Iterator[str]:
    eve = it.world.cast.person("eve").id
    replied = {(each.chat_id, each.reply_to) for each in it.of_bot()}
    for person, message in it.known.commands:
        name = message.text.split()[0].removeprefix("/")
        addressed = message.text.startswith("/") and (message.chat_id == person.id or name in COMMANDS)
        if person.id != eve and addressed and (message.chat_id, message.id) not in replied:
            yield f"{person.name} got no answer to {message.text!r} in {message.chat_id}"
    answers = it.world.servers.telegram.world.answers
    for press in it.known.presses:
        if press.query_id not in answers and not press.disturbed and not it.disturbed:
            yield f"{press.person.name} got no answer to [{press.offer.label}]"


def _decisions(it: Evidence) -> Iterator[str]:
    rows = it.store.rows("select action, outcome, detail from audit")
    for operation in it.store.operations():
        mine = [
            (action, outcome) for action, outcome, detail in rows if f"operation {operation.id}" in detail
        ]
        wanted = [(operation.kind, "started"), (operation.kind, "ended")]
        if operation.outcome.get("result") == "cancelled":
            wanted.append(("cancel", "started"))
        found = [each for each in mine if each in wanted or each[0] != "cancel"]
        if sorted(found) != sorted(wanted):
            yield f"the audit of {operation} has {sorted(mine)}"


def _histories(it: Evidence) -> Iterator[str]:
    installed = {(app, environment): len(versions) for app, environment, versions in RUNNING}
    operations = {each.id: each for each in it.store.operations()}
    for place in {each.place for each in operations.values()} | installed.keys():
        found = it.revisions(*place)
        history = [(each.number, each.status, each.description, each.operation) for each in found]
        numbers = [each.number for each in found]
        if len(set(numbers)) != len(numbers):
            yield f"revisions of {place} come twice: {history}"
        if any(each.status.startswith("pending") for each in found):
            yield f"a revision of {place} was never ended: {history}"
        if sum(each.status == "deployed" for each in found) > 1:
            yield f"several revisions of {place} are deployed: {history}"
        made: Counter[str] = Counter()
        for revision in found:
            was_there = not revision.operation and revision.number <= installed.get(place, 0)
            if was_there or revision.description == BY_HAND:
                continue
            maker = operations.get(revision.operation)
            if revision.is_way_back or (revision.status == "failed" and maker is None):
                continue
            if maker is None or maker.place != place:
                yield f"nobody asked for revision {revision.number} of {place}: {history}"
                continue
            made[maker.id] += revision.status != "failed"
            yield from _is_as_confirmed(it, maker, revision)
        yield from (f"{each} made {count} revisions: {history}" for each, count in made.items() if count > 1)
        ways = sum(each.is_way_back and each.status != "failed" for each in found)
        back = sum(
            each.place == place
            and (
                each.kind in ("rollback", "mend")
                or each.outcome.get("result") in ("restored", "cancelled", "broken", "failed")
            )
            for each in operations.values()
        )
        if ways > back:
            yield f"{place} went back {ways} times for {back} reasons: {history}"


def _is_as_confirmed(it: Evidence, operation: Operation, revision: Revision) -> Iterator[str]:
    told = [plan.digest for _, plan in _meant(it, operation)]
    target = it.world.config.target(*operation.place)
    images = re.findall(rf"{re.escape(str(target.app.image))}:(\S+?)@sha256:([0-9a-f]+)", revision.manifest)
    if not images:
        yield f"revision {revision.number} of {operation.place} pins no image"
    for tag, digest in images:
        fits = [begin == "" or (digest.startswith(begin) and digest.endswith(end)) for begin, end in told]
        if tag != operation.version or not any(fits):
            yield f"{operation} made {tag}@{digest}, and {told} was confirmed"


def _as_told(it: Evidence) -> Iterator[str]:
    """The last end that was told of a place is how it is there."""
    last = {each.place: each for each in it.store.operations() if not each.waits}
    for place, operation in last.items():
        result, back_to = operation.outcome.get("result"), operation.outcome.get("back_to")
        version = {"done": operation.version, "applied": operation.version, "restored": back_to}.get(
            str(result), back_to if result == "cancelled" else ""
        )
        if not version or operation.kind not in ("deploy", "rollback") or it.known.by_hand[place]:
            continue
        target = it.world.config.target(*place)
        runs = running_version(it.world.servers.cluster, target.release, target.namespace)
        if runs != version:
            yield f"{runs} runs in {place}, and the end told is {version} ({operation})"


def _in_turn(it: Evidence) -> Iterator[str]:
    spans: dict[str, list[tuple[str, str, str]]] = {}
    for each in it.store.operations():
        if each.begun and not each.waits:
            spans.setdefault(each.subject, []).append((each.begun, each.ended, each.id))
    for subject, found in spans.items():
        found.sort()
        for (_, ended, one), (begun, _, other) in pairwise(found):
            if begun < ended:
                yield f"{one} and {other} changed {subject} at once"
