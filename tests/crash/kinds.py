"""The kinds of work that are killed: what people do before and then, how it ends, and what must be true afterwards."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from sqlite3 import connect

from bot.sandbox.kubernetes.storage import Key
from tests.crash.outside import Outside
from tests.worlds import spaced


@dataclass(frozen=True)
class Kind:
    """One of them, in Dana's private chat."""

    name: str
    app: str
    prepare: Callable[[Outside], Awaitable[None]]
    """What comes before the part that is killed."""
    begin: Callable[[Outside], None]
    versions: tuple[str, str]
    """The app's version where it was done, and where it was undone or never came to be."""
    is_decided: bool = True
    """Whether somebody decides that something changes."""

    @property
    def namespace(self) -> str:
        return f"{self.app}-staging"

    @property
    def ends(self) -> str:
        """The message that tells the end, in whatever way: also that nothing was begun."""
        end = "[✅❌↩⏹🆘]\ufe0f? " if self.is_decided else ".*Plan: "
        return f"^{end}{self.app} → staging|^🚫 "


async def _nothing(_: Outside) -> None:
    pass


async def _deploy_planned(outside: Outside) -> None:
    await outside.plan("v1.2")


async def _broken_planned(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/blog:v1.0", "crash")
    await outside.plan("v1.0", app="blog")


async def _restart_planned(outside: Outside) -> None:
    outside.says("/restart blog staging")
    await outside.sees("Restart: blog → staging")


def _pressing(label: str) -> Callable[[Outside], None]:
    def press(outside: Outside) -> None:
        outside.presses(label)

    return press


def _asking(text: str) -> Callable[[Outside], None]:
    def ask(outside: Outside) -> None:
        outside.says(text)

    return ask


_ALL = (
    Kind("plan", "shop", _nothing, _asking("/deploy shop v1.2 staging"), ("v1.1", "v1.1"), is_decided=False),
    Kind("deploy", "shop", _deploy_planned, _pressing("Deploy to"), ("v1.2", "v1.1")),
    Kind("undone", "blog", _broken_planned, _pressing("Deploy to"), ("v0.9", "v0.9")),
    Kind("restart", "blog", _restart_planned, _pressing("Restart in"), ("v0.9", "v0.9")),
)
KINDS = {kind.name: kind for kind in _ALL}


def broken_promises(outside: Outside, kind: Kind, most: int = 1) -> list[str]:
    """What is promised and not kept once the end has been told, `most` times at most; [] where all is."""
    ends = [
        text for each in outside.messages() if re.search(kind.ends, text := spaced(each.text), re.MULTILINE)
    ]
    if not 1 <= len(ends) <= most:
        return [f"the end is told {len(ends)} times: {ends}"]
    begun = kind.is_decided and not ends[0].startswith("🚫")
    found = []
    history = outside.history(kind.app, kind.namespace)
    if history.count("deployed") != 1 or any(status.startswith("pending") for status in history):
        found.append(f"the history is {history}")
    numbers = outside.revisions(kind.app, kind.namespace)
    if len(set(numbers)) != len(numbers):
        found.append(f"revisions come twice: {numbers}")
    version = _version(outside, kind)
    done = begun and ends[0].startswith(("✅", "↩"))
    if version != kind.versions[0 if done else 1]:
        found.append(f"{version} runs, and the end reads {ends[0].splitlines()[0]}")
    return [*found, *_stored(outside, begun=begun)]


def _version(outside: Outside, kind: Kind) -> str:
    found = outside.world.servers.cluster.storage.get(Key("apps", "deployments", kind.namespace, kind.app))
    assert found is not None
    image = str(found["spec"]["template"]["spec"]["containers"][0]["image"])
    return image.partition("@")[0].rpartition(":")[2]


def _stored(outside: Outside, *, begun: bool) -> list[str]:
    """What the store says: nothing runs any more, every command was answered, each decision is written once."""
    with closing(connect(f"file:{outside.store}?mode=ro", uri=True)) as store:
        (open_now,) = store.execute("select count(*) from operation where ended_at is null").fetchone()
        (waiting,) = store.execute("select count(*) from inbox where done_at is null").fetchone()
        rows = store.execute(
            "select outcome, count(*) from audit group by outcome order by outcome"
        ).fetchall()
    found = [f"{open_now} operations have no end"] if open_now else []
    found += [f"{waiting} commands were not worked off"] if waiting else []
    wanted = [("ended", 1), ("started", 1)] if begun else []
    return found + ([f"the audit trail has {rows}"] if rows != wanted else [])
