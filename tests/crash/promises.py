"""What must be true once the end of a kind of work was told, however it went wrong on the way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, connect
from typing import Self

from bot.sandbox.telegram import Message
from tests.crash.kinds import After, Kind
from tests.crash.outside import Outside
from tests.worlds import spaced

_OPEN = {
    "operations have no end": "select count(*) from operation where ended_at is null",
    "commands were not worked off": "select count(*) from inbox where done_at is null",
    "messages still wait": "select count(*) from outbox where state = 'waiting'",
    "things are frozen for operations that ended": "select count(*) from frozen",
}
"""What nobody holds, wants or waits for any more, as questions to the store."""


@dataclass(frozen=True)
class Before:
    """What there was when it began."""

    texts: Mapping[tuple[int, int], str]
    history: Sequence[str]
    """The statuses of the release's revisions."""
    newest: int
    """The newest of them."""
    generation: int
    audit: int
    """The newest row of the trail."""
    images: Set[str]
    """The digests in the app's repository."""
    pods: Set[str]
    """The names of its pods."""

    @classmethod
    def now(cls, outside: Outside, kind: Kind) -> Self:
        """As it is now."""
        with _store(outside.store) as store:
            (newest,) = store.execute("select coalesce(max(id), 0) from audit").fetchone()
        return cls(
            {(each.chat_id, each.id): each.text for each in outside.all_messages()},
            outside.history(kind.app, kind.namespace),
            max(outside.revisions(kind.app, kind.namespace)),
            outside.generation(kind.app, kind.namespace),
            newest,
            outside.manifests(kind.app),
            outside.pods(kind.namespace),
        )

    def is_news(self, message: Message) -> bool:
        """Whether a message was sent or changed since."""
        return self.texts.get((message.chat_id, message.id)) != message.text


def broken(outside: Outside, kind: Kind, before: Before, *, may_double: bool) -> list[str]:
    """What is promised and not kept; [] where all is. A first send may come twice where nobody knows of it."""
    told = [spaced(each.text) for each in outside.messages(kind.chat) if before.is_news(each)]
    ends = [found for text in told if (found := re.search(kind.told, text, re.MULTILINE))]
    if not 1 <= len(ends) <= 1 + may_double:
        return [f"the end is told {len(ends)} times: {[each.string for each in ends]}"]
    after = kind.after[ends[0][1] or "🚫"]
    return [
        *([] if may_double else _doubled(outside, before)),
        *_released(outside, kind, before, after),
        *_noticed(outside, after, may_double),
        *_built(outside, kind, before, after),
        *_stored(outside, before, after),
        *outside.host.waiting(),
    ]


def _doubled(outside: Outside, before: Before) -> Iterable[str]:
    news = Counter(
        (each.chat_id, spaced(each.text)) for each in outside.all_messages() if before.is_news(each)
    )
    return [f"{text!r} is told {often} times" for (_, text), often in news.items() if often > 1]


def _released(outside: Outside, kind: Kind, before: Before, after: After) -> Iterable[str]:
    """What the cluster says: the version that was told runs, made once, and nothing locks the release."""
    statuses = outside.history(kind.app, kind.namespace)
    numbers = outside.revisions(kind.app, kind.namespace)
    is_whole = statuses.count("deployed") == 1 and not any("ing" in status for status in statuses)
    if not (is_whole if after.made[1] else statuses == (before.history if after.version else [])):
        yield f"the history is {statuses}, it was {before.history}"
    if len(set(numbers)) != len(numbers):
        yield f"revisions come twice: {numbers}"
    new = [status for number, status in zip(numbers, statuses, strict=True) if number > before.newest]
    least, most = after.made
    if not least <= sum(status != "failed" for status in new) <= most:
        yield f"the new revisions are {new}"
    found = outside.deployment(kind.app, kind.namespace)
    image = str(found["spec"]["template"]["spec"]["containers"][0]["image"]) if found is not None else ""
    version = image.partition("@")[0].rpartition(":")[2] or None
    if version != after.version:
        yield f"{version} runs"
    if found is not None and after.changes is not None:
        changes = found["metadata"]["generation"] - before.generation
        if not after.changes[0] <= changes <= after.changes[1]:
            yield f"the Deployment was changed {changes} times"
    gone = before.pods - outside.pods(kind.namespace)
    if after.pods is not None and not after.pods[0] <= len(gone) <= after.pods[1]:
        yield f"{gone} are gone"


def _noticed(outside: Outside, after: After, may_double: bool) -> Iterable[str]:
    notices, (least, most) = len(outside.messages("news")), after.notices
    if not least <= notices <= most + (may_double and most):
        yield f"{notices} notices are in the channel"
    drafts = sum(
        bool(re.match("✋ Publish: |✅ Published: ", each.text)) for each in outside.messages("team")
    )
    if not after.drafts <= drafts <= after.drafts + (may_double and after.drafts):
        yield f"{drafts} drafts of a notice were shown"


def _built(outside: Outside, kind: Kind, before: Before, after: After) -> Iterable[str]:
    """What the registry says: images are made once and whole, under the digest that was recorded; nothing is left."""
    new, (least, most) = outside.manifests(kind.app) - before.images, after.images
    if not least <= len(new) <= most:
        yield f"{len(new)} images came into the registry"
    yield from (f"{digest} is not in the registry" for digest in outside.lacking(kind.app))
    with _store(outside.store) as store:
        rows = store.execute("select outcome from operation where ended_at is not null").fetchall()
    for made in filter(None, (json.loads(outcome)["made"] for (outcome,) in rows)):
        if outside.tagged(kind.app).get(made["tag"]) != made["digest"]:
            yield f"{made['tag']} is not {made['digest']}"
    yield from (f"{each} is left of a build" for each in outside.building())


def _stored(outside: Outside, before: Before, after: After) -> Iterable[str]:
    """What the store says: nothing runs or waits any more, and each decision is written once."""
    with _store(outside.store) as store:
        for words, query in _OPEN.items():
            (number,) = store.execute(query).fetchone()
            if number:
                yield f"{number} {words}"
        rows = store.execute("select action, outcome from audit where id > ?", (before.audit,)).fetchall()
    if not Counter(after.audit) <= Counter(rows) <= Counter(after.audit) + Counter(after.more):
        yield f"the audit trail has {rows}"


def _store(path: Path) -> closing[Connection]:
    return closing(connect(f"file:{path}?mode=ro", uri=True))
