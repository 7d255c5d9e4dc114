"""The names of the permissions and what the built-in roles hold: facts that the configuration is checked against.

Who has which is `people`'s, what follows from it is `bot.permissions`'s.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Permission = Literal[
    "app.view",
    "logs.view",
    "pods.view",
    "diff.view",
    "values.view",
    "history.view",
    "operations.view",
    "image.build",
    "deploy.run",
    "deploy.rollback",
    "deploy.cancel",
    "deploy.cancel.others",
    "deploy.set",
    "pods.restart",
    "release.mend",
    "release.uninstall",
    "lock.set",
    "lock.take",
    "operations.stop",
    "notice.publish",
    "config.reload",
    "person.view",
    "person.suspend",
    "audit.view",
]
"""`noun.verb`: what may be done to what. `deploy.cancel` is one's own, `deploy.cancel.others` anybody's."""

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)

_VIEWER: Final[frozenset[Permission]] = frozenset(
    {"app.view", "logs.view", "pods.view", "diff.view", "values.view", "history.view", "operations.view"}
)
_DEVELOPER: Final[frozenset[Permission]] = _VIEWER | {
    "image.build",
    "deploy.run",
    "deploy.rollback",
    "deploy.cancel",
    "pods.restart",
    "lock.set",
}
_DEPLOYER: Final[frozenset[Permission]] = _DEVELOPER | {
    "deploy.cancel.others",
    "deploy.set",
    "release.mend",
    "release.uninstall",
    "lock.take",
}

VIEWS: Final = _VIEWER
"""What a chat's binding may give to whoever writes there."""

BUILT_IN_ROLES: Final[dict[str, frozenset[Permission]]] = {
    "viewer": _VIEWER,
    "developer": _DEVELOPER,
    "deployer": _DEPLOYER,
    "admin": frozenset(PERMISSIONS),
}
"""From the least to the most; each holds what the one before it holds."""
