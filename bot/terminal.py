"""`pilothouse render` and `pilothouse plan`: what the chat would show, in a terminal, for the bot's operator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from bot.access import Identity
from bot.app import Parts, opened_for_planning
from bot.config import Target
from bot.planning.errors import NothingThere, PlanRefused
from bot.planning.live import read_live, version_of
from bot.planning.plan import Plan
from bot.texts.rendering import ago

MARKS = {"change": "•", "warning": "!"}


async def render(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    app: str,
    environment: str,
    version: str,
    sets: Sequence[tuple[str, str]],
    person: str,
    out: TextIO,
) -> int:
    """Print manifests. Without `version`, of the one that runs there; `person` is a key of `people`, or ""."""
    async with opened_for_planning(paths, environ) as parts:
        target = _target(parts, app, environment)
        identity = _identity(parts, target, person)
        chosen = version or await _deployed(parts, target, identity)
        text = await parts.inspector.rendered(target, chosen, identity, sets)
        out.write(parts.current.masker.mask_text(text))
    return 0


async def plan(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    app: str,
    version: str,
    environment: str,
    person: str,
    out: TextIO,
) -> int:
    """Print a plan, made as `person`: a key of `people`, or ""."""
    async with opened_for_planning(paths, environ) as parts:
        target = _target(parts, app, environment)
        found = await parts.planner.deploy(target, version, _identity(parts, target, person))
        out.write(parts.current.masker.mask_text(_text(found)))
    return 0


def _text(found: Plan) -> str:
    now = f"now {found.now}" if found.now else "not deployed yet"
    lines = [f"Plan: {found.app} → {found.environment} {found.version}", f"{now} · chart {found.chart}", ""]
    lines += [*_before(found), ""] if found.foreign or found.unhealthy else []
    if found.unchanged:
        lines.append(f"{found.app} in {found.environment} already is {found.version} with these values")
    lines += [f"{MARKS[line.weight]} {line.text}" for line in found.lines]
    lines += [f"! {note}" for note in found.notes]
    lines += [found.way_back] if found.way_back else []
    lines += ["", found.diff] if found.diff else []
    return "\n".join([*lines, f"Plan {found.digest[:4]}", ""])


def _before(found: Plan) -> list[str]:
    """What was there before: how it stands, who made it, what of it would be lost."""
    lines = [f"! {found.unhealthy}"] if found.unhealthy else []
    if (it := found.foreign) is not None:
        lines.append(f"Revision {it.revision} was made by {it.maker}, not by Pilothouse, {ago(it.age)}")
        lines += [f"Changed since by {', '.join(it.also)}"] if it.also else []
        lines += ["! Values it would lose:", *(f"  {each}" for each in it.lost)] if it.lost else []
    return lines


def _target(parts: Parts, app: str, environment: str) -> Target:
    try:
        return parts.current.config.target(app, environment)
    except KeyError as error:
        known = ", ".join(str(target) for target in parts.current.config.targets())
        raise PlanRefused(f"There is no {app} in {environment}", advice=f"Known are: {known}") from error


def _identity(parts: Parts, target: Target, person: str) -> Identity | None:
    """Whom the person is in the cluster; nobody need be named where the bot asks it in its own name."""
    people = parts.current.config.people
    if person and person not in people:
        raise PlanRefused(
            f"There is no {person} under `people`", advice=f"Known are: {', '.join(people) or 'nobody'}"
        )
    identity = people[person].identity if person else None
    if target.environment.impersonate and identity is None:
        mapped = ", ".join(name for name, each in people.items() if each.identity is not None)
        whose = f"{person} has no `kubernetes` there" if person else "nobody was named"
        raise PlanRefused(
            f"{target.environment.name} asks the cluster in a person's name, and {whose}",
            advice=f"Name one of these with --as: {mapped}"
            if mapped
            else "Give one of `people` a `kubernetes`",
        )
    return identity


async def _deployed(parts: Parts, target: Target, identity: Identity | None) -> str:
    site = await parts.planner.site(target, identity)
    live = await read_live(parts.helm, parts.releases, site)
    found = version_of(target, live.past, live.record)
    if not found and target.app.image is not None:
        raise NothingThere(f"{target} is not deployed", advice="Name a version with --version")
    return found
