"""The buttons of a result: the logs of the pod that matters, and what the revision changed."""

from typing import Any

from bot.cluster.errors import ClusterRefused
from bot.commands.ask import Ask
from bot.commands.declaring import button
from bot.config import Target
from bot.planning.errors import NothingThere, PlanRefused

LINES = 60
SHOWN = 3000
"""Characters of a log in a message; a longer one is a document."""


@button("result.logs", permission="logs.view")
async def logs(ask: Ask, app: str, environment: str) -> None:
    """The last lines of the failing or newest pod; of a crashing container, those of its run before."""
    target = _disclosing(ask, app, environment, {"logs"})
    site = await ask.services.planner.site(target, ask.who.identity)
    cluster = (await ask.services.clusters.at(site.access)).as_(site.identity)
    labels = f"app.kubernetes.io/instance={site.release}"
    pods = await cluster.list("v1", "Pod", site.namespace, labels=labels)
    if not pods:
        raise NothingThere(f"{app} has no pods in {environment}")
    pod = max(pods, key=_matters)
    container, previous, why = _container(pod)
    name = pod["metadata"]["name"]
    try:
        text = await cluster.logs(site.namespace, name, container, previous=previous, tail=LINES)
    except ClusterRefused as error:
        raise NothingThere(f"Pod {name} has no logs to read", advice=error.words) from error
    ask.fresh = True
    masked = ask.services.masker().mask_text(text)
    if len(masked) > SHOWN:
        await ask.document(f"{name}.log", masked, "document", {"heading": f"{app} in {environment}: {name}"})
        return
    await ask.show("logs", app=app, environment=environment, pod=name, why=why, text=masked)


@button("result.diff", permission="diff.view")
async def diff(ask: Ask, app: str, environment: str, revision: int) -> None:
    """What a revision changed, as a document."""
    target = _disclosing(ask, app, environment, {"diff", "logs"})
    text = await ask.services.inspector.changed_by(target, revision, ask.who.identity)
    heading = f"{app} in {environment}: what revision {revision} changed"
    await ask.document(
        f"{app}-{environment}-{revision}.diff", text or "Nothing\n", "document", {"heading": heading}
    )


def _disclosing(ask: Ask, app: str, environment: str, wanted: set[str]) -> Target:
    target = ask.config.target(app, environment)
    if target.environment.disclose not in wanted:
        raise PlanRefused(
            f"{environment} does not show this in chats",
            advice=f"Its `disclose` is `{target.environment.disclose}`",
        )
    return target


def _matters(pod: dict[str, Any]) -> tuple[bool, bool, str]:
    """Pods in trouble before well ones, those that stay before those of Jobs, newer before older."""
    metadata = pod["metadata"]
    is_over = (pod.get("status") or {}).get("phase") == "Succeeded"
    of_job = any(owner.get("kind") == "Job" for owner in metadata.get("ownerReferences") or ())
    return not _is_ready(pod) and not is_over, not of_job, str(metadata.get("creationTimestamp", ""))


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _container(pod: dict[str, Any]) -> tuple[str | None, bool, str]:
    """The container whose log says most: one that died before, else the first."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    for each in statuses:
        if (each.get("lastState") or {}).get("terminated"):
            return (
                each["name"],
                True,
                f"{each['name']}: the run before, restarted {each['restartCount']} times",
            )
    return (
        (statuses[0]["name"], False, f"{statuses[0]['name']}: the last lines")
        if statuses
        else (None, False, "")
    )
