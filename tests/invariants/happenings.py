"""What may happen, as values that say so when they are printed: people's acts, others', trouble, and time.

None depends on what the bot has done so far, which is not the same in each run: a button is chosen by its number
among those that are there by then, and where there is nothing to be done nothing happens.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.crash.points import Way
from tests.invariants.example import Example


@dataclass(frozen=True)
class Happening(ABC):
    """One of them."""

    @abstractmethod
    async def happen(self, it: Example) -> None:
        """Let it happen."""


@dataclass(frozen=True)
class Says(Happening):
    """Somebody writes."""

    who: str
    text: str
    chat: str

    async def happen(self, it: Example) -> None:
        it.says(self.who, self.text, "private" if self.who == "eve" else self.chat)


@dataclass(frozen=True)
class Deploys(Happening):
    """Somebody asks for a deploy, sees the plan and confirms it."""

    who: str
    what: tuple[str, str, str]
    chat: str

    async def happen(self, it: Example) -> None:
        before = it.confirmable()
        it.says(self.who, f"/deploy {' '.join(self.what)}", self.chat)
        await it.worked_off()
        offer = it.confirmable()
        if offer is not None and offer is not before:
            it.presses(self.who, offer)


@dataclass(frozen=True)
class Rewords(Happening):
    """Somebody edits their last command."""

    who: str
    text: str

    async def happen(self, it: Example) -> None:
        it.changes_command(self.who, self.text)


@dataclass(frozen=True)
class Confirms(Happening):
    """Whoever was asked last says yes; it may be long after."""

    async def happen(self, it: Example) -> None:
        offer = it.confirmable()
        if offer is not None:
            it.presses(it.addressee(offer), offer)


@dataclass(frozen=True)
class Presses(Happening):
    """Somebody presses any button that there was in any chat, counted from the newest."""

    who: str
    number: int

    async def happen(self, it: Example) -> None:
        offers = list(reversed(it.known.offers.values()))
        if offers:
            it.presses(self.who, offers[self.number % len(offers)])


@dataclass(frozen=True)
class Deletes(Happening):
    """Somebody deletes the newest message of the bot that has buttons."""

    async def happen(self, it: Example) -> None:
        it.deletes()


@dataclass(frozen=True)
class Pipeline(Happening):
    """Somebody's pipeline upgrades a release with Helm."""

    place: tuple[str, str]

    async def happen(self, it: Example) -> None:
        await it.someone_deploys(*self.place)


@dataclass(frozen=True)
class Scales(Happening):
    """Somebody has kubectl."""

    app: str
    replicas: int

    async def happen(self, it: Example) -> None:
        await it.someone_scales(self.app, self.replicas)


@dataclass(frozen=True)
class Pushes(Happening):
    """Another image gets a tag of shop's that is there already."""

    version: str

    async def happen(self, it: Example) -> None:
        it.moves_tag("shop", self.version)


@dataclass(frozen=True)
class DanasRights(Happening):
    """Dana loses all her rights, or gets them back."""

    may: bool

    async def happen(self, it: Example) -> None:
        await it.bindings(dana_may=self.may)


@dataclass(frozen=True)
class Configures(Happening):
    """Staging's configuration changes, and is put into force."""

    staging: Mapping[str, Any]

    async def happen(self, it: Example) -> None:
        await it.configured(**self.staging)


@dataclass(frozen=True)
class Dies(Happening):
    """The bot dies at the so-manieth moment at which it does something outside: at once for 0."""

    moments: int

    async def happen(self, it: Example) -> None:
        it.disturbed()
        it.lives.troubles.die_in(self.moments)


@dataclass(frozen=True)
class Fails(Happening):
    """The next calls of a kind go wrong."""

    kind: str
    way: Way
    times: int

    async def happen(self, it: Example) -> None:
        it.disturbed()
        it.lives.troubles.order(self.kind, self.way, self.times)


@dataclass(frozen=True)
class ClusterAway(Happening):
    """The API server takes no connections."""

    seconds: float

    async def happen(self, it: Example) -> None:
        await it.sandbox.servers.cluster.down(self.seconds)


@dataclass(frozen=True)
class TelegramAway(Happening):
    """Telegram refuses everything with that code, or takes no connections (0)."""

    code: int
    seconds: float

    async def happen(self, it: Example) -> None:
        it.disturbed()
        if self.code:
            it.telegram.refuse(self.code, retry_after=1 if self.code == 429 else None, seconds=self.seconds)
        else:
            it.telegram.down(self.seconds)


@dataclass(frozen=True)
class Minutes(Happening):
    """Time passes on the bot's clock."""

    number: int

    async def happen(self, it: Example) -> None:
        it.clock.move(minutes=self.number)


@dataclass(frozen=True)
class Quiet(Happening):
    """Nothing happens until nothing runs any more, or for a while."""

    async def happen(self, it: Example) -> None:
        await it.quiet()


_PEOPLE = st.sampled_from(["dana", "dana", "kim", "lee", "vic"])
_DEPLOYERS = st.sampled_from(["dana", "kim"])
_ANYONE = st.sampled_from(["dana", "kim", "lee", "vic", "eve"])
_CHATS = st.sampled_from(["private", "team"])
_PLACES = st.sampled_from([("shop", "staging"), ("blog", "staging"), ("shop", "production")])
_SHOP = ("v1.0", "v1.2", "v1.3", "v2.0-crash", "v2.0-slow", "v2.0-broken")
_DEPLOYED = [("shop", version, "staging") for version in _SHOP]
_DEPLOYED += [("blog", "v0.8", "staging"), ("blog", "v1.0", "staging"), ("shop", "v1.2", "production")]
_COMMANDS = st.sampled_from(
    [
        "/rollback shop staging", "/rollback shop staging", "/rollback blog staging 1", "/restart shop staging",
        "/restart blog staging", "/uninstall blog staging", "/uninstall shop staging", "/cancel", "/cancel", "/cancel",
        "/operations", "/status shop staging", "/history shop staging", "/lock shop staging migration for 1h",
        "/unlock shop staging", "/lock staging for 1h", "/stopall fire", "/startall", "/deploy shop staging",
        "/deploy", "/deplyo shop v1.2", "/deploy shop v9.9 staging", "/deploy nope v1.2 staging", "/audit",
        "/deploy shop v1.2 staging web.replicas=1", "/deploy shop v1.2 staging db.password=x", "/whoami",
        "/pods shop staging", "/drift shop staging", "/rollback shop staging 99", "/cancel zzzzzz",
        "/suspend lee lost phone", "deploy shop v1.2 staging", "hello", "/deploy shop v1.3 staging",
    ]
)  # fmt: skip

DEPLOYS = st.builds(Deploys, _DEPLOYERS, st.sampled_from(_DEPLOYED), _CHATS)
_PEOPLES = st.one_of(
    st.builds(Says, _ANYONE, _COMMANDS, _CHATS),
    st.builds(Says, _PEOPLE, _COMMANDS, _CHATS),
    st.builds(Presses, _ANYONE, st.integers(0, 20)),
    st.builds(Presses, _PEOPLE, st.integers(0, 3)),
    st.builds(Confirms),
    st.builds(Confirms),
    st.builds(Rewords, _PEOPLE, _COMMANDS),
    st.builds(Deletes),
)
_OTHERS = st.one_of(
    st.builds(Pipeline, _PLACES),
    st.builds(Scales, st.sampled_from(["shop", "blog"]), st.integers(1, 3)),
    st.builds(Pushes, st.sampled_from(_SHOP)),
    st.builds(DanasRights, st.booleans()),
    st.builds(Configures, st.sampled_from([{"on_failure": "leave"}, {"on_failure": "rollback"}])),
)
_TROUBLE = st.one_of(
    st.builds(Dies, st.just(0)),
    st.builds(Dies, st.integers(1, 60)),
    st.builds(
        Fails,
        st.sampled_from(["store", "helm", "cluster", "telegram", "registry"]),
        st.sampled_from([Way.UNDONE, Way.LOST]),
        st.integers(1, 4),
    ),
    st.builds(ClusterAway, st.sampled_from([0.2, 1.0, 3.0])),
    st.builds(TelegramAway, st.sampled_from([0, 429, 502]), st.sampled_from([0.3, 1.0])),
)
_TIME = st.one_of(st.builds(Minutes, st.sampled_from([1, 6, 130])), st.builds(Quiet))
_WEIGHED = st.sampled_from(
    [*[DEPLOYS] * 3, *[_PEOPLES] * 5, *[_OTHERS] * 2, *[_TROUBLE] * 3, *[_TIME] * 2],
)
ANYTHING = _WEIGHED.flatmap(lambda kind: kind)
