"""Messages that show an operation, from its start to its end, and what rings for it."""

from datetime import timedelta
from typing import Any

from bot.commands.live import _Shown
from bot.operations.operation import Outcome
from bot.operations.view import Hold, StepLine, TroubleLine, View, WorkloadLine
from tests.texts.shown import NOW, Shown


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

RUNNING = operation(
    "running", steps=STEPS, workloads=WORKLOADS, troubles=TROUBLES, note="The cluster is slow"
)


OPERATIONS: dict[str, Shown] = {
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
}
