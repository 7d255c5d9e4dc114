"""Where apps run, and by which rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from bot.config.fields import Named, Seconds, Section, Template, Text
from bot.config.located import Located
from bot.config.secrets import Secrets

SHOUTED = ("prod", "production", "live")
"""Names of environments where mistakes reach users: written in capitals, confirmed in red, and by people alone."""


class FailEarly(Section):
    """When a rollout is given up before its time-out."""

    crash_restarts: int = Field(
        default=3, ge=1, le=100, description="Restarts of a pod that crashes at start."
    )
    image_grace: Seconds = Field(
        default=60.0,
        description="How long trouble that can heal may last: an image not there yet, a missing Secret, a quota.",
    )
    settle: Seconds = Field(
        default=5.0, description="How long pods without a readiness probe must stay up to count as healthy."
    )


class Announce(Section):
    """A notice for people outside the team after a successful deploy of a new version."""

    channels: tuple[Text, ...] = Field(
        min_length=1, description="Keys of `chats` where the notice is published."
    )
    review: Text = Field(
        description="The key of the chat that reviews the draft; `none` publishes it at once."
    )

    @property
    def review_chat(self) -> str | None:
        """The reviewing chat's key; None to publish at once."""
        return None if self.review == "none" else self.review


class ValuesFile(Section):
    """One layer of values. Just the path may stand for the mapping."""

    file: Template = Field(
        description="The path; `{{ app }}` and `{{ environment }}` are filled in. "
        "A file that ends in .j2 is itself a template."
    )
    secret: bool = Field(default=False, description="Everything in it is a secret and shown nowhere.")
    folder: SkipJsonSchema[Path] = Field(default=Path(), description="What the path is relative to.")

    @property
    def template(self) -> bool:
        """Whether the file is rendered by Jinja2 before it is read."""
        return self.file.endswith(".j2")


def _values_file(value: Any) -> Any:
    """A bare path is a layer without further properties; each remembers its file's folder."""
    fields = {"file": value} if isinstance(value, str) else value
    if not isinstance(fields, dict):
        return fields
    path = fields.get("file")
    return {**fields, "folder": path.folder} if isinstance(path, Located) else fields


Values = tuple[
    Annotated[ValuesFile, BeforeValidator(_values_file, json_schema_input_type=str | ValuesFile)], ...
]
"""Layers in order: a later one wins."""


class EnvironmentFields(Named):
    """What an environment says, each field optional: as an app overrides it for itself."""

    cluster: Text = Field(default="", description="A key of `clusters`.")
    namespace: Template = Field(
        default="", description="The namespace, e.g. `{{ app }}-staging`; knows app and environment."
    )
    create_namespace: bool = Field(default=False, description="Create the namespace when it is missing.")
    on_failure: Literal["leave", "rollback"] = Field(
        default="leave",
        description="After a failed deploy: leave it for people to look at, or go back to the last healthy revision.",
    )
    timeout: Seconds = Field(default=300.0, gt=0, description="How long a rollout may go without progress.")
    fail_early: FailEarly = Field(
        default=FailEarly(), description="When a rollout is given up before its time-out."
    )
    impersonate: bool = Field(
        default=False,
        description="Ask the cluster in the person's own name, so that its RBAC decides; without a mapping: refused.",
    )
    announce: Announce | None = Field(default=None, description="Draft a notice after a success.")
    on_push: Literal["offer", "deploy"] = Field(
        default="offer",
        description="What becomes of an image that a push has built for here: it is offered to people, or its deploy "
        "starts by itself.",
    )
    disclose: Literal["summary", "diff", "logs"] = Field(
        default="logs", description="What chats may see: summaries, also diffs, or also logs."
    )
    history_max: int = Field(
        default=10,
        ge=2,
        le=100,
        description="Revisions that Helm keeps, the last healthy one always among them.",
    )
    values: Values = Field(default=(), description="Layers of values after the app's own.")
    secrets: Secrets = Field(
        default_factory=dict, description="Dotted keys of values, and the secrets that go there."
    )


class Environment(EnvironmentFields):
    """Where apps run: a cluster, a namespace and the rules there."""

    cluster: Text = Field(description="A key of `clusters`.")
    namespace: Template = Field(
        description="The namespace, e.g. `{{ app }}-staging`; knows app and environment."
    )
