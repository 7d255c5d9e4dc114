"""[Delete pod] on a pod's screen: its workload makes a new one in its place. Asks first, and is audited."""

from datetime import timedelta

from bot.cluster import Ref
from bot.cluster.errors import ClusterError, ClusterUnreachable, OutcomeUnknown
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import button
from bot.commands.finding import missing
from bot.commands.holding import holds_now, show_hold
from bot.commands.pods import Pod, ReleasePods, release_pods, short_name
from bot.planning.errors import PlanRefused

EXPIRY = timedelta(minutes=5)
"""How long the question may be answered: what is true of a pod is not true for long."""


@button("pod.delete.ask", permission="pods.restart")
async def ask_first(ask: Ask, app: str, environment: str, pod: str) -> None:
    """Say what happens, and offer it."""
    release = await _release(ask, app, environment)
    found = release.named(pod)
    if found is None:
        raise missing(release, pod)
    _need_replaced(found)
    choices = [
        Choice(
            f"Delete pod {found.short}",
            "pod.delete",
            {"app": app, "environment": environment, "pod": pod, "uid": _uid(found)},
            "danger",
            app,
            environment,
            lifetime=EXPIRY,
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
    """Delete that very pod; one that is gone already, as after a death of the bot, is what was asked for."""
    hold = (await holds_now(ask.services)).against(ask.who.id, app, environment)
    if hold is not None:
        await show_hold(ask, hold, app, environment)
        return
    release = await _release(ask, app, environment)
    found = release.named(pod)
    if found is not None and _uid(found) == uid:
        _need_replaced(found)
        # First, so that nothing is done without its record.
        await ask.record("pod.delete", "started", app=app, environment=environment, detail=pod)
        try:
            await _delete(release, pod, uid)
        except ClusterError as error:
            outcome = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
            detail = f"{pod}: {error.words}"
            await ask.record("pod.delete", outcome, app=app, environment=environment, detail=detail)
            raise
    await ask.record("pod.delete", "done", app=app, environment=environment, detail=pod)
    choices = [run("Pods", f"/pods {app} {environment}"), run(f"‹ {app}", f"/status {app} {environment}")]
    heading = f"⏹ Pod {short_name(pod)} is deleted"
    lines = [f"By {ask.who.name}", "Its workload makes a new one"]
    await ask.show("said", choices, heading=heading, lines=lines)


async def _delete(release: ReleasePods, name: str, uid: str) -> None:
    """Delete it; where no answer came, what is there says whether it was done.

    Raises: ClusterError where it was not; OutcomeUnknown where that can't be seen either.
    """
    ref = Ref("v1", "Pod", name, release.site.namespace)
    try:
        await release.cluster.delete(ref, uid=uid)
    except ClusterUnreachable as error:
        try:
            metadata = (await release.cluster.get(ref) or {}).get("metadata", {})
        except ClusterError:
            words = f"It is not known whether pod {short_name(name)} is deleted: {error.words}"
            raise OutcomeUnknown(words) from error
        if metadata.get("uid") == uid and "deletionTimestamp" not in metadata:
            raise


async def _release(ask: Ask, app: str, environment: str) -> ReleasePods:
    return await release_pods(ask.services, ask.config.target(app, environment), ask.who.identity)


def _uid(pod: Pod) -> str:
    return str(pod.raw["metadata"]["uid"])


def _need_replaced(pod: Pod) -> None:
    """Raises: PlanRefused where its deletion makes no room for a new one."""
    if not pod.is_replaced:
        raise PlanRefused(f"Nothing makes a new pod in the place of {pod.short}", advice="It stays as it is")
