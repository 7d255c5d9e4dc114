"""The configuration as a whole, and what an app means in one environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from bot.access import ClusterAccess
from bot.config.apps import App
from bot.config.builds import Builds
from bot.config.connections import Cluster, Registry, Sops, Telegram
from bot.config.environments import Environment
from bot.config.fields import ByName, FilePath, Key, Section, Text
from bot.config.people import Binding, Chat, PersonConfig, Role
from bot.config.secrets import Secret, SecretUrl
from bot.config.webhooks import GitWebhook


@dataclass(frozen=True, slots=True)
class ValuesLayer:
    """One file of values of a target."""

    path: Path
    template: bool
    """Whether Jinja2 renders it first, with app, environment, version, digest and commit."""
    secret: bool
    """Whether everything in it is a secret."""
    within: Path
    """The folder that it has to be in each time it is read: what is there may change (security.md, row 20)."""


@dataclass(frozen=True)
class Target:
    """An app in an environment, everything resolved: what a deploy is about."""

    app: App
    environment: Environment
    """With the app's overrides applied."""
    namespace: str
    release: str
    cluster_name: str
    cluster: Cluster
    values: tuple[ValuesLayer, ...]
    """The app's layers, then the environment's, then the app's own for this environment; a later one wins."""
    secrets: Mapping[str, Secret]
    """Dotted keys to secrets; the environment's win over the app's."""
    sops: Sops | None = None
    """What decrypts the files that SOPS encrypted; None: they are refused."""

    @property
    def access(self) -> ClusterAccess:
        """How the cluster is reached."""
        return replace(self.cluster.access, name=self.cluster_name)

    @property
    def subject(self) -> str:
        """`cluster/namespace/release`: what at most one operation at a time writes to."""
        return f"{self.cluster_name}/{self.namespace}/{self.release}"

    def __str__(self) -> str:
        return f"{self.app.name} in {self.environment.name}"


class Sandbox(Section):
    """Facts that only the sandbox needs."""

    members: Mapping[Text, tuple[Text, ...]] = Field(
        default_factory=dict, description="Who is in which group: keys of `chats` to keys of `people`."
    )


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("timezone", "is no time zone; use a name such as Europe/Dublin or UTC")
    return name


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise PydanticCustomError("listen", "should be host:port, e.g. 127.0.0.1:8081")
    return value


def _people(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: {**entry, "key": key} if isinstance(entry, dict) else entry for key, entry in value.items()}


class Config(Section):
    """Everything that the files say. Immutable: a reload makes a new one."""

    telegram: Telegram = Field(description="The bot's account and how Telegram is reached.")
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        default="127.0.0.1:8081", description="host:port of the web server: health, webhooks, pages."
    )
    templates: FilePath | None = Field(
        default=None, description="A folder whose files replace the chat's texts, file by file."
    )
    store: SecretUrl = Field(
        default=Secret("sqlite:///state/pilothouse.db"),
        description="The database: sqlite:///path or postgresql://…",
    )
    store_key_file: FilePath | None = Field(
        default=None,
        description="The key that stored secrets are encrypted with; default: beside the database.",
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="UTC", description="The zone of the times in messages, e.g. Europe/Dublin."
    )
    chats: Annotated[Mapping[Key, Chat], ByName] = Field(
        default_factory=dict, description="The chats, by name."
    )
    people: Annotated[Mapping[Key, PersonConfig], BeforeValidator(_people)] = Field(
        default_factory=dict, description="The people, by key."
    )
    roles: Annotated[Mapping[Key, Role], ByName] = Field(
        default_factory=dict, description="Roles beside viewer, developer, deployer and admin."
    )
    bindings: tuple[Binding, ...] = Field(
        default=(), description="Who may do what, where. What is not given is denied."
    )
    clusters: Annotated[Mapping[Key, Cluster], ByName] = Field(
        default_factory=dict, description="The clusters, by name."
    )
    registries: Annotated[Mapping[Text, Registry], ByName] = Field(
        default_factory=dict,
        description="Access to registries, by host (with port); others are asked anonymously.",
    )
    builds: Builds = Field(default=Builds(), description="What builds images, and how much it may take.")
    webhooks: Annotated[Mapping[Key, GitWebhook], ByName] = Field(
        default_factory=dict, description="Webhooks of git hosts whose pushes build images, by name."
    )
    sops: Sops | None = Field(
        default=None, description="What decrypts values files; absent: encrypted ones are refused by name."
    )
    environments: Annotated[Mapping[Key, Environment], ByName] = Field(
        default_factory=dict, description="The environments, by name."
    )
    apps: Annotated[Mapping[Key, App], ByName] = Field(default_factory=dict, description="The apps, by name.")
    sandbox: Sandbox | None = Field(default=None, description="Only for `pilothouse sandbox`.")
    _targets: dict[tuple[str, str], Target] = PrivateAttr(default_factory=dict)
    """Those resolved so far: rights are asked for all of them at each command, and templates are slow to compile."""

    @property
    def zone(self) -> ZoneInfo:
        """`timezone`, as the standard library takes it."""
        return ZoneInfo(self.timezone)

    @property
    def address(self) -> tuple[str, int]:
        """`listen` as host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    def target(self, app: str, environment: str) -> Target:
        """What `app` is in `environment`.

        Raises: KeyError when there is no such app, or it does not run there.
        """
        from bot.config.targets import resolve

        place = (app, environment)
        if place not in self._targets:
            self._targets[place] = resolve(self, app, environment)
        return self._targets[place]

    def targets(self) -> list[Target]:
        """Every app in every environment where it runs, in the file's order."""
        return [self.target(app.name, name) for app in self.apps.values() for name in app.environments]
