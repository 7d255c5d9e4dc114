"""What the bot connects to: Telegram, clusters, registries."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.access import ClusterAccess
from bot.config.fields import FilePath, HttpUrl, Named, ProxyUrl, Section, Text
from bot.config.secrets import Secret


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

    @model_validator(mode="after")
    def _whole_credentials(self) -> Registry:
        if (self.username is None) != (self.password is None):
            raise PydanticCustomError("credentials", "should have username and password together, or neither")
        return self
