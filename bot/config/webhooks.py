"""What git hosts may bring about: which pushes build which apps, and where the images may go."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.config.fields import Named, Text
from bot.config.secrets import Secret

HostName = Literal["github", "gitlab", "gitea"]


class GitWebhook(Named):
    """One webhook of a git host; its key is the end of its URL: `/webhooks/<key>` at `listen`."""

    secret_keys: ClassVar = ("secret",)

    host: HostName = Field(description="Who calls: github, gitlab, or gitea, which is Forgejo too.")
    secret: Secret = Field(description="The webhook's secret at the host: calls are refused without it.")
    repository: Text = Field(description="Its full name there, e.g. team/shop; pushes of others are refused.")
    apps: tuple[Text, ...] = Field(min_length=1, description="Keys of `apps` that a push builds.")
    branches: tuple[Text, ...] = Field(
        default=(), description="Names or globs of branches that are built when they are pushed."
    )
    tags: tuple[Text, ...] = Field(default=(), description="Names or globs of tags that are built.")
    chat: Text = Field(description="A key of `chats`: where the builds are shown.")
    topic: Text | None = Field(default=None, description="One of the chat's `topics`.")
    deploy: Text | None = Field(
        default=None,
        description="A key of `environments`, for which the image is offered, or where its deploy starts if that "
        "environment says `on_push: deploy`. Absent: the first one of the app is offered.",
    )

    @model_validator(mode="after")
    def _builds_something(self) -> GitWebhook:
        if not self.branches and not self.tags:
            raise PydanticCustomError("no_ref", "builds nothing; name branches or tags")
        return self

    def builds(self, branch: str | None, tag: str | None) -> bool:
        """Whether a push to that branch or of that tag is built."""
        return _among(branch, self.branches) or _among(tag, self.tags)


def _among(name: str | None, globs: Iterable[str]) -> bool:
    return name is not None and any(fnmatchcase(name, glob) for glob in globs)
