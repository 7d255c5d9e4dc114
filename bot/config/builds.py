"""Where and how images are built, for all apps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ByteSize, Field
from pydantic_core import PydanticCustomError

from bot.config.fields import FilePath, Seconds, Section, Text

BuilderName = Literal["auto", "buildkit", "job", "docker", "buildah", "builtin"]

_ADDRESS: Final = re.compile(r"unix:///\S+|tcp://[^\s/]+:\d{1,5}")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise PydanticCustomError("address", "should be unix:///path/of/a/socket or tcp://host:port")
    return text


Address = Annotated[Text, AfterValidator(_address)]


class Daemon(Section):
    """Something that builds for us, which may ask who we are."""

    ca_file: FilePath | None = Field(default=None, description="For TLS: the authority that vouches for it.")
    cert_file: FilePath | None = Field(default=None, description="For TLS: our own certificate.")
    key_file: FilePath | None = Field(default=None, description="For TLS: the key of our own certificate.")


class BuildkitDaemon(Daemon):
    """A BuildKit daemon that builds images; the bot's machine needs its client, buildctl."""

    address: Address = Field(
        description="Where it listens: unix:///run/buildkit/buildkitd.sock or tcp://host:1234."
    )


class DockerDaemon(Daemon):
    """A Docker daemon that builds images, by its API."""

    host: Address = Field(
        default="unix:///var/run/docker.sock",
        description="Where it listens: a socket, or tcp://host:2376 (without TLS its machine is anybody's).",
    )


class BuildJobs(Section):
    """Builds as Jobs of a cluster, which run rootless BuildKit."""

    cluster: Text = Field(description="A key of `clusters`.")
    namespace: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description="Where the Jobs run.")
    image: Text = Field(
        default="moby/buildkit:v0.31.2-rootless", description="BuildKit's rootless image, or your copy of it."
    )
    resources: Mapping[Text, Any] = Field(
        default_factory=dict, description="Of a build's container, as Kubernetes has them: requests, limits."
    )
    node_selector: Mapping[Text, str] = Field(
        default_factory=dict, description="Labels of the nodes that builds may run on."
    )


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
    buildkit: BuildkitDaemon | None = Field(default=None, description="A BuildKit daemon to build in.")
    job: BuildJobs | None = Field(default=None, description="A cluster to build in.")
    docker: DockerDaemon | None = Field(default=None, description="A Docker daemon to build in.")
