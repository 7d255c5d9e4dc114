"""/logs: what an app says, the newest lines in sight."""

import asyncio
from dataclasses import replace
from typing import Any

from bot.cluster.errors import ClusterRefused
from bot.commands.arguments import NO_REST, Rest
from bot.commands.ask import Ask
from bot.commands.choices import MOST, Choice, run
from bot.commands.declaring import COMMANDS, command
from bot.commands.disclosing import disclosed
from bot.commands.finding import (
    Found,
    container_of,
    ended_before,
    find_anywhere,
    find_in,
    tells_by_its_last_run,
)
from bot.commands.loglines import IN_CAPTION, IN_MESSAGE, Look, lines_of, newest, read_look
from bot.commands.pickers import place
from bot.commands.pods import release_pods
from bot.config import App, Environment
from bot.config.fields import seconds
from bot.planning.errors import NothingThere
from bot.rollout.causes import Container
from bot.telegram.messages import Document

WHOLE = 500
"""Lines of the document behind a short look."""

OTHER_CONTAINERS = 2
"""Other containers of the pod that have a button of their own; the rest are named in a command."""


@command("logs", permission="logs.view", example="/logs shop staging since=10m grep=error")
async def logs(
    ask: Ask, app: App | None = None, environment: Environment | None = None, rest: Rest = NO_REST
) -> None:
    """The newest log lines."""
    look = read_look(rest)
    if app is None and look.words:
        await _of_pod(ask, look, environment.name if environment else "")
        return
    where = await place(ask, COMMANDS["logs"], app, environment, rest)
    if where is None:
        return
    target = disclosed(ask, where.app.name, where.environment.name, "logs")
    release = await release_pods(ask.services, target, ask.who.identity)
    pod, container = find_in(release, look.words)
    await _show(ask, Found(release, pod), container, look)


async def _of_pod(ask: Ask, look: Look, environment: str) -> None:
    """A pod is named, and no app: it is looked for wherever the person may read logs."""
    found = await find_anywhere(ask, look.words[0], "logs.view", environment)
    if len(found) > 1:
        choices = [run(each.release.place, _command(each, look)) for each in found[:MOST]]
        await ask.show("said", choices, heading=f"Pod {found[0].pod.short}", lines=["Which one?"])
        return
    target = found[0].release.target
    disclosed(ask, target.app.name, target.environment.name, "logs")
    await _show(ask, found[0], look.words[1] if len(look.words) > 1 else "", look)


async def _show(ask: Ask, found: Found, wanted: str, look: Look) -> None:
    container = container_of(found.pod, wanted)
    previous = look.run == "previous" or (look.run == "" and tells_by_its_last_run(container))
    text = await _read(found, container, look, previous)
    lines = await asyncio.to_thread(lines_of, text, ask.services.masker().mask_text, look)
    values: dict[str, Any] = {
        **found.release.names,
        "pod": found.pod,
        "container": container.name,
        "alone": len(found.pod.containers) == 1,
        "previous": previous,
        "look": look,
        "searched": text.count("\n"),
        "now": ask.services.clock.now(),
    }
    shown = newest(lines, IN_MESSAGE)
    if len(shown) == len(lines) or look.is_plain:
        choices = _choices(found, container, look, previous=previous)
        await ask.show("logs", choices, lines=shown, total=len(lines), **values)
        return
    document = Document(_file_name(found, container, previous), "\n".join([*lines, ""]).encode())
    plain = Look(words=(found.pod.name, container.name), run=look.run)
    choices = [
        run("Newest lines", _command(found, plain), fresh=True),
        run(
            "Pods",
            f"/pods {found.release.target.app.name} {found.release.target.environment.name}",
            fresh=True,
        ),
    ]
    ending = newest(lines, IN_CAPTION)
    await ask.show("logs", choices, document=document, lines=ending, total=len(lines), **values)


async def _read(found: Found, container: Container, look: Look, previous: bool) -> str:
    """The container's lines; where the run before is not kept any more and nobody asked for it, those of this one.

    Raises: NothingThere in the cluster's words.
    """
    since = int(seconds(look.since)) if look.since else None
    try:
        return await found.release.cluster.logs(
            found.release.site.namespace,
            found.pod.name,
            container.name,
            previous=previous,
            tail=look.read,
            since=since,
        )
    except ClusterRefused as error:
        if previous and not look.run:
            return await _read(found, container, replace(look, run="current"), previous=False)
        words = f"Pod {found.pod.short} has no {'earlier ' if previous else ''}log to read"
        raise NothingThere(words, advice=error.words) from error


def _choices(found: Found, container: Container, look: Look, *, previous: bool) -> list[Choice]:
    """The same again, the other run, more lines, and the other containers and pods."""
    target, containers = found.release.target, found.pod.containers

    def offer(label: str, wanted: Look, pod: str = found.pod.name, name: str = container.name) -> Choice:
        named = replace(wanted, words=(pod, name) if name else (pod,))
        return run(label, named.command(target.app.name, target.environment.name))

    choices = [offer("Refresh", look)]
    if previous:
        choices.append(offer("This run", replace(look, run="current")))
    elif ended_before(container):
        choices.append(offer("Previous logs", replace(look, run="previous")))
    if look.is_plain:
        choices.append(offer(f"Last {WHOLE}", replace(look, tail=WHOLE)))
    others = [each for each in containers if each.name != container.name]
    choices += [offer(each.name, replace(look, run=""), name=each.name) for each in others[:OTHER_CONTAINERS]]
    pods = [each for each in found.release.pods if each.name != found.pod.name]
    room = MOST - len(choices) - 1
    choices += [offer(f"Pod {each.short}", replace(look, run=""), each.name, "") for each in pods[:room]]
    choices.append(run("Pods", f"/pods {target.app.name} {target.environment.name}"))
    return choices


def _command(found: Found, look: Look) -> str:
    target = found.release.target
    return look.command(target.app.name, target.environment.name)


def _file_name(found: Found, container: Container, previous: bool) -> str:
    """What is in the document: `shop-staging-x2k4p-shop-previous.log`."""
    target = found.release.target
    parts = [target.app.name, target.environment.name, found.pod.short, container.name]
    return "-".join([*parts, "previous"] if previous else parts) + ".log"
