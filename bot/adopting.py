"""`pilothouse adopt`: takes over what a release was given by hand, before the first deploy would drop it.

The values go into a file for its owner alone, since there may be passwords among them, and never to the terminal.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from bot.app import opened_for_planning
from bot.config import Target
from bot.naming import identity_of, target_named
from bot.planning.adopting import Adopted, adopted, file_of, lines_for
from bot.planning.errors import NothingThere, PlanRefused
from bot.planning.hiding import held_by
from bot.planning.layers import Facts
from bot.planning.live import Live, read_live, version_of
from bot.planning.values import Image, layered


async def adopt(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    app: str,
    environment: str,
    output: Path | None,
    person: str,
    out: TextIO,
) -> int:
    """Write the file (default: in `values/` beside the last of the files) and print what to paste."""
    config_file = paths[-1].absolute()  # what stands there wins over the others
    async with opened_for_planning(paths, environ) as parts:
        config = parts.current.config
        target = target_named(config, app, environment)
        file = _inside(config_file, output or Path("values") / f"{app}-{environment}-adopted.yaml")
        site = await parts.planner.site(target, identity_of(config, target, person))
        live = await read_live(parts.releases, site)
        if live.record is None:
            raise NothingThere(f"{target} is not deployed, so there is nothing to adopt")
        ours = (await layered(target, *_deployed(target, live))).values
        held = held_by(live.objects, live.hooks)
        found = adopted(target, live.record.values, ours, parts.current.masker, held)
    if not found.keys:
        out.write(f"The configuration has all that revision {live.record.revision.number} was given\n")
        return 0
    await asyncio.to_thread(_write, file, file_of(found, target, live.record.revision.number))
    out.write(_told(found, target, live.record.revision.number, file, config_file))
    return 0


def _deployed(target: Target, live: Live) -> tuple[Image | None, Sequence[tuple[str, str]], Facts]:
    """What the configuration's values are filled in with: the version that runs, whatever the registry has."""
    version = version_of(target, live.past, live.record)
    image = Image(target.app.image, version) if target.app.image is not None else None
    return image, (), Facts(version)


def _inside(config_file: Path, output: Path) -> Path:
    """Where the file goes: the configuration takes values from its own folder alone.

    Raises: PlanRefused.
    """
    folder = config_file.parent.resolve()
    file = (config_file.parent / output.expanduser()).resolve()
    if not file.is_relative_to(folder):
        raise PlanRefused(
            "Values files have to be inside the folder of the configuration",
            where=f"{file} is not in {folder}",
            advice="Give --output a path in there",
        )
    return file


def _write(file: Path, text: str) -> None:
    """A new file that its owner alone may read.

    Raises: PlanRefused when there is one already, OSError.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise PlanRefused(
            f"{file} is there already", advice="Move it away, or name another with --output"
        ) from error
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _told(found: Adopted, target: Target, revision: int, file: Path, config_file: Path) -> str:
    """What was done and what is left to do; no value."""
    name = file.relative_to(config_file.parent.resolve()).as_posix()
    app, environment = target.app.name, target.environment.name
    lines = [f"Wrote {name}: {len(found.keys)} of the values of revision {revision}"]
    if found.secret:
        lines.append(f"{len(found.secret)} look like secrets: its first lines name them")
    if found.otherwise:
        lines.append(f"{len(found.otherwise)} stand otherwise in the configuration: what runs now wins")
    lines += [
        "Only its owner may read it (0600): if the bot runs as another user, make it that user's",
        "",
        f"Paste into {config_file.name}:",
        "",
        lines_for(target.app, environment, name, secret=bool(found.secret)),
        f"Then look: pilothouse plan {app} VERSION {environment}",
    ]
    return "\n".join(lines) + "\n"
