"""/pods: the workloads of an app, their pods, and one pod with its cause."""

import asyncio

from bot.cluster.errors import ClusterError
from bot.commands.arguments import NO_REST, Rest
from bot.commands.ask import Ask
from bot.commands.choices import MOST, Choice, run
from bot.commands.declaring import COMMANDS, button, command
from bot.commands.disclosing import disclosed, shows
from bot.commands.finding import Found, container_of, ended_before, find_anywhere, missing
from bot.commands.loglines import Look, lines_of, newest
from bot.commands.pickers import place
from bot.commands.pods import Pod, ReleasePods, Workload, release_pods, told
from bot.config import App, Environment
from bot.planning.errors import PlanRefused
from bot.rollout.causes import short_image
from bot.rollout.last_words import fetch_last_words
from bot.rollout.picture import Raw, event_time

PAGE = 5
"""Pods or workloads on one screen, each with its button, beside the ways back and on."""

LAST_LINES = 10
"""Lines of a pod in trouble that its screen quotes."""

QUOTED = 1500
"""Characters of them at most."""

EVENTS = 10
"""Events on a screen."""


@command("pods", permission="pods.view", example="/pods shop staging")
async def pods(
    ask: Ask, app: App | None = None, environment: Environment | None = None, rest: Rest = NO_REST
) -> None:
    """Pods and what they suffer from."""
    if len(rest) > 1:
        raise PlanRefused("/pods takes one pod or workload", advice="Example: /pods shop staging x2k4p")
    if app is None and rest:
        await _anywhere(ask, rest[0], environment.name if environment else "")
        return
    where = await place(ask, COMMANDS["pods"], app, environment, rest)
    if where is None:
        return
    release = await release_pods(ask.services, where, ask.who.identity)
    if not rest:
        await _show_all(ask, release)
        return
    pod, workload = release.named(rest[0]), release.workload(rest[0])
    if pod is not None:
        await _show_one(ask, Found(release, pod))
    elif workload is not None:
        await _show_pods(ask, release, workload)
    else:
        raise missing(release, rest[0])


async def _anywhere(ask: Ask, word: str, environment: str) -> None:
    found = await find_anywhere(ask, word, "pods.view", environment)
    if len(found) == 1:
        await _show_one(ask, found[0])
        return
    choices = [run(each.release.place, _command(each.release, each.pod.name)) for each in found[:MOST]]
    await ask.show("said", choices, heading=f"Pod {found[0].pod.short}", lines=["Which one?"])


async def _show_all(ask: Ask, release: ReleasePods) -> None:
    """The pods where they fit a screen, else the workloads, each with its own."""
    if len(release.pods) <= PAGE or len(release.workloads) == 1:
        await _show_pods(ask, release, None)
        return
    found = release.workloads
    shown = found[ask.skip : ask.skip + PAGE]
    choices = [run(each.name, _command(release, each.name)) for each in shown]
    choices += _around(ask, release, _command(release), len(found))
    await ask.show(
        "workloads", choices, **release.names, shown=shown, total=len(found), now=ask.services.clock.now()
    )


async def _show_pods(ask: Ask, release: ReleasePods, workload: Workload | None) -> None:
    found = release.pods if workload is None else workload.pods
    shown = found[ask.skip : ask.skip + PAGE]
    choices = [run(each.short, _command(release, each.name)) for each in shown]
    again = _command(release, workload.name if workload is not None else "")
    choices += _around(ask, release, again, len(found))
    await ask.show(
        "pods",
        choices,
        **release.names,
        workload=workload.name if workload is not None else "",
        several=workload is None and len(release.workloads) > 1,
        shown=shown,
        total=len(found),
        trouble=sum(each.state == "trouble" for each in found),
        now=ask.services.clock.now(),
    )


async def _show_one(ask: Ask, found: Found) -> None:
    """One pod: its cause, where it is, and what it said last."""
    release, target = found.release, found.release.target
    pod = told(found.pod.raw, found.pod.workload, events=await _events(release, found.pod))
    lines: list[str] = []
    container = container_of(pod, "")
    if pod.state == "trouble" and shows(target, "logs"):
        text = await fetch_last_words(release.cluster, release.site.namespace, pod.raw, container.name)
        mask = ask.services.masker().mask_text
        lines = newest(await asyncio.to_thread(lines_of, text, mask, Look(tail=LAST_LINES)), QUOTED)
    here = target.app.name, target.environment.name
    choices = []
    if shows(target, "logs") and ask.may("logs.view", *here).allowed:
        choices.append(run("Logs", Look(words=(pod.name,), run="current").command(*here)))
        if any(ended_before(each) for each in pod.containers):
            previous = Look(words=(pod.name, container.name), run="previous")
            choices.append(run("Previous logs", previous.command(*here)))
        arguments = {"app": here[0], "environment": here[1], "pod": pod.name}
        choices.append(Choice("Events", "pod.events", arguments, None, *here, anyone=True))
    if pod.is_replaced and ask.may("pods.restart", *here).allowed:
        arguments = {"app": here[0], "environment": here[1], "pod": pod.name}
        choices.append(Choice("Delete pod", "pod.delete.ask", arguments, "danger", *here))
    choices.append(run("Refresh", _command(release, pod.name)))
    choices.append(run("‹ Pods", _command(release, pod.workload)))
    choices.append(run(f"‹ {here[0]}", f"/status {here[0]} {here[1]}"))
    await ask.show(
        "pod",
        choices,
        pod=pod,
        **release.names,
        images=list(dict.fromkeys(short_image(each.image) for each in pod.containers)),
        lines=lines,
        quotes=shows(target, "logs"),
        now=ask.services.clock.now(),
    )


async def _events(release: ReleasePods, pod: Pod) -> list[Raw]:
    """What happened to a pod, oldest first; none where they may not be read."""
    fields = f"involvedObject.kind=Pod,involvedObject.name={pod.name}"
    try:
        found = await release.cluster.list("v1", "Event", release.site.namespace, fields=fields, most=250)
    except ClusterError:
        return []
    uid = pod.raw["metadata"].get("uid")
    return sorted(
        (each for each in found if (each.get("involvedObject") or {}).get("uid") in (None, "", uid)),
        key=event_time,
    )


@button("pod.events", permission="logs.view")
async def events(ask: Ask, app: str, environment: str, pod: str) -> None:
    """What the cluster says of a pod, the newest first."""
    target = disclosed(ask, app, environment, "logs")
    release = await release_pods(ask.services, target, ask.who.identity)
    found = release.named(pod)
    if found is None:
        raise missing(release, pod)
    shown = (await _events(release, found))[-EVENTS:][::-1]
    lines = [
        {"at": event_time(each), "reason": each.get("reason", ""), "words": each.get("message", "")}
        for each in shown
    ]
    choices = [run(f"‹ Pod {found.short}", _command(release, found.name))]
    await ask.show("events", choices, pod=found, **release.names, lines=lines)


def _around(ask: Ask, release: ReleasePods, again: str, entries: int) -> list[Choice]:
    """The ways on, back, and to the same screen of now."""
    target = release.target
    more = [run("More", again, skip=ask.skip + PAGE)] if entries > ask.skip + PAGE else []
    up = again != _command(release)
    back = run("‹ Pods", _command(release)) if up else None
    status = run(f"‹ {target.app.name}", f"/status {target.app.name} {target.environment.name}")
    return [*more, run("Refresh", again), back or status]


def _command(release: ReleasePods, word: str = "") -> str:
    return f"/pods {release.target.app.name} {release.target.environment.name} {word}".rstrip()
