"""`pilothouse render` and `pilothouse plan`: what the chat would show, in a terminal, for the bot's operator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from bot.access import Identity
from bot.app import Parts, opened_for_planning
from bot.config import Target
from bot.naming import identity_of, target_named
from bot.planning.errors import NothingThere
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
        target = target_named(parts.current.config, app, environment)
        identity = identity_of(parts.current.config, target, person)
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
        target = target_named(parts.current.config, app, environment)
        found = await parts.planner.deploy(target, version, identity_of(parts.current.config, target, person))
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
    lines += _tried(found)
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


def _tried(found: Plan) -> list[str]:
    """What the API server says of it."""
    lines = []
    for each in found.trial.refusals:
        lines.append(f"! {each.sentence}")
        lines += [f"  {text}" for text in (each.quote, each.advice) if text]
    lines += [f"! {each.sentence(found.kind)}" for each in found.trial.contests]
    return lines + [f"! {line}" for line in found.trial.remarks]


async def _deployed(parts: Parts, target: Target, identity: Identity | None) -> str:
    site = await parts.planner.site(target, identity)
    live = await read_live(parts.releases, site)
    found = version_of(target, live.past, live.record)
    if not found and target.app.image is not None:
        raise NothingThere(f"{target} is not deployed", advice="Name a version with --version")
    return found
