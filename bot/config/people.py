"""Who there is: chats, people, roles, and the bindings of roles to both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from bot.access import Identity, is_reserved
from bot.config.fields import ChatId, Id, Key, Named, Section, Text
from bot.config.rights import VIEWS, Permission


class Chat(Named):
    """A group, supergroup or channel that the bot takes part in."""

    id: ChatId = Field(description="The chat's numeric id, or @name of a public channel.")
    topics: Mapping[Key, Id] = Field(
        default_factory=dict, description="Names for the topics of a forum, by their ids."
    )
    ring: Literal["failures", "all"] = Field(
        default="failures", description="What makes a sound here: only failures, or every result."
    )


def _no_system_name(name: str) -> str:
    if is_reserved(name):
        raise PydanticCustomError("system_name", "is the cluster's own name; nobody may act as one")
    if name != name.strip() or not name.isprintable():
        raise PydanticCustomError(
            "kubernetes_name", "should not hold control characters or start or end with spaces"
        )
    return name


KubernetesName = Annotated[Text, AfterValidator(_no_system_name)]


class KubernetesIdentity(Section):
    """The Kubernetes user that a person acts as where the environment says `impersonate: true`."""

    user: KubernetesName = Field(description="The user's name in the cluster.")
    groups: tuple[KubernetesName, ...] = Field(default=(), description="The user's groups in the cluster.")


class PersonConfig(Section):
    """A person that the bot knows."""

    key: SkipJsonSchema[str] = Field(default="", description="The key that this stands under.")
    id: Id = Field(gt=0, description="The person's numeric Telegram id; names can change their owner.")
    name: Text | None = Field(default=None, description="How messages call the person; default: the key.")
    kubernetes: KubernetesIdentity | None = Field(
        default=None, description="Whom the person acts as in clusters."
    )

    @property
    def shown(self) -> str:
        """How messages call the person."""
        return self.name or self.key

    @property
    def identity(self) -> Identity | None:
        """Whom the person acts as in clusters; None when there is no mapping."""
        return Identity(self.kubernetes.user, self.kubernetes.groups) if self.kubernetes else None


class Role(Named):
    """A named set of permissions beside the built-in viewer, developer, deployer and admin."""

    extends: Text | None = Field(default=None, description="A role whose permissions this one has too.")
    permissions: tuple[Permission, ...] = Field(default=(), description="What it adds.")


class Binding(Section):
    """Gives a role to people or webhooks, or a view to whoever writes in a chat, within a scope."""

    role: Text = Field(description="viewer, developer, deployer, admin, or one of `roles`.")
    people: tuple[Text | Id, ...] = Field(default=(), description="Keys of `people`, or numeric ids.")
    chats: tuple[Text, ...] = Field(
        default=(),
        description="Keys of `chats`: whoever writes there may view, and never change, what is in scope.",
    )
    webhooks: tuple[Text, ...] = Field(
        default=(), description="Keys of `webhooks`: what their pushes may bring about, such as builds."
    )
    permissions: tuple[Permission, ...] = Field(
        default=(), description="Further views (beside app.view) for whoever writes in `chats`."
    )
    apps: tuple[Text, ...] = Field(default=("*",), description="Names or globs of apps; default: all.")
    environments: tuple[Text, ...] = Field(
        default=("*",), description="Names or globs of environments; default: all."
    )

    @model_validator(mode="after")
    def _meaningful(self) -> Binding:
        if not self.people and not self.chats and not self.webhooks:
            raise PydanticCustomError("no_subject", "binds nobody; name people, chats or webhooks")
        changing = sorted(set(self.permissions) - VIEWS)
        if changing:
            raise PydanticCustomError(
                "chat_changes", "a chat may be given views only, not {names}", {"names": ", ".join(changing)}
            )
        if self.permissions and not self.chats:
            raise PydanticCustomError("no_chat", "permissions are for chats; people have those of the role")
        return self
