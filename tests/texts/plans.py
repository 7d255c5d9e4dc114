"""Plans, and what was changed by hand since a deploy."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.access import ClusterAccess
from bot.commands.drifting import Drifting
from bot.commands.requests import TITLES
from bot.planning.drift import Drift
from bot.planning.foreign import Foreign, LostValue
from bot.planning.inspecting import Strayed
from bot.planning.losing import Loss
from bot.planning.plan import Frozen, Plan
from bot.planning.proving import Proven
from bot.planning.site import Site
from bot.planning.summary import Line
from bot.planning.trial import Autoscaled, Contest, Refusal, Trial
from tests.texts.operations import LASTING
from tests.texts.shown import DIGEST, NOW, Shown

PROVEN = Proven("staging", "v1.2", NOW - timedelta(hours=2))
LOSSES = (
    Loss("PersistentVolumeClaim", "shop-data", "PersistentVolumeClaim shop-data and its data go away", True),
    Loss("StatefulSet", "db", "StatefulSet db and its pods go away; its disks stay", False),
)

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
    Drifting("pay", "production", words="The cluster did not answer within 20 s"),
    Drifting("blog", "staging", Strayed("v0.9", 2, DRIFT[-1:])),
    Drifting("docs", "staging", Strayed("", 0)),
]


def drift_of(found: Strayed, **changes: Any) -> Shown:
    """What was changed of one release."""
    usual = {"app": "shop", "environment": "staging", "it": found, "lines": found.drift, "more": 0}
    return Shown("drift_app", {**usual, "values": True, "now": NOW, **changes})


PLANS: dict[str, Shown] = {
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
    "removes for good": Shown("losing", {"plan": replace(PLAN, losses=LOSSES), "losses": LOSSES, "more": 2}),
    "removes what leaves its data": Shown(
        "losing", {"plan": replace(PLAN, losses=LOSSES[1:]), "losses": LOSSES[1:], "more": 0}
    ),
}
