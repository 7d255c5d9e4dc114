"""[Delete pod] on a pod's screen: its workload makes a new one in its place. Asks first, and is audited."""

from datetime import timedelta

from bot.cluster import Ref
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import button
from bot.commands.finding import missing
from bot.commands.holding import holds_now, show_hold
from bot.commands.pods import Pod, ReleasePods, release_pods
from bot.planning.errors import PlanRefused

EXPIRY = timedelta(minutes=5)
"""How long the question may be answered: what is true of a pod is not true for long."""


@button("pod.delete.ask", permission="pods.restart")
async def ask_first(ask: Ask, app: str, environment: str, pod: str) -> None:
    """Say what happens, and offer it."""
    release, found = await _found(ask, app, environment, pod)
    fields = {"app": app, "environment": environment, "pod": pod, "uid": found.raw["metadata"]["uid"]}
    choices = [
        Choice(
            f"Delete pod {found.short}", "pod.delete", fields, "danger", app, environment, lifetime=EXPIRY
        ),
        run("‹ Pod", f"/pods {app} {environment} {found.name}"),
    ]
    others = [each for each in release.pods if each.workload == found.workload and each.state == "ready"]
    await ask.show(
        "pod_delete",
        choices,
        app=app,
        environment=environment,
        shouts=ask.services.planner.shouts(release.target),
        pod=found,
        left=sum(each.name != found.name for each in others),
    )


@button("pod.delete", permission="pods.restart")
async def delete(ask: Ask, app: str, environment: str, pod: str, uid: str) -> None:
    """Delete that very pod; one that is gone already is what was asked for."""
    hold = (await holds_now(ask.services)).against(ask.who.id, app, environment)
    if hold is not None:
        await show_hold(ask, hold, app, environment)
        return
    release, found = await _found(ask, app, environment, pod)
    await release.cluster.delete(Ref("v1", "Pod", pod, release.site.namespace), uid=uid)
    await ask.record("pod.delete", "done", app=app, environment=environment, detail=pod)
    choices = [run("Pods", f"/pods {app} {environment}"), run(f"‹ {app}", f"/status {app} {environment}")]
    heading = f"⏹ Pod {found.short} is deleted"
    await ask.show(
        "said", choices, heading=heading, lines=[f"By {ask.who.name}", f"{found.workload} makes a new one"]
    )


async def _found(ask: Ask, app: str, environment: str, pod: str) -> tuple[ReleasePods, Pod]:
    """The pod, where its deletion makes room for a new one.

    Raises: PlanRefused.
    """
    release = await release_pods(ask.services, ask.config.target(app, environment), ask.who.identity)
    found = release.named(pod)
    if found is None:
        raise missing(release, pod)
    if not found.is_replaced:
        raise PlanRefused(
            f"Nothing makes a new pod in the place of {found.short}", advice="It stays as it is"
        )
    return release, found
