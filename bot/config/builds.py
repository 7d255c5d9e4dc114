"""Where and how images are built, for all apps."""

from __future__ import annotations

from typing import Literal

from pydantic import ByteSize, Field

from bot.config.fields import Seconds, Section

BuilderName = Literal["auto", "buildah", "builtin"]


class Builds(Section):
    """What builds images, and how much of the machine it may take."""

    builder: BuilderName = Field(
        default="auto", description="auto takes the first that is there, and says which."
    )
    at_once: int = Field(
        default=2, ge=1, le=50, description="Builds that run at once; others wait in a queue."
    )
    timeout: Seconds = Field(default=1800.0, description="The longest that a build may take.")
    cache: ByteSize = Field(
        default=ByteSize(10 * 2**30),
        description="The most that layers of earlier builds may take, e.g. 10GiB.",
    )
    free: ByteSize = Field(
        default=ByteSize(2 * 2**30), description="No build begins with less free space on the disk than this."
    )
    isolation: Literal["chroot", "oci", "rootless"] = Field(
        default="chroot", description="How buildah runs instructions: oci and rootless need runc or crun."
    )
