"""The kinds of work that are killed: what people do before and then, and what each of its ends must have come to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.commands.tapping import SECOND_TAP
from bot.sandbox.ground import WEBHOOK
from tests.crash.outside import Outside
from tests.worlds import leave_unfinished

_AGO = timedelta(hours=1)
"""Well past the time-out of any environment."""
_PUSHED = "main-422c439a"
"""What an image of the sample blog's main branch is called: its commit is the same everywhere."""


@dataclass(frozen=True)
class After:
    """What has to be true once an end was told."""

    version: str | None
    """Which one runs; None: none does."""
    made: tuple[int, int]
    """How many new revisions took effect, at least and at most: those that a dead run left do not count."""
    audit: Mapping[tuple[str, str], int]
    """How many new rows there are in the trail, by action and outcome."""
    changes: tuple[int, int] | None = None
    """How often what the Deployment wants was changed, where that is known."""
    notices: tuple[int, int] = (0, 0)
    """How many stand in the channel, at least and at most."""
    drafts: int = 0
    """How many notices were shown to who reviews them."""
    images: tuple[int, int] = (0, 0)
    """How many manifests came into the app's repository, at least and at most."""
    pods: tuple[int, int] | None = None
    """How many of its pods went away, at least and at most, where that is known."""
    more: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many more rows there may be in the trail than those of `audit`."""


@dataclass(frozen=True)
class Kind:
    """One of them."""

    name: str
    app: str
    prepare: Callable[[Outside], Awaitable[None]]
    """What comes before the part that is killed."""
    begin: Callable[[Outside], None]
    end: str
    """The message that tells the end begins so, after its sign."""
    after: Mapping[str, After]
    """By the end's sign, and what else stands before the rest of `end`; 🚫 tells that nothing was begun."""
    environment: str = "staging"
    chat: str = "dana"
    config: str = ""
    """Laid over the sample's."""
    program: str = ""
    """One of Debian's that it needs, in the package of its name."""

    @property
    def namespace(self) -> str:
        """Where its release is."""
        return self.app if self.environment == "production" else f"{self.app}-{self.environment}"

    @property
    def told(self) -> str:
        """What matches the message that tells the end, in whatever way."""
        signs = "|".join(sign for sign in self.after if sign != "🚫")
        return f"^({signs})\ufe0f? ?{self.end}|^🚫 "


def _row(action: str, outcome: str = "done") -> Counter[tuple[str, str]]:
    return Counter({(action, outcome): 1})


def _operation(kind: str) -> Counter[tuple[str, str]]:
    """A decision to change something, and its end."""
    return _row(kind, "started") + _row(kind, "ended")


def _failing(action: str) -> Counter[tuple[str, str]]:
    return _row(action, "started") + _row(action, "failed") + _row(action)


def _refused(version: str) -> dict[str, After]:
    """The end of what was not begun, or had to stop before it changed anything."""
    return {"🚫": After(version, (0, 0), Counter(), (0, 0))}


def _failed(kind: str, version: str) -> dict[str, After]:
    return {"❌": After(version, (0, 0), _operation(kind), (0, 0)), **_refused(version)}


def _built(kind: str, version: str) -> dict[str, After]:
    """One image, or none but where only its answer got lost; what runs stays as it is."""
    return {
        "✅": After(version, (0, 0), _operation(kind), (0, 0), images=(1, 1)),
        "❌": After(version, (0, 0), _operation(kind), (0, 0), images=(0, 1)),
        **_refused(version),
    }


async def _nothing(_: Outside) -> None:
    pass


async def _deploy_planned(outside: Outside) -> None:
    await outside.plan("v1.2")


async def _broken_planned(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/blog:v1.0", "crash")
    await outside.plan("v1.0", app="blog")


async def _deployed(outside: Outside) -> None:
    """What the bot did not put there is left to people."""
    await outside.plan("v1.0", app="blog")
    outside.presses("Deploy to")
    await outside.sees(r"✅ blog → staging v1\.0")


async def _restart_planned(outside: Outside) -> None:
    outside.says("/restart blog staging")
    await outside.sees("Restart: blog → staging")


async def _rollback_planned(outside: Outside) -> None:
    await outside.plan("v1.2")
    outside.presses("Deploy to")
    await outside.sees(r"✅ shop → staging v1\.2")
    outside.says("/rollback shop staging")
    await outside.sees("Roll back: shop → staging")


async def _uninstall_planned(outside: Outside) -> None:
    outside.says("/uninstall blog staging")
    await outside.sees("Uninstall: blog → staging")


async def _found_unfinished(outside: Outside) -> None:
    ago = outside.world.servers.telegram.state.clock.now() - _AGO
    leave_unfinished(outside.world.servers.cluster, "shop", "shop-staging", 2, "pending-upgrade", at=ago)
    outside.says("/deploy shop v1.2 staging")
    await outside.sees("If that run is dead")


async def _rolling_out(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/blog:v1.0", "slow")
    await outside.plan("v1.0", app="blog")
    outside.presses("Deploy to")
    await outside.sees(r"blog +\d/2")


async def _production_planned(outside: Outside) -> None:
    outside.says("/deploy shop v1.2 production")
    await outside.sees(r"Plan: shop → PRODUCTION v1\.2")


async def _pod_doomed(outside: Outside) -> None:
    doomed = min(outside.pods("blog-staging"))
    outside.says(f"/pods blog staging {doomed}")
    await outside.sees("blog · pod")
    outside.presses("Delete pod")
    await outside.sees(r"Delete pod .*\?")


async def _taking_asked(outside: Outside) -> None:
    outside.says("/lock staging database migration", "kim")
    await outside.sees("🔒 staging locked", "kim")
    outside.says("/deploy shop v1.2 staging")
    await outside.sees("🔒 staging locked")
    outside.presses("Take Kim's lock")
    await outside.sees(r"Take Kim's lock\?")
    await asyncio.sleep(SECOND_TAP.total_seconds())  # nobody could have read it sooner


async def _drafted(outside: Outside) -> None:
    await _production_planned(outside)
    outside.presses("Deploy to")
    await outside.sees(r"✅ shop → PRODUCTION v1\.2")
    await outside.sees("Publish: shop v1.2", "team")


def _pressing(label: str, who: str = "dana", chat: str = "") -> Callable[[Outside], None]:
    def press(outside: Outside) -> None:
        outside.presses(label, who, chat)

    return press


def _asking(text: str) -> Callable[[Outside], None]:
    def ask(outside: Outside) -> None:
        outside.says(text)

    return ask


def _pushing(app: str) -> Callable[[Outside], None]:
    def push(outside: Outside) -> None:
        outside.pushes(app)

    return push


_ALL = (
    Kind(
        "plan",
        "shop",
        _nothing,
        _asking("/deploy shop v1.2 staging"),
        "Plan: shop → staging",
        {"📋": After("v1.1", (0, 0), Counter(), (0, 0)), **_refused("v1.1")},
    ),
    Kind(
        "deploy",
        "shop",
        _deploy_planned,
        _pressing("Deploy to"),
        "shop → staging",
        {"✅": After("v1.2", (1, 1), _operation("deploy"), (1, 1)), **_failed("deploy", "v1.1")},
    ),
    Kind(
        "undone",
        "blog",
        _broken_planned,
        _pressing("Deploy to"),
        "blog → staging",
        {"↩": After("v0.9", (1, 2), _operation("deploy")), **_failed("deploy", "v0.9")},
    ),
    Kind(
        "cancel",
        "blog",
        _rolling_out,
        _asking("/cancel"),
        "blog → staging cancelled",
        {
            "⏹": After("v0.9", (1, 2), _row("deploy", "ended") + _row("cancel", "started")),
            "🚫": After("v1.0", (0, 0), _row("deploy", "ended"), (0, 0)),
        },
    ),
    Kind(
        "rollback",
        "shop",
        _rollback_planned,
        _pressing("Roll back to"),
        "shop → staging",
        {"↩": After("v1.1", (1, 1), _operation("rollback"), (1, 1)), **_failed("rollback", "v1.2")},
    ),
    Kind(
        "restart",
        "blog",
        _restart_planned,
        _pressing("Restart in"),
        "blog → staging",
        {"✅": After("v0.9", (0, 0), _operation("restart"), (1, 1)), **_failed("restart", "v0.9")},
    ),
    Kind(
        "uninstall",
        "blog",
        _uninstall_planned,
        _pressing("Uninstall from"),
        "blog → staging",
        {"✅": After(None, (0, 0), _operation("uninstall")), **_failed("uninstall", "v0.9")},
    ),
    Kind(
        "mend",
        "shop",
        _found_unfinished,
        _pressing("Roll back to 1"),
        "shop → staging",
        {"✅": After("v1.0", (1, 1), _operation("mend"), (1, 1)), **_failed("mend", "v1.1")},
    ),
    Kind(
        "draft",
        "shop",
        _production_planned,
        _pressing("Deploy to"),
        "shop → PRODUCTION",
        {"✅": After("v1.2", (1, 1), _operation("deploy"), (1, 1), drafts=1), **_failed("deploy", "v1.1")},
        environment="production",
    ),
    Kind(
        "notice",
        "shop",
        _drafted,
        _pressing("Publish", "kim", "team"),
        "Published: shop",
        {
            "✅": After("v1.2", (0, 0), _row("notice.publish"), (0, 0), notices=(1, 1), drafts=1),
            "🚫": After(
                "v1.2", (0, 0), Counter(), (0, 0), notices=(0, 1), drafts=1
            ),  # pressed again it goes on
        },
        environment="production",
        chat="team",
    ),
    Kind(
        "build",
        "shop",
        _nothing,
        _asking("/build shop main"),
        "build shop main · ",
        _built("build", "v1.1"),
        config="builds: {builder: builtin}",
    ),
    Kind(
        "buildah",
        "shop",
        _nothing,
        _asking("/build shop main"),
        "build shop main · ",
        _built("build", "v1.1"),
        config="builds: {builder: buildah}",
        program="buildah",
    ),
    Kind(
        "ship",
        "blog",
        _nothing,
        _asking("/ship blog main staging"),
        "(?:Plan: blog → staging|build blog main · )",
        {
            "📋": After("v0.9", (0, 0), _operation("ship"), (0, 0), images=(1, 1)),
            **_built("ship", "v0.9"),
        },
        config="builds: {builder: builtin}",
    ),
    Kind(
        "push",
        "blog",
        _deployed,
        _pushing("blog"),
        "(?:blog → staging main-|blog main · |Not deployed: |Nothing is deployed)",
        {
            "✅": After(_PUSHED, (1, 1), _operation("push") + _operation("deploy"), (1, 1), images=(1, 1)),
            "❌": After("v1.0", (0, 0), _operation("push") + _operation("deploy"), (0, 0), images=(1, 1)),
            "❌ build": After("v1.0", (0, 0), _operation("push"), (0, 0), images=(0, 1)),
            "⚠": After("v1.0", (0, 0), _operation("push"), (0, 0), images=(1, 1)),
        },
        chat="team",
        config="builds: {builder: builtin}\nenvironments: {staging: {on_push: deploy}}\n"
        + WEBHOOK.read_text(encoding="utf-8"),
    ),
    Kind(
        "pod",
        "blog",
        _pod_doomed,
        _pressing("Delete pod"),
        "Pod [0-9a-z]+ is deleted",
        {
            "⏹": After(
                "v0.9", (0, 0), _row("pod.delete", "started") + _row("pod.delete"), (0, 0), pods=(1, 1)
            ),
            "🚫": After(  # also where it is told that nobody knows how it went
                "v0.9", (0, 0), Counter(), (0, 0), pods=(0, 1), more=_failing("pod.delete")
            ),
        },
    ),
    Kind(
        "lock",
        "blog",
        _nothing,
        _asking("/lock blog staging tests run"),
        "blog in staging locked",
        {
            "🔒": After("v0.9", (0, 0), _row("lock.set"), (0, 0)),
            "🚫": After("v0.9", (0, 0), Counter(), (0, 0), more=_row("lock.set")),
        },
    ),
    Kind(
        "taken",
        "shop",
        _taking_asked,
        _pressing("Take Kim's lock"),
        "Plan: shop → staging",
        {
            "📋": After("v1.1", (0, 0), _row("lock.take"), (0, 0)),
            "🚫": After("v1.1", (0, 0), Counter(), (0, 0), more=_row("lock.take")),
        },
    ),
)
KINDS = {kind.name: kind for kind in _ALL}
