"""Every message of the bot with usual values, and with every text replaced by a hostile one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.access import ClusterAccess
from bot.commands.drifting import Drifting
from bot.commands.live import _Shown
from bot.commands.loglines import Look
from bot.commands.pods import Pod
from bot.commands.pods import Workload as PodWorkload
from bot.commands.requests import TITLES, Request
from bot.commands.standing import SYMBOLS, Standing, Workload
from bot.operations.operation import Author, Outcome
from bot.operations.view import Hold, StepLine, TroubleLine, View, WorkloadLine
from bot.permissions import Suspension
from bot.planning.drift import Drift
from bot.planning.foreign import Foreign, LostValue
from bot.planning.inspecting import Strayed
from bot.planning.losing import Loss
from bot.planning.plan import Frozen, Plan
from bot.planning.proving import Proven
from bot.planning.site import Site
from bot.planning.summary import Line
from bot.planning.trial import Autoscaled, Contest, Refusal, Trial
from bot.rollout.causes import Finding
from bot.store.audit import Chain
from bot.store.holds import Lock, Standstill
from handlers.people import HIDDEN

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
DIGEST = f"sha256:4f1c{'0' * 58}9a"


@dataclass(frozen=True)
class Shown:
    """A template and what it is given."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


def view(**changes: Any) -> View:
    """A deploy of shop v1.2 to staging by Dana, 31 seconds old."""
    usual = View(
        id="7c2e91",
        kind="deploy",
        app="shop",
        environment="staging",
        version="v1.2",
        author="Dana",
        author_id=1002,
        started_at=NOW - timedelta(seconds=31),
        quotes=True,
    )
    return usual.model_copy(update=changes)


def operation(template: str, elapsed: float = 31, **changes: Any) -> Shown:
    """A message that shows an operation."""
    return Shown(template, {"view": _Shown(view(**changes)), "elapsed": elapsed})


def ended(kind: str = "deploy", elapsed: float = 48, template: str = "ended", **outcome: Any) -> Shown:
    """The end of an operation."""
    return operation(template, elapsed, kind=kind, ended_at=NOW, outcome=Outcome(**outcome))


def step(name: str, state: str, seconds: int) -> StepLine:
    ends = NOW if state != "running" else None
    return StepLine(
        name=name,
        title=name,
        state=state,
        started_at=NOW - timedelta(seconds=seconds),
        ended_at=ends,
    )


STEPS = (step("Preflight", "done", 1), step("Job shop-migrate", "done", 6), step("Release", "running", 20))
WORKLOADS = (
    WorkloadLine(kind="Deployment", name="shop", ready=1, updated=1, desired=3),
    WorkloadLine(kind="Deployment", name="worker", ready=2, updated=2, desired=2),
)
TROUBLES = (
    TroubleLine(
        pod="shop-5f7d9-x2k4p",
        workload="Deployment/shop",
        cause="crash",
        words="crashed twice, exit 1",
        quote="KeyError: 'DATABASE_URL'",
    ),
)

LOCK = Lock(
    "production",
    "",
    "database migration",
    1001,
    "Kim",
    NOW - timedelta(minutes=23),
    NOW + timedelta(hours=2),
    -100,
    2,
    7,
)
PROVEN = Proven("staging", "v1.2", NOW - timedelta(hours=2))
LOSSES = (
    Loss("PersistentVolumeClaim", "shop-data", "PersistentVolumeClaim shop-data and its data go away", True),
    Loss("StatefulSet", "db", "StatefulSet db and its pods go away; its disks stay", False),
)
LOCK_OF_SHOP = replace(LOCK, app="shop", until=None)
STANDSTILL = Standstill("the database is on fire", 1001, "Kim", NOW - timedelta(days=1))
HOLD_LINES = ("⏸ Stopped by Kim: “the database is on fire”", "🔒 production: Kim, “database migration”")

HOLD = Hold(words="The node cannot reach the registry; old pods have it too", since=NOW, back_to="v1.1")
LASTING = (
    "Job shop-migrate ran for v1.2: not undone",
    "Secret shop-db: password, token return to older values",
    "Disk shop-cache is removed, with its data",
    "Disk shop-data was removed: it comes back empty",
    "Job shop-seed ran for v1.2: not undone",
)

FAILURES: dict[str, dict[str, Any]] = {
    "failed": {"words": "new pods crash at start", "revision": 8, "quote": "KeyError: 'DATABASE_URL'"},
    "restored": {
        "words": "new pods crash at start",
        "back_to": "v1.1",
        "quote": "KeyError: 'DATABASE_URL'",
        "advice": "Check the app's settings",
        "last_words": "Traceback (most recent call last):\nKeyError: 'DATABASE_URL'",
    },
    "removed": {"words": "image does not exist"},
    "cancelled": {"back_to": "v1.1"},
    "broken": {"words": "v1.2 failed, v1.1 did not return"},
    "held": {"words": "Kim has locked production: “database migration”"},
}

PLAN = Plan(
    kind="deploy",
    app="shop",
    environment="staging",
    version="v1.2",
    now="v1.1",
    base=6,
    revision=0,
    chart="1.4.0",
    image_digest=DIGEST,
    lines=(
        Line("image v1.1 → v1.2"),
        Line("shop: replicas 2 → 3"),
        Line("ConfigMap shop-env: 2 keys"),
        Line("Job shop-migrate runs first"),
        Line("Service port 80 → 8080: clients may break", "warning"),
    ),
    notes=(),
    diff="--- live/Deployment shop\n+++ plan/Deployment shop\n-  replicas: 2\n+  replicas: 3\n",
    added=18,
    removed=6,
    unchanged=False,
    site=Site(
        access=ClusterAccess(kubeconfig=Path("/nowhere")),
        cluster_uid="uid",
        namespace="shop-staging",
        release="shop",
        identity=None,
    ),
    objects=(),
    inputs={"kind": "deploy"},
    frozen=Frozen(),
)


REFUSED = Trial(
    refusals=(
        Refusal(
            "Deployment shop",
            "Policy few refused it",
            "Change what the policy names",
            "at most ten replicas of anything, and of <b>shop</b> only five",
        ),
        Refusal(
            "Service shop and 2 more",
            "spec.clusterIP cannot change in place",
            "Recreate the object, which interrupts it: ask first",
        ),
        Refusal(
            "ConfigMap shop-env",
            "The policy service down.example.org is down",
            "Ask the owner of that service",
            'failed calling webhook "down.example.org": connection refused',
            heals=True,
        ),
    )
)
CONTESTED = Trial(
    contests=(
        Contest("Deployment shop", ".spec.replicas", "kubectl", "5", "3"),
        Contest("ConfigMap shop-env", ".data.MODE", "kubectl-edit"),
    ),
    autoscaled=(Autoscaled("apps/v1", "Deployment", "shop-staging", "worker", 7, 2),),
    warnings=("Ingress shop: v1beta1 is deprecated",),
    untried="Of 300 objects 12 could not be tried within 10 s",
)


def plan(moved: str = "", excerpt: str = PLAN.diff, proven: Proven | None = None, **changes: Any) -> Shown:
    """A plan's message."""
    shared = {"titles": TITLES, "author": "Dana", "until": NOW, "now": NOW}
    values = {**shared, "moved": moved, "excerpt": excerpt, "proven": proven}
    return Shown("plan", {**values, "plan": replace(PLAN, **changes)})


def problem(**values: Any) -> Shown:
    usual = {"words": 'No app "shp"', "where": "", "quote": "", "advice": "Nearest: shop", "unchanged": False}
    return Shown("problem", {**usual, **values})


def standing(app: str, state: str, **more: Any) -> Standing:
    assert state in SYMBOLS
    return Standing(app=app, environment="production", state=state, **more)


HEALTHY = standing(
    "shop",
    "healthy",
    version="v1.1",
    revision=7,
    since=NOW - timedelta(days=2),
    workloads=(Workload("Deployment", "shop", 3, 3), Workload("Deployment", "worker", 1, 1)),
)
FAILED = standing(
    "pay",
    "failed",
    version="v3.0",
    words="out of memory",
    quote="exit 137",
    advice="Raise the memory limit",
    revision=3,
    since=NOW - timedelta(minutes=4),
    workloads=(Workload("Deployment", "pay", 0, 2),),
)
ABSENT = standing("docs", "absent")
AWAY = standing(
    "pay", "unreachable", words="cluster west cannot be reached: nothing listens at 192.0.2.7:6443"
)


def status(**environments: list[Standing]) -> Shown:
    down = sum(each.state == "failed" for found in environments.values() for each in found)
    unknown = sum(each.state == "unreachable" for found in environments.values() for each in found)
    values = {
        "environments": environments,
        "lines": 10,
        "down": down,
        "unknown": unknown,
        "now": NOW,
        "holds": (),
    }
    return Shown("status", values)


SCALED = Drift(
    "Deployment shop",
    "spec.replicas",
    "shop: replicas 3 → 5",
    "kubectl-edit",
    NOW - timedelta(hours=2),
    "taken over, set back to 3",
    True,
)
DRIFT = (
    SCALED,
    Drift(
        "Deployment shop", "", "shop: variable DEBUG added", "kubectl-edit", NOW - timedelta(hours=2), "stays"
    ),
    Drift(
        "Deployment shop",
        "",
        "worker: image worker:v1.1 → worker:v1.1-hot",
        "k9s",
        NOW - timedelta(days=3),
        "as this plan has it",
    ),
    Drift("Deployment shop", "", "ConfigMap shop-env: key FEATURE removed", "", None, "put back", True),
    Drift("Deployment shop", "", "Service shop is gone", "", None, "made again", True),
    Drift("Deployment shop", "", "shop: replicas 3 → 9", "the autoscaler", NOW, "stays", autoscaled=True),
)
FOUND = [
    Drifting("shop", "staging", Strayed("v1.1", 6, DRIFT)),
    Drifting("pay", "production", words="the cluster did not answer within 20 s"),
    Drifting("blog", "staging", Strayed("v0.9", 2, DRIFT[-1:])),
    Drifting("docs", "staging", Strayed("", 0)),
]


def drift_of(found: Strayed, **changes: Any) -> Shown:
    """What was changed of one release."""
    usual = {"app": "shop", "environment": "staging", "it": found, "lines": found.drift, "more": 0}
    return Shown("drift_app", {**usual, "values": True, "now": NOW, **changes})


def _row(result: str | None, state: str = "ended") -> SimpleNamespace:
    return SimpleNamespace(
        state=state,
        kind="deploy",
        app="shop",
        environment="staging",
        version="v1.2",
        author_name="Dana",
        created_at=NOW,
        id="7c2e91",
        outcome={"result": result},
    )


def newcomer(**changes: Any) -> SimpleNamespace:
    """A row of somebody unknown in the team's chat."""
    usual = {"name": "Eve", "username": None, "kind": "person", "count": 1, "chat_id": -1001000000001}
    chat = {"chat_kind": "supergroup", "chat_title": "ACME team", "last_at": NOW}
    return SimpleNamespace(**{**usual, **chat, **changes})


def subject(**changes: Any) -> dict[str, Any]:
    """One whom /whois tells of."""
    usual: dict[str, Any] = {"name": "", "username": None, "id": None, "what": "", "key": None, "rights": []}
    return {**usual, "suspension": None, "paste": [], **changes}


def whois(*subjects: dict[str, Any]) -> Shown:
    """What /whois answers."""
    return Shown("whois", {"subjects": list(subjects), "forwarded": len(subjects) > 1})


AUDIT = {
    "rows": [
        SimpleNamespace(
            at=NOW,
            actor="Dana",
            action="deploy",
            outcome="started",
            app="shop",
            environment="staging",
            detail="v1.2 operation 7c2e91",
        ),
        SimpleNamespace(
            at=NOW, actor="Vic", action="refused", outcome="refused", app=None, environment=None, detail=""
        ),
    ]
}
SUSPENSION = Suspension(1002, "Dana", "lost phone", "Kim", NOW, "")


def _revision(number: int, busy: bool = False) -> SimpleNamespace:
    return SimpleNamespace(number=number, updated=NOW, busy=busy)


HISTORY = {
    "app": "shop",
    "environment": "staging",
    "shown": [_revision(9, busy=True), _revision(8), _revision(7), _revision(6)],
    "past": SimpleNamespace(
        verdicts={
            8: SimpleNamespace(health="failed", author="Dana"),
            7: SimpleNamespace(health="healthy", author="Lee"),
        }
    ),
    "live": _revision(7),
    "versions": {9: "v1.3", 8: "v1.2", 7: "v1.1", 6: "v1.0"},
}

DANA = Author(1002, "Dana")
TURN = Request("deploy", "shop", "staging", "v1.2")

RUNNING = operation(
    "running", steps=STEPS, workloads=WORKLOADS, troubles=TROUBLES, note="The cluster is slow"
)

BAD_POD = Pod(
    name="shop-5f7d9-x2k4p",
    workload="shop",
    state="trouble",
    words="The app crashed at start, exit 1",
    ready="0/1",
    restarts=4,
    created=NOW - timedelta(minutes=3),
    node="worker-2",
    finding=Finding("", quote="KeyError: 'DATABASE_URL'", advice="Read the app's last words"),
)
WELL_POD = replace(BAD_POD, state="ready", words="Ready", ready="1/1", restarts=0, finding=None)
DONE_POD = replace(WELL_POD, name="shop-migrate-44dt2", workload="shop-migrate", state="done", node="")


SHOP: Mapping[str, Any] = {"app": "shop", "environment": "staging"}
PLAIN = Look()


def logs(*lines: str, look: Look = PLAIN, previous: bool = False, total: int = 0) -> Shown:
    """The lines of a pod."""
    values = {**SHOP, "pod": BAD_POD, "container": "web", "now": NOW}
    more = {"lines": lines, "total": total or len(lines), "look": look, "previous": previous}
    more["searched"] = 1200
    return Shown("logs", values | more)


def pods(*shown: Pod, workload: str = "", several: bool = True) -> Shown:
    """A list of pods."""
    trouble = sum(each.state == "trouble" for each in shown)
    values = {**SHOP, "shown": shown, "total": len(shown), "trouble": trouble, "now": NOW}
    return Shown("pods", {**values, "workload": workload, "several": several})


def pod(shown: Pod, lines: Sequence[str] = (), quotes: bool = True) -> Shown:
    """One pod."""
    values = {**SHOP, "pod": shown, "images": ["shop:v1.2"], "now": NOW}
    return Shown("pod", {**values, "lines": lines, "quotes": quotes})


def pod_delete(left: int, shouts: bool = False) -> Shown:
    """The question before a pod is deleted."""
    return Shown("pod_delete", {**SHOP, "pod": WELL_POD, "left": left, "shouts": shouts})


SCREENS: dict[str, Shown] = {
    "running, at its start": operation("running", 0),
    "running": RUNNING,
    "running in production": operation("running", environment="production", shouts=True, steps=STEPS),
    "cancelling": operation("running", cancelling=True, stopped_by="Kim", steps=STEPS),
    "rollout held": operation("running", 372, steps=STEPS, workloads=WORKLOADS, troubles=TROUBLES, held=HOLD),
    "rollout held, and somebody lets it wait": operation(
        "running", 372, steps=STEPS, held=HOLD.model_copy(update={"waits": "Dana"})
    ),
    "rollout held on its way back": operation("running", 372, kind="rollback", version="v1.1", held=HOLD),
    "ring: called to a held rollout": operation("held_rollout", 372, held=HOLD),
    "rolling back": operation("running", kind="rollback", version="v1.1"),
    "uninstalling": operation("running", kind="uninstall", version=""),
    "many workloads and troubles": operation("running", workloads=WORKLOADS * 8, troubles=TROUBLES * 8),
    "done": ended(result="done", revision=7, ready="3 of 3"),
    "done without workloads": ended(result="done", revision=7),
    "rolled back": ended("rollback", result="done", revision=9, ready="3 of 3"),
    "rolled back, with what does not come back": ended(
        "rollback", result="done", revision=9, ready="3 of 3", notes=LASTING, words="it was back already"
    ),
    "done beside what was unwell before": ended(
        result="done", revision=7, ready="3 of 5", notes=("The app crashed at start (was so before)",)
    ),
    "ring: stopped by somebody else": operation(
        "ring", ended_at=NOW, outcome=Outcome(result="cancelled"), stopped_by="Lee"
    ),
    "uninstalled": ended("uninstall", result="done"),
    "uninstall failed": ended("uninstall", **{"result": "failed", **FAILURES["failed"]}),
    "uninstall cancelled": ended("uninstall", result="cancelled"),
    "applied": ended(result="applied", revision=7, words="Widget main"),
    **{name: ended(result=name, elapsed=112, **more) for name, more in FAILURES.items()},
    "failed before anything changed": ended(result="failed", words="You may not patch deployments there"),
    **{
        f"ring: {name}": ended(template="ring", result=name, **more)
        for name, more in {**FAILURES, "done": {}}.items()
    },
    "restarting": operation("running", kind="restart", steps=STEPS),
    "restarted": ended("restart", result="done", revision=7, ready="3 of 3"),
    "restart failed": ended("restart", **{"result": "failed", **FAILURES["failed"]}),
    "restart cancelled": ended("restart", result="cancelled", words="nothing was changed"),
    "restart not started": ended("restart", result="held", words="shop is locked"),
    "ring: rolled back": ended("rollback", template="ring", result="done"),
    "ring: applied": ended(template="ring", result="applied"),
    "ring: restart failed": ended("restart", template="ring", result="failed"),
    "restart plan": plan(
        kind="restart",
        version="v1.1",
        lines=(Line("shop: 3 pods"), Line("StatefulSet db is down meanwhile", "warning")),
        notes=("worker is paused: left as it is",),
        diff="",
        excerpt="",
        added=0,
        removed=0,
        chart="",
    ),
    "your turn": Shown("turn", {"author": DANA, "turn": TURN, "is_refused": False}),
    "your turn, refused": Shown("turn", {"author": DANA, "turn": TURN, "is_refused": True}),
    "plan": plan(),
    "plan that moved": plan(moved="Since you looked: another revision is deployed. New plan below."),
    "plan over another's revision": plan(
        foreign=Foreign(
            revision=7,
            maker="helm (CI build 412)",
            age=260000.0,
            also=("kubectl-edit",),
            lost=tuple(LostValue(f"web.value{number}", "4") for number in range(13)),
        ),
        way_back="If it fails: back to v1.1",
    ),
    "plan over an unhealthy revision": plan(
        unhealthy="v1.1 is unhealthy already: Deployment/shop: image does not exist; no way back to it",
        way_back="If it fails: it stays, no healthy revision to go back to",
    ),
    "plan over changes by hand": plan(drift=DRIFT),
    "plan that only sets back": plan(drift=DRIFT[:1], lines=(), diff="", excerpt="", added=0, removed=0),
    "drift": Shown(
        "drift", {"shown": FOUND, "looked": 4, "drifted": 1, "unknown": 1, "unseen": 12, "now": NOW}
    ),
    "no drift": Shown(
        "drift", {"shown": FOUND[2:], "looked": 2, "drifted": 0, "unknown": 0, "unseen": 0, "now": NOW}
    ),
    "drift of one": drift_of(Strayed("v1.1", 6, DRIFT), more=2),
    "drift of one that is as deployed": drift_of(Strayed("v1.1", 6, unread=1)),
    "drift of one whose values are not shown": drift_of(Strayed("v1.1", 6, DRIFT[1:2]), values=False),
    "drift of one that is absent": drift_of(Strayed("", 0)),
    "plan that the cluster refuses": plan(trial=REFUSED, way_back="If it fails: back to v1.1"),
    "plan that a policy's outage keeps back": plan(trial=Trial(refusals=REFUSED.refusals[-1:])),
    "plan over what others keep": plan(trial=CONTESTED),
    "rollback over what others keep": plan(kind="rollback", version="v1.1", now="v1.2", trial=CONTESTED),
    "plan for production": plan(environment="production", shouts=True, proven=PROVEN),
    "first plan": plan(now="", lines=(Line("Deployment shop added"),), chart=""),
    "plan without a diff": plan(excerpt="", notes=("Deployed by tag: the chart takes no digest",)),
    "plan without changes": plan(lines=(), diff="", excerpt="", added=0, removed=0),
    "plan with many changes": plan(
        lines=tuple(Line(f"ConfigMap c{n}: 1 key") for n in range(30))
        + tuple(Line(f"StatefulSet s{n} goes away, and its data may", "warning") for n in range(3))
    ),
    "rollback plan": plan(kind="rollback", version="v1.1", now="v1.2"),
    "rollback plan that stops a deploy": plan(
        kind="rollback",
        version="v1.1",
        now="v1.2",
        notes=("Stops Lee's deploy of v1.2 first", "Skips revision 7 (v1.1.1, failed)"),
        lasting=LASTING,
    ),
    "uninstall plan": plan(kind="uninstall", version="v1.1", lines=(Line("Deployment shop removed"),)),
    "unchanged": Shown("unchanged", {"plan": PLAN, "proven": None, "now": NOW}),
    "unchanged but by hand": Shown(
        "unchanged", {"plan": replace(PLAN, drift=DRIFT[1:2]), "proven": None, "now": NOW}
    ),
    "unchanged in production": Shown(
        "unchanged",
        {"plan": replace(PLAN, environment="production", shouts=True), "proven": PROVEN, "now": NOW},
    ),
    "busy": Shown(
        "busy",
        {
            "app": "shop",
            "environment": "staging",
            "author": "Lee",
            "what": "deploy",
            "since": NOW,
        },
    ),
    "stuck": Shown(
        "stuck",
        {
            "app": "shop",
            "revision": 6,
            "maker": "ci",
            "since": NOW - timedelta(minutes=4),
            "until": NOW,
            "may_mend": True,
        },
    ),
    "refused": Shown(
        "refused",
        {
            "what": "shop → production",
            "lines": [
                "Needs: deploy in production",
                "You have: deployer in staging",
                "Ask: Lee or Kim (admins)",
            ],
        },
    ),
    "problem": problem(),
    "chart problem": problem(
        words="The chart can't be rendered",
        where="shop/templates/deployment.yaml, line 12",
        quote="nil pointer evaluating interface {}.tag",
        advice="",
        unchanged=True,
    ),
    "problem with a long quote": problem(quote="line\n" * 100),
    "status": status(production=[FAILED, HEALTHY, ABSENT]),
    "status of what does not answer": status(staging=[HEALTHY], production=[AWAY]),
    "status of all": status(staging=[HEALTHY], production=[FAILED, ABSENT]),
    "status of nothing": status(),
    "status of one": Shown("status_app", {"it": HEALTHY, "holds": HOLD_LINES, "now": NOW}),
    "status of a failed one": Shown("status_app", {"it": FAILED, "holds": (), "now": NOW}),
    "status of an absent one": Shown("status_app", {"it": ABSENT, "holds": (), "now": NOW}),
    "history": Shown("history", HISTORY),
    "operations": Shown(
        "operations",
        {
            "holds": (),
            "rows": [
                _row("done"),
                _row("restored"),
                _row("broken"),
                _row(None, "running"),
                _row(None, "queued"),
            ],
        },
    ),
    "no operations": Shown("operations", {"rows": [], "holds": HOLD_LINES}),
    "start": Shown(
        "start",
        {
            "who": "Dana",
            "rights": ["deployer in staging and production"],
            "apps": [
                ("pay", [FAILED]),
                ("shop", [HEALTHY, replace(HEALTHY, environment="staging", version="v1.2")]),
            ],
        },
    ),
    "start without apps": Shown("start", {"who": "Vic", "rights": ["viewer"], "apps": []}),
    "versions": Shown(
        "versions",
        {
            "app": "shop",
            "environment": "staging",
            "versions": [{"name": "v1.3", "age": 240}, {"name": "v1.2", "age": None}],
            "running": "v1.2",
            "proven": PROVEN,
        },
    ),
    "help": Shown(
        "help",
        {
            "groups": {
                "Look": [{"example": "/status shop staging", "summary": "How everything stands"}],
                "Deploy": [{"example": "/deploy shop v1.2 staging", "summary": "Plan a deploy"}],
            }
        },
    ),
    "whoami": Shown(
        "whoami",
        {
            "who": SimpleNamespace(name="Dana", id=1002),
            "rights": ["deployer everywhere"],
            "chat_id": -1001000000001,
            "topic": 2,
            "kubernetes": "dana@example.org (shop-devs)",
        },
    ),
    "newcomers": Shown(
        "newcomers",
        {
            "rows": [
                newcomer(name="Nina K", username="nina", count=3),
                newcomer(name="Group", kind="anonymous"),
                newcomer(name="", chat_kind="private", chat_title=""),
            ],
            "total": 3,
            "hidden": HIDDEN,
            "paste": ["people:", "  nina:", "    id: 5012345678", "    name: Nina K"],
        },
    ),
    "no newcomers": Shown("newcomers", {"rows": [], "total": 0, "hidden": HIDDEN, "paste": []}),
    "who is nobody": whois(
        subject(
            name="Nina K", username="nina", id=5012345678, paste=["people:", "  nina:", "    id: 5012345678"]
        )
    ),
    "who is known": whois(
        subject(
            name="Dana",
            id=1002,
            key="dana",
            rights=["deployer on shop in staging: deploy, roll back, cancel"],
            suspension=SUSPENSION,
        )
    ),
    "who was forwarded": whois(
        subject(name="Somebody", what=HIDDEN["hidden"]), subject(name="Kim", id=1001, key="kim")
    ),
    "who is a channel": whois(
        subject(
            name="News",
            id=-1001000000002,
            what=HIDDEN["channel"],
            paste=["chats:", "  news:", "    id: -1001000000002"],
        )
    ),
    "audit": Shown("audit", {**AUDIT, "of": "shop in staging", "since": NOW, "total": 132, "skip": 10}),
    "audit of nothing": Shown("audit", {"rows": [], "of": "", "since": None, "total": 0, "skip": 0}),
    "audit export": Shown(
        "audit_export",
        {"of": "shop", "since": NOW, "written": 3, "total": 4, "chain": Chain(4211, None, "4f1c" * 16)},
    ),
    "audit export that breaks": Shown(
        "audit_export",
        {"of": "", "since": None, "written": 3, "total": 3, "chain": Chain(4211, 17, "4f1c" * 16)},
    ),
    "suspend": Shown(
        "suspend",
        {
            "who": SimpleNamespace(name="Dana", id=1002, key="dana"),
            "reason": "lost phone",
            "rights": ["deployer on shop in staging"],
            "running": [_row(None, "running")],
            "warnings": ["That is yourself"],
        },
    ),
    "suspended": Shown(
        "suspended",
        {
            "who": SimpleNamespace(name="Dana", id=1002, key="dana"),
            "it": SUSPENSION,
            "running": [_row(None, "running")],
        },
    ),
    "apps": Shown("apps", {"apps": {"shop": ["staging", "production"], "blog": ["staging"]}}),
    "no apps": Shown("apps", {"apps": {}}),
    "said": Shown("said", {"heading": "Closed", "lines": ["Nothing was changed"]}),
    "logs": logs("starting", "KeyError: 'DATABASE_URL'"),
    "logs of the run before": logs("exit", previous=True, total=60),
    "logs searched": logs("error", look=Look(since="10m", grep="/error|fail/")),
    "no logs": logs(),
    "no such lines": logs(look=Look(grep="error")),
    "workloads": Shown(
        "workloads",
        {
            **SHOP,
            "now": NOW,
            "shown": [
                PodWorkload("Deployment", "shop", 2, 3, (BAD_POD, WELL_POD)),
                PodWorkload("CronJob", "shop-clean", 0, 0, (DONE_POD,)),
            ],
        },
    ),
    "pods": pods(BAD_POD, WELL_POD, DONE_POD),
    "pods of one workload": pods(WELL_POD, workload="worker", several=False),
    "no pods": pods(),
    "pod": pod(BAD_POD, lines=["Traceback", "KeyError: 'DATABASE_URL'"]),
    "pod that is well": pod(WELL_POD),
    "pod that says nothing in chats": pod(BAD_POD, quotes=False),
    "pod to be deleted": pod_delete(left=2),
    "last pod to be deleted, in production": pod_delete(left=0, shouts=True),
    "events": Shown(
        "events",
        {
            **SHOP,
            "pod": BAD_POD,
            "lines": [{"at": NOW, "reason": "BackOff", "words": "Back-off restarting failed container"}],
        },
    ),
    "no events": Shown("events", {**SHOP, "pod": WELL_POD, "lines": []}),
    "document": Shown("document", {"heading": "shop → staging v1.2"}),
    "notice": Shown(
        "notice", {"app": "shop", "version": "1.2", "lines": ["Faster checkout", "Fixed: rounding"]}
    ),
    "notice draft": Shown(
        "notice_draft",
        {
            "app": "shop",
            "version": "v1.2",
            "channels": "news",
            "author": "Dana",
            "notice": "🚀 Shop 1.2 is out",
        },
    ),
    "notice closed": Shown(
        "notice_closed",
        {
            "published": True,
            "missed": "news, partners",
            "app": "shop",
            "version": "v1.2",
            "author": "Kim",
            "at": NOW,
        },
    ),
    "notice withdrawn": Shown(
        "notice_withdrawn",
        {"app": "shop", "version": "1.2", "back_to": "1.1", "at": NOW, "notice": "🚀 Shop 1.2 is out"},
    ),
    "locked production": Shown("held", {"hold": LOCK, "is_lock": True, "now": NOW}),
    "shop locked in production, without an end": Shown(
        "held", {"hold": LOCK_OF_SHOP, "is_lock": True, "now": NOW}
    ),
    "stopped": Shown("held", {"hold": STANDSTILL, "is_lock": False, "now": NOW}),
    "lock set in production": Shown(
        "lock_set", {"lock": LOCK, "now": NOW, "running": [_row(None, "running")], "others": [LOCK_OF_SHOP]}
    ),
    "lock set in production without an end": Shown(
        "lock_set", {"lock": LOCK_OF_SHOP, "now": NOW, "running": (), "others": ()}
    ),
    "take a lock": Shown("lock_ask", {"lock": LOCK_OF_SHOP, "app": "shop", "now": NOW}),
    "take an app out of a lock": Shown("lock_ask", {"lock": LOCK, "app": "shop", "now": NOW}),
    "lock taken": Shown("lock_taken", {"lock": LOCK_OF_SHOP, "taker": "Dana", "app": "shop"}),
    "app taken out of a lock": Shown("lock_taken", {"lock": LOCK, "taker": "Dana", "app": "shop"}),
    "locks": Shown("locks", {"locks": [LOCK, LOCK_OF_SHOP], "more": 3, "standstill": STANDSTILL, "now": NOW}),
    "no locks": Shown("locks", {"locks": [], "more": 0, "standstill": None, "now": NOW}),
    "free again in production": Shown("free", {"author": DANA, "place": "shop in production"}),
    "everything stops": Shown(
        "stopped",
        {
            "by": "Kim",
            "since": NOW,
            "reason": "fire",
            "now": NOW,
            "running": [_row(None, "running")] * 10,
            "lines": ["Cancelling 2"],
        },
    ),
    "removes for good": Shown("losing", {"plan": replace(PLAN, losses=LOSSES), "losses": LOSSES, "more": 2}),
    "removes what leaves its data": Shown(
        "losing", {"plan": replace(PLAN, losses=LOSSES[1:]), "losses": LOSSES[1:], "more": 0}
    ),
    "raw": Shown("raw", {"html": "<b>done</b>"}),
}
