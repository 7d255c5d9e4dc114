"""How everything stands: status, pods and logs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.commands.loglines import Look
from bot.commands.pods import Pod
from bot.commands.pods import Workload as PodWorkload
from bot.commands.standing import SYMBOLS, Standing, Workload
from bot.rollout.causes import Finding
from tests.texts.shown import NOW, Shown


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
    "pay", "unreachable", words="Cluster west cannot be reached: nothing listens at 192.0.2.7:6443"
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


HOLD_LINES = ("⏸ Stopped by Kim: “the database is on fire”", "🔒 production: Kim, “database migration”")

LOOKS: dict[str, Shown] = {
    "status": status(production=[FAILED, HEALTHY, ABSENT]),
    "status of what does not answer": status(staging=[HEALTHY], production=[AWAY]),
    "status of all": status(staging=[HEALTHY], production=[FAILED, ABSENT]),
    "status of nothing": status(),
    "status of one": Shown("status_app", {"it": HEALTHY, "holds": HOLD_LINES, "now": NOW}),
    "status of a failed one": Shown("status_app", {"it": FAILED, "holds": (), "now": NOW}),
    "status of an absent one": Shown("status_app", {"it": ABSENT, "holds": (), "now": NOW}),
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
}
