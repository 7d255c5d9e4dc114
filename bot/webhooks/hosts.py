"""The git hosts by their names in the configuration."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, Protocol

from bot.webhooks.gitea import Gitea
from bot.webhooks.github import GitHub
from bot.webhooks.gitlab import GitLab
from bot.webhooks.push import Push

Event = Literal["push", "ping", "other"]

Headers = Mapping[str, str]
"""Of any case."""


class Host(Protocol):
    """What one family of hosts says of itself in headers and bodies."""

    shown: str
    """As its people write it."""

    def may_be_genuine(self, headers: Headers, secret: str) -> bool:
        """Whether the head alone does not give a call away as made up: else nothing of its body is read."""

    def is_genuine(self, headers: Headers, body: bytes, secret: str, now: float) -> bool:
        """Whether whoever sent these bytes knows the secret."""

    def event(self, headers: Headers) -> Event:
        """What a call tells of."""

    def names(self, headers: Headers, body: bytes) -> tuple[str, ...]:
        """What a call is remembered by: one that has any of these names again is the same."""

    def push(self, payload: Mapping[str, Any]) -> Push:
        """What was pushed. Raises: PushUnreadable."""


HOSTS: Mapping[str, Host] = MappingProxyType({"github": GitHub(), "gitlab": GitLab(), "gitea": Gitea()})
