"""What can be deployed: its chart, its image, its source, its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from bot.config.environments import EnvironmentFields, Values
from bot.config.fields import FilePath, HttpUrl, Named, ProxyUrl, Section, Template, Text
from bot.config.secrets import Secret, Secrets
from bot.patterns import Pattern, PatternInvalid, compiled


class ChartFolder(Section):
    """A chart's folder on the bot's machine."""

    kind: SkipJsonSchema[Literal["folder"]] = "folder"
    path: FilePath = Field(description="The folder that holds Chart.yaml.")


class ChartFile(Section):
    """A packed chart on the bot's machine."""

    kind: SkipJsonSchema[Literal["archive"]] = "archive"
    path: FilePath = Field(description="The .tgz.")


class ChartOci(Section):
    """A chart in an OCI registry; credentials are those of the host in `registries`."""

    kind: SkipJsonSchema[Literal["oci"]] = "oci"
    oci: Annotated[str, Field(pattern=r"^oci://[^\s/]+/\S+$")] = Field(
        description="oci://host/path/name, without tag."
    )
    version: Text | None = Field(
        default=None, description="The chart's version; default: the newest release."
    )


class ChartRepository(Section):
    """A chart in an HTTP repository (index.yaml)."""

    secret_keys: ClassVar = ("password",)

    kind: SkipJsonSchema[Literal["repo"]] = "repo"
    repo: HttpUrl = Field(description="The repository's URL.")
    name: Text = Field(description="The chart's name there.")
    version: Text | None = Field(
        default=None, description="The chart's version; default: the newest release."
    )
    username: Text | None = Field(default=None, description="Sent to this repository's own origin only.")
    password: Secret | None = Field(default=None, description="The password of `username`.")
    proxy: ProxyUrl | None = Field(default=None, description="A proxy on the way to the repository.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates (PEM) to trust instead of the system's."
    )


def _chart(value: Any) -> Any:
    """Tell by its looks which source a chart has."""
    if isinstance(value, str):
        if value.startswith("oci://"):
            return {"kind": "oci", "oci": value}
        if "://" in value:
            raise PydanticCustomError(
                "chart", "should be a folder, a .tgz, oci://…, or a mapping {repo: URL, name: …, version: …}"
            )
        return {"kind": "archive" if value.endswith((".tgz", ".tar.gz")) else "folder", "path": value}
    if isinstance(value, dict):
        return {**value, "kind": "oci" if "oci" in value else "repo"}
    return value


ChartSource = Annotated[
    ChartFolder | ChartFile | ChartOci | ChartRepository,
    Field(discriminator="kind"),
    BeforeValidator(_chart, json_schema_input_type=str | ChartOci | ChartRepository),
]
"""Written as a folder, a .tgz, `oci://…`, or `{repo: https://…, name: …, version: …}`."""

_KEY = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"
DottedKey = Annotated[str, Field(pattern=_KEY)]
"""A key in values, as `web.replicas`."""


class ImageKeys(Section):
    """Which keys of the values take the image: its parts, or the whole reference as one string."""

    repository: DottedKey | None = Field(default=None, description="Takes `registry.example.org/shop`.")
    tag: DottedKey | None = Field(default=None, description="Takes the tag.")
    digest: DottedKey | None = Field(
        default=None, description="Takes `sha256:…`; without it deploys are by tag."
    )
    single: DottedKey | None = Field(
        default=None, description="Takes the whole reference, pinned by its digest."
    )

    @model_validator(mode="after")
    def _one_form(self) -> ImageKeys:
        parts = (self.repository, self.tag, self.digest)
        if self.single is not None and any(parts):
            raise PydanticCustomError(
                "image_keys", "should have single, or repository, tag and digest, not both"
            )
        if self.single is None and self.tag is None and self.digest is None:
            raise PydanticCustomError(
                "image_keys", "should name the key of the tag, of the digest, or single"
            )
        return self

    @property
    def pins(self) -> bool:
        """Whether the image can be pinned by its digest."""
        return self.digest is not None or self.single is not None


def _image_keys(value: Any) -> Any:
    """`image` stands for the three keys below it."""
    if isinstance(value, str):
        return {part: f"{value}.{part}" for part in ("repository", "tag", "digest")}
    return value


class Tags(Section):
    """Which tags of the image repository are versions, and which of two is newer."""

    match: Text | None = Field(
        default=None,
        description="A regular expression (RE2) to be found in a tag that is a version; ^ and $ hold it to the whole "
        "tag. Where it has a group (?P<version>…), that part alone is compared.",
    )
    order: Literal["semver", "created"] = Field(
        default="semver",
        description="By semantic version, releases first; or by when the image was created, whatever its name.",
    )

    @model_validator(mode="after")
    def _compiles(self) -> Tags:
        try:
            _ = self.pattern
        except PatternInvalid as error:
            raise PydanticCustomError(
                "regex",
                "match is no regular expression of RE2, which has no look-around and no back-references: {reason}",
                {"reason": str(error)},
            ) from error
        return self

    @property
    def pattern(self) -> Pattern | None:
        """`match`, compiled."""
        return compiled(self.match) if self.match is not None else None


class Source(Section):
    """The app's source code, for what is new in a version and for builds."""

    secret_keys: ClassVar = ("password",)

    git: Text = Field(
        description="The repository: https://…, ssh://…, git@host:path, or a path on this machine."
    )
    path: Text = Field(default=".", description="The app's folder in it.")
    ref: Template = Field(
        default="{{ version }}", description="How a version becomes a git ref; knows version."
    )
    key_file: FilePath | None = Field(
        default=None, description="For ssh: the private key, such as a deploy key's, without a passphrase."
    )
    known_hosts: FilePath | None = Field(
        default=None,
        description="For ssh: the host's keys, as ssh-keyscan prints them; default: the user's own.",
    )
    username: Text | None = Field(
        default=None, description="For https; sent to this repository's own host only."
    )
    password: Secret | None = Field(default=None, description="The password or access token.")
    proxy: ProxyUrl | None = Field(default=None, description="A proxy on the way to the repository.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates (PEM) to trust instead of the system's."
    )


class Build(Section):
    """How the app's image is built."""

    dockerfile: Text = Field(default="Dockerfile", description="Relative to the source's `path`.")
    tag: Template = Field(
        default="{{ branch }}-{{ sha[:8] }}",
        description="How a commit becomes an image tag; knows branch and sha. A git tag keeps its name.",
    )
    target: Text | None = Field(
        default=None, description="The stage that is the image; default: the last one."
    )
    args: Mapping[Text, str] = Field(
        default_factory=dict, description="Build arguments; they are no secrets: the image shows them."
    )
    secrets: Secrets = Field(
        default_factory=dict,
        description="Secrets by the id that `RUN --mount=type=secret,id=…` names; they stay out of the image.",
    )
    platforms: tuple[Text, ...] = Field(
        default=(), description="Such as linux/amd64 and linux/arm64; default: the builder's own."
    )


def _by_environment(value: Any) -> Any:
    """A list of environments overrides nothing; each entry learns its key."""
    if isinstance(value, (list, tuple)):
        return {name: {"name": name} for name in value if isinstance(name, str)}
    if isinstance(value, dict):
        return {
            name: {**entry, "name": name}
            if isinstance(entry, dict)
            else {"name": name}
            if entry is None
            else entry
            for name, entry in value.items()
        }
    return value


Overrides = Annotated[
    Mapping[str, EnvironmentFields],
    BeforeValidator(_by_environment, json_schema_input_type=list[str] | dict[str, EnvironmentFields | None]),
]


class App(Named):
    """One microservice that can be deployed."""

    chart: ChartSource = Field(
        description="A folder, a .tgz, oci://…, or {repo: https://…, name: …, version: …}."
    )
    image: Text | None = Field(
        default=None,
        description="The image repository, without a tag. Absent: the app is versioned by its chart.",
    )
    image_value: Annotated[
        ImageKeys, BeforeValidator(_image_keys, json_schema_input_type=str | ImageKeys)
    ] = Field(
        default=ImageKeys(repository="image.repository", tag="image.tag", digest="image.digest"),
        description="Where in the values the image goes: a key that holds {repository, tag, digest}, those keys, "
        "or {single: key} for one string.",
    )
    release: Text | None = Field(
        default=None, description="The Helm release's name; default: the app's name."
    )
    tags: Tags = Field(default=Tags(), description="Which tags are versions, and their order.")
    source: Source | None = Field(default=None, description="The app's source code.")
    build: Build | None = Field(default=None, description="How the app's image is built.")
    values: Values = Field(default=(), description="Layers of values, in order: a later one wins.")
    secrets: Secrets = Field(
        default_factory=dict, description="Dotted keys of values, and the secrets that go there."
    )
    environments: Overrides = Field(
        description="Where the app runs, in the order that versions travel: a list, or a mapping whose entries "
        "override the environment's fields."
    )
    set_allowed: tuple[DottedKey, ...] = Field(default=(), description="The keys that `--set` may touch.")
    tests: bool = Field(default=False, description="Run the chart's Helm tests after a rollout.")
