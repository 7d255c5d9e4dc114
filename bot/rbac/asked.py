"""What each place needs by the configuration: of the bot's own account, and of people where it asks in their names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.access import Identity
from bot.app import Parts
from bot.cluster import Cluster
from bot.config import Config, Target
from bot.permissions import Permission, Place, Policy, may
from bot.rbac import needs
from bot.rbac.needs import Made, Need
from bot.rbac.objects import made_by

CHANGES: tuple[Permission, ...] = (
    "deploy.run",
    "deploy.rollback",
    "release.mend",
    "release.uninstall",
    "deploy.cancel.others",
)
"""Whoever may do one of these may change a release, and needs all that takes."""

LOOKS: tuple[Permission, ...] = ("app.view", "logs.view", "pods.view", "history.view", "diff.view")


@dataclass(frozen=True)
class Asked:
    """Rights by who needs them, in one cluster."""

    bot: set[Need] = field(default_factory=set)
    people: dict[str, set[Need]] = field(default_factory=dict)
    """By the keys of `people`."""
    namespaces: set[str] = field(default_factory=set)
    """Those that the bot is to create by the configuration: a Role needs them to be there before."""
    builds: str | None = None
    """The namespace in which images are built."""


async def asked(parts: Parts, targets: list[Target], cluster: Cluster | None, cluster_name: str) -> Asked:
    """What all these targets, which are in that one cluster, need together, and the builds there.

    Raises: as `made_by`.
    """
    config, policy = parts.current.config, parts.current.policy
    found = Asked(bot=needs.everywhere(), builds=build_namespace(config, cluster_name))
    if found.builds is not None:
        found.bot.update(needs.building(found.builds))
    for target in targets:
        made = await made_by(parts, target, cluster)
        if target.environment.create_namespace:
            found.namespaces.add(target.namespace)
        if not target.environment.impersonate:
            found.bot.update(of_target(target, made))
            continue
        found.bot.update(needs.impersonating(asking(config, policy, target).values()))
        for key, wanted in of_people(config, policy, target, made).items():
            found.people.setdefault(key, set()).update(wanted)
    return found


def build_namespace(config: Config, cluster_name: str) -> str | None:
    """Where in that cluster images are built; None for nowhere."""
    job = config.builds.job
    return job.namespace if job is not None and job.cluster == cluster_name else None


def of_target(target: Target, made: list[Made]) -> set[Need]:
    """What operating a target takes, in whoever's name."""
    return needs.changing(target.namespace, made, create_namespace=target.environment.create_namespace)


def of_people(config: Config, policy: Policy, target: Target, made: list[Made]) -> Mapping[str, set[Need]]:
    """What each person needs there, by what they may do in the chat."""
    looking, changing = needs.looking(target.namespace, made), of_target(target, made)
    return {
        key: changing if _may_any(policy, config.people[key].id, CHANGES, target) else looking
        for key in asking(config, policy, target)
    }


def asking(config: Config, policy: Policy, target: Target) -> dict[str, Identity]:
    """The people in whose names the bot asks there: who may do or see something, and is somebody in the cluster."""
    return {
        key: person.identity
        for key, person in config.people.items()
        if person.identity is not None and _may_any(policy, person.id, CHANGES + LOOKS, target)
    }


def _may_any(policy: Policy, person_id: int, permissions: tuple[Permission, ...], target: Target) -> bool:
    who = policy.people[person_id]
    at = Place(target.app.name, target.environment.name)
    return any(may(who, permission, at, policy).allowed for permission in permissions)
