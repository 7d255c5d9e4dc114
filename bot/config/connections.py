"""What the bot connects to: Telegram, clusters, registries, and the program that opens encrypted values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from bot.access import ClusterAccess
from bot.config.fields import FilePath, HttpUrl, Named, ProxyUrl, Seconds, Section, Text
from bot.config.secrets import Secret, environ_of


class Webhook(Section):
    """Updates are pushed by Telegram to this URL instead of being polled for."""

    secret_keys: ClassVar = ("secret",)

    url: HttpUrl = Field(description="The public URL that Telegram calls; its path is served at `listen`.")
    secret: Secret = Field(description="What Telegram sends along, so that nobody else can post updates.")


class Telegram(Section):
    """The bot's account and how Telegram is reached."""

    secret_keys: ClassVar = ("token",)

    token: Secret = Field(description="The bot's token, from @BotFather.")
    api_url: HttpUrl = Field(
        default="https://api.telegram.org",
        description="The Bot API: Telegram's, a self-hosted server or the sandbox.",
    )
    webhook: Webhook | None = Field(default=None, description="Absent: long polling.")
    proxy: ProxyUrl | None = Field(default=None, description="An HTTP or SOCKS proxy on the way to Telegram.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates (PEM) to trust instead of the system's."
    )


class Cluster(Named):
    """One Kubernetes cluster: a kubeconfig with a context, or the one that the bot runs in."""

    kubeconfig: FilePath | None = Field(default=None, description="The kubeconfig's path.")
    context: Text | None = Field(
        default=None, description="A context of the kubeconfig; default: its current one."
    )
    in_cluster: bool = Field(default=False, description="Use the service account of the bot's own pod.")
    allow_exec: bool = Field(
        default=False,
        description="Allow the kubeconfig to run credential plugins (programs) on the bot's machine.",
    )
    proxy: ProxyUrl | None = Field(default=None, description="A proxy on the way to the cluster's API.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates (PEM) to trust for the cluster's API."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Cluster:
        if self.in_cluster == (self.kubeconfig is not None):
            raise PydanticCustomError("one_way", "should have a kubeconfig or in_cluster: true, one of them")
        return self

    @property
    def access(self) -> ClusterAccess:
        """The same, as `bot.helm` and `bot.cluster` take it."""
        return ClusterAccess(
            kubeconfig=self.kubeconfig,
            context=self.context,
            in_cluster=self.in_cluster,
            proxy=self.proxy,
            ca_file=self.ca_file,
            allow_exec=self.allow_exec,
        )


def _named_variables(value: Any, info: ValidationInfo) -> Any:
    """A list of the environment's variables, as secrets by their names."""
    if not isinstance(value, (list, tuple)):
        raise PydanticCustomError("list", "should be a list")
    for name in value:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII):
            raise PydanticCustomError(
                "variable", "{name} is no name of an environment variable", {"name": str(name)}
            )
    return {str(name): Secret(f"${{{name}}}", environ=environ_of(info)) for name in value}


Variables = Annotated[
    Mapping[str, Secret], BeforeValidator(_named_variables, json_schema_input_type=list[str])
]
"""Variables of the bot's environment that a program of another's is given besides PATH and HOME, by name."""


class Registry(Named):
    """How an image or chart registry is reached; its key is the host, with the port where there is one."""

    secret_keys: ClassVar = ("password",)

    username: Text | None = Field(default=None, description="Absent: anonymous.")
    password: Secret | None = Field(default=None, description="The password or access token of `username`.")
    plain_http: bool = Field(
        default=False, description="Speak HTTP without TLS, e.g. to a registry on this machine."
    )
    proxy: ProxyUrl | None = Field(default=None, description="A proxy on the way to the registry.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates (PEM) to trust instead of the system's."
    )

    docker_config: FilePath | None = Field(
        default=None,
        description="A config.json as `docker login` writes it, whose login for this host is used; read at each use.",
    )
    allow_exec: bool = Field(
        default=False,
        description="Allow `docker_config` to run credential helpers (docker-credential-…) on the bot's machine.",
    )
    variables: Variables = Field(
        default_factory=dict,
        description="Variables of the bot's environment that credential helpers get besides PATH and HOME.",
    )

    @model_validator(mode="after")
    def _whole_credentials(self) -> Registry:
        if (self.username is None) != (self.password is None):
            raise PydanticCustomError("credentials", "should have username and password together, or neither")
        if self.username is not None and self.docker_config is not None:
            raise PydanticCustomError("credentials", "should have a username or docker_config, not both")
        if self.docker_config is None and (self.allow_exec or self.variables):
            raise PydanticCustomError("helpers", "has no docker_config whose helpers could run")
        return self


class Sops(Section):
    """The program that decrypts values files which SOPS encrypted."""

    secret_keys: ClassVar = ("age_key",)

    program: Text = Field(default="sops", description="Its name in PATH, or an absolute path.")
    age_key: Secret | None = Field(
        default=None, description="An age identity (AGE-SECRET-KEY-…), or several, one a line."
    )
    variables: Variables = Field(
        default_factory=dict,
        description="Variables of the bot's environment that the program gets besides PATH and HOME: those of a "
        "cloud's key service, of Vault, of GnuPG.",
    )
    timeout: Seconds = Field(default=30.0, gt=0, description="How long it may take for one file.")
