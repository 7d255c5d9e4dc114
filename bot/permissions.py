"""Pure decisions: may this person do this, here, now, and if not, why not. No await, no I/O.

Deny by default, and every path gives a reason in words. Who is who comes from the configuration; layout and
symbols are left to `bot.texts`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from bot.access import Identity
from bot.config import BUILT_IN_ROLES, PERMISSIONS, VIEWS, Binding, Config, Permission

__all__ = [
    "PERMISSIONS",
    "Decision",
    "Grant",
    "Permission",
    "Person",
    "Place",
    "Policy",
    "Sender",
    "Suspension",
    "admitted",
    "fingerprint",
    "known",
    "may",
    "summary",
    "webhook",
    "words_for",
]

UNSCOPED: Final[frozenset[Permission]] = frozenset(
    {"config.reload", "operations.stop", "person.view", "person.suspend", "audit.view"}
)
"""About the bot as a whole: a role that is limited to some apps or environments does not give them."""

_ANYWHERE: Final = ("*",)

_WORDS: Final[dict[Permission, str]] = {
    "app.view": "look at apps",
    "logs.view": "read logs",
    "pods.view": "look at pods",
    "diff.view": "read diffs",
    "values.view": "read values",
    "history.view": "read the history",
    "operations.view": "look at operations",
    "image.build": "build",
    "deploy.run": "deploy",
    "deploy.rollback": "roll back",
    "deploy.cancel": "cancel",
    "deploy.cancel.others": "cancel what others started",
    "deploy.set": "set values",
    "pods.restart": "restart pods",
    "release.mend": "mend a release",
    "release.uninstall": "uninstall",
    "lock.set": "lock",
    "lock.take": "take locks of others",
    "operations.stop": "stop all operations",
    "notice.publish": "publish notices",
    "config.reload": "reload the configuration",
    "person.view": "see who is who",
    "person.suspend": "suspend people",
    "audit.view": "read the audit trail",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by numeric id; `key` is None for who has no entry under `people`."""

    id: int
    key: str | None
    name: str
    identity: Identity | None = None
    webhook: str | None = None
    """The webhook that acts, which is nobody: it has what bindings give to it by name, and an id of no person."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a permission is asked for. None: no particular one, so having it somewhere is enough."""

    app: str | None = None
    environment: str | None = None
    chat_id: int | None = None
    """The chat that the person writes in."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What Telegram says of who sent an update."""

    id: int | None
    name: str = ""
    chat_id: int | None = None
    is_bot: bool = False
    anonymous: bool = False
    """An anonymous administrator of a group."""
    as_chat: bool = False
    """Sent in the name of a chat or channel (`sender_chat`), or a channel's post."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A binding, its role resolved."""

    role: str
    permissions: frozenset[Permission]
    people: frozenset[int]
    chats: frozenset[int]
    chat_permissions: frozenset[Permission]
    apps: tuple[str, ...]
    environments: tuple[str, ...]
    webhooks: frozenset[str] = frozenset()

    @property
    def everywhere(self) -> bool:
        """Whether the scope is all apps in all environments."""
        return "*" in self.apps and "*" in self.environments

    def covers(self, at: Place) -> bool:
        """Whether `at` is within the scope."""
        return _within(at.app, self.apps) and _within(at.environment, self.environments)

    def names(self, who: Person) -> bool:
        """Whether this binding is to them, and not to the chat that they write in."""
        return who.id in self.people if who.webhook is None else who.webhook in self.webhooks

    def given(self, who: Person, chat_id: int | None) -> frozenset[Permission]:
        """What a person who writes in that chat, or a webhook, has by this binding."""
        if self.names(who):
            return self.permissions
        if who.webhook is not None:
            return frozenset()
        return self.chat_permissions if chat_id is not None and chat_id in self.chats else frozenset()

    @property
    def scope(self) -> str:
        """The scope in words, as `on shop and blog in staging`."""
        if self.everywhere:
            return "everywhere"
        apps = "" if "*" in self.apps else f"on {_listed(self.apps)}"
        environments = "" if "*" in self.environments else f"in {_listed(self.environments)}"
        return f"{apps} {environments}".strip()


@dataclass(frozen=True, slots=True)
class Suspension:
    """Somebody who may do nothing, for as long as the configuration says of them what `fingerprint` covers."""

    person_id: int
    name: str
    reason: str
    by: str
    at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may do what where, as one configuration says."""

    people: Mapping[int, Person]
    grants: tuple[Grant, ...]
    suspended: Mapping[int, Suspension] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        config: Config,
        pinned: Mapping[str, int] | None = None,
        suspensions: Iterable[Suspension] = (),
    ) -> Policy:
        """Read a configuration; `pinned` has the ids of chats that it names by `@name`, by their keys.

        Those `suspensions` count that were made of what this configuration says.
        """
        chats = {key: chat.id for key, chat in config.chats.items() if isinstance(chat.id, int)}
        chats |= pinned or {}
        people = {
            each.id: Person(each.id, key, each.name or key, each.identity)
            for key, each in config.people.items()
        }
        ids = {key: each.id for key, each in config.people.items()}
        grants = tuple(_grant(binding, config, ids, chats) for binding in config.bindings)
        suspended = {
            each.person_id: each
            for each in suspensions
            if each.fingerprint == fingerprint(config, each.person_id)
        }
        return cls(people, grants, suspended)

    def person(self, sender: Sender) -> Person | None:
        """Who sent it; None for who may never act: bots, channels, anonymous administrators."""
        if sender.id is None or sender.id <= 0 or sender.is_bot or sender.anonymous or sender.as_chat:
            return None
        return self.people.get(sender.id) or Person(sender.id, None, sender.name or str(sender.id))

    def who_may(self, permission: Permission, at: Place) -> list[str]:
        """Names of the people who have it there by a binding to them, admins first."""
        known_people = sorted(
            (not admin, self.people[each].name)
            for each, admin in self.holders(permission, at).items()
            if each in self.people
        )
        return [name for _, name in known_people]

    def holders(self, permission: Permission, at: Place) -> dict[int, bool]:
        """Ids of the people who have it there by a binding to them, and whether by that of an admin."""
        found: dict[int, bool] = {}
        for grant in self.grants:
            if permission in grant.permissions and grant.covers(at) and _enough(grant, permission):
                for person in grant.people - self.suspended.keys():
                    found[person] = found.get(person, False) or grant.role == "admin"
        return found


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether, and why or why not."""

    allowed: bool
    reason: str
    needs: str = ""
    """As `deploy in production`."""
    has: str = ""
    """As `deployer in staging`; `nothing here` when there is nothing."""
    ask: tuple[str, ...] = ()
    """Names of people who have it."""

    def __bool__(self) -> bool:
        return self.allowed


def may(who: Person, permission: Permission, at: Place, policy: Policy) -> Decision:
    """Say whether `who` may use `permission` at `at`, and why or why not in words for people."""
    admission = admitted(who, policy)
    if not admission:
        return admission
    needs = _needed(permission, at)
    for grant in policy.grants:
        if permission in grant.given(who, at.chat_id) and grant.covers(at) and _enough(grant, permission):
            by = grant.role if grant.names(who) else f"{grant.role} through this chat"
            return Decision(True, f"{by} {grant.scope}", needs, f"{by} {grant.scope}")
    has = "; ".join(summary(who, policy, at.chat_id)) or "nothing here"
    ask = tuple(policy.who_may(permission, at))
    lines = [f"Needs: {needs}", f"You have: {has}"]
    if ask:
        lines.append(f"Ask: {_listed(ask[:3], 'or')}")
    return Decision(False, "\n".join(lines), needs, has, ask)


def webhook(name: str, by: str) -> Person:
    """A webhook as one who acts; `by` says whose push it is, in words."""
    return Person(0, None, by, webhook=name)


def admitted(who: Person, policy: Policy) -> Decision:
    """Say whether `who` may do anything at all: nobody who is suspended may, whatever the configuration gives."""
    if who.id not in policy.suspended:
        return Decision(True, "not suspended")
    ask = tuple(policy.who_may("person.suspend", Place()))
    whom = _listed(ask[:3], "or") if ask else "whoever keeps the bot's configuration"
    return Decision(False, f"You are suspended\nAsk: {whom}", has="suspended", ask=ask)


def fingerprint(config: Config, person_id: int) -> str:
    """What a configuration says of somebody: their entry and the bindings that name them. Others may come and go."""
    entries = {
        key: each.model_dump(mode="json", exclude={"key"}, exclude_defaults=True)
        for key, each in config.people.items()
        if each.id == person_id
    }
    names = {person_id, *entries}
    bindings = sorted(
        json.dumps([each.role, each.apps, each.environments])
        for each in config.bindings
        if names.intersection(each.people)
    )
    return hashlib.sha256(json.dumps([entries, bindings], sort_keys=True).encode()).hexdigest()


def known(sender: Sender, policy: Policy) -> bool:
    """Whether the bot answers this sender at all; anyone else gets silence."""
    person = policy.person(sender)
    if person is None:
        return False
    return person.id in policy.people or any(grant.given(person, sender.chat_id) for grant in policy.grants)


def words_for(permissions: Iterable[Permission]) -> list[str]:
    """What permissions allow, in words and in their usual order."""
    given = set(permissions)
    return [_WORDS[each] for each in PERMISSIONS if each in given]


def summary(who: Person, policy: Policy, chat_id: int | None = None) -> list[str]:
    """What someone has, most first, as `deployer on shop and blog in staging`."""
    own = [grant for grant in policy.grants if grant.names(who)]
    own.sort(key=lambda grant: -len(grant.permissions))
    lines = [f"{grant.role} {grant.scope}" for grant in own]
    lines += [
        f"viewer {grant.scope} through this chat"
        for grant in policy.grants
        if not grant.names(who) and grant.given(who, chat_id)
    ]
    return list(dict.fromkeys(lines))


def _grant(binding: Binding, config: Config, ids: Mapping[str, int], chats: Mapping[str, int]) -> Grant:
    return Grant(
        role=binding.role,
        permissions=_role(binding.role, config),
        people=frozenset(each if isinstance(each, int) else ids[each] for each in binding.people),
        chats=frozenset(chats[each] for each in binding.chats if each in chats),
        chat_permissions=frozenset({"app.view", *binding.permissions}) & VIEWS,
        apps=binding.apps,
        environments=binding.environments,
        webhooks=frozenset(binding.webhooks),
    )


def _role(name: str, config: Config) -> frozenset[Permission]:
    """All permissions of a role; the configuration has been checked for cycles."""
    if name in BUILT_IN_ROLES:
        return BUILT_IN_ROLES[name]
    role = config.roles[name]
    inherited = _role(role.extends, config) if role.extends else frozenset()
    return inherited | frozenset(role.permissions)


def _within(name: str | None, globs: Iterable[str]) -> bool:
    return name is None or any(fnmatchcase(name, glob) for glob in globs)


def _enough(grant: Grant, permission: Permission) -> bool:
    return permission not in UNSCOPED or grant.everywhere


def _needed(permission: Permission, at: Place) -> str:
    words = _WORDS[permission]
    if at.environment is not None:
        return f"{words} in {at.environment}"
    return f"{words} on {at.app}" if at.app is not None else words


def _listed(names: Iterable[str], joint: str = "and") -> str:
    *most, last = names
    return f"{', '.join(most)} {joint} {last}" if most else last
