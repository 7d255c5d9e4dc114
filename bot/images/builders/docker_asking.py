"""What is asked of Docker's classic builder for one image, and what can't be asked of it. Pure.

The engine's other builder, BuildKit, would need a session for secrets and logins, which no client in Python speaks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from bot.images.builders.building import BuildRequest
from bot.images.builders.builtin.parsing import Elsewhere, Instruction, parse
from bot.images.builders.builtin.stage import of_platform
from bot.images.errors import BuildFailed
from bot.images.wording import one_line

_ONLY_BUILDKIT = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("link", "chmod", "parents", "exclude"),
    "ADD": ("link", "chmod", "checksum", "exclude", "unpack"),
}
"""Flags of instructions that BuildKit alone knows (Dockerfile reference)."""
_HERE_DOCUMENT = re.compile(r"""\d*<<-?["']?[A-Za-z_]\w*["']?""")
_ADVICE = "Set builds.builder to buildkit, job or buildah"


def instructions_of(dockerfile: str) -> list[Instruction]:
    """The instructions; none where the text is of a kind that we can't read and Docker perhaps can."""
    try:
        return parse(dockerfile)
    except Elsewhere:
        return []


def check(instructions: Iterable[Instruction], platforms: Sequence[str]) -> None:
    """Go on only with what the classic builder can do, as far as that can be known before. Raises: BuildFailed."""
    if len(platforms) > 1:
        raise BuildFailed("Docker builds an image for one platform at a time", advice=_ADVICE)
    for each in instructions:
        for flag, value in each.flags:
            if flag in _ONLY_BUILDKIT.get(each.name, ()):
                kind = f"={one_line(value.partition(',')[0], longest=40)}" if flag == "mount" else ""
                raise BuildFailed(
                    f"Docker's own builder knows no {each.name} --{flag}{kind}",
                    instruction=each.text,
                    advice=_ADVICE,
                )
        if each.name in _ONLY_BUILDKIT and any(map(_HERE_DOCUMENT.fullmatch, each.rest.split())):
            raise BuildFailed(
                f"Docker's own builder knows no text for {each.name} that stands in the Dockerfile",
                instruction=each.text,
                advice=_ADVICE,
            )


def parameters(request: BuildRequest, instructions: Iterable[Instruction], platform: str) -> dict[str, str]:
    """Those of `POST /build`; `platform` is the daemon's own."""
    wanted = next(iter(request.platforms), "")
    automatic = {**of_platform(platform, "BUILD"), **of_platform(wanted or platform, "TARGET")}
    declared = {
        word.partition("=")[0] for each in instructions if each.name == "ARG" for word in each.rest.split()
    }
    args = {**{name: value for name, value in automatic.items() if name in declared}, **request.args}
    return {
        "version": "1",
        "dockerfile": request.dockerfile.relative_to(request.context).as_posix(),
        "buildargs": json.dumps(args),
        "labels": json.dumps(dict(request.labels)),
        "target": request.target or "",
        "platform": wanted,
        "nocache": "1" if request.again else "0",
        "pull": "1" if request.again else "0",
        "forcerm": "1",  # what instructions ran in goes whatever comes of them
    }
