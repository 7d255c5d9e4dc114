"""`pilothouse rbac`: the least Roles and bindings for the configured apps, as YAML that `kubectl apply -f -` takes."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from bot.access import ClusterAccess
from bot.app import Parts, opened_for_planning
from bot.cluster import Cluster, ClusterError
from bot.config import Target
from bot.planning.errors import PlanRefused
from bot.rbac.asked import Asked, asked, build_namespace
from bot.rbac.roles import Subject, by_namespace, documents
from bot.rbac.writing import as_documents, as_yaml

PATIENCE = 10.0
"""Seconds for the cluster to say what it serves; without it the built-in kinds are known anyway."""

Form = Literal["bot", "people", "values"]
"""Roles of the bot's account, Roles of people, or the bot's as values of charts/pilothouse."""


@dataclass(frozen=True)
class Account:
    """The bot's ServiceAccount."""

    name: str
    namespace: str

    @property
    def subject(self) -> Subject:
        """As bindings name it."""
        return Subject("ServiceAccount", self.name, self.namespace)


async def rbac(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    account: Account,
    cluster_name: str,
    form: Form,
    out: TextIO,
) -> int:
    """Print them for one cluster; `cluster_name` "" is the only one.

    Raises: ConfigInvalid, StoreError, PlanRefused, HelmError.
    """
    async with opened_for_planning(paths, environ) as parts:
        name = cluster_name or _only(parts)
        targets = _targets(parts, name)
        cluster, trouble = await _reached(parts, parts.current.config.clusters[name].access)
        found = await asked(parts, targets, cluster, name)
        match form:
            case "values":
                text = _as_values(found)
            case "people":
                text = as_documents(_of_people(parts, found, account))
            case _:
                text = as_documents(
                    documents(found.bot, account.subject, name=account.name, namespaces=found.namespaces)
                )
        out.write("".join(f"# {line}\n" for line in _head(name, targets, found, account, form, trouble)))
        out.write(text)
    return 0


def _only(parts: Parts) -> str:
    config = parts.current.config
    building = {config.builds.job.cluster} if config.builds.job is not None else set()
    used = sorted(building | {target.cluster_name for target in config.targets()})
    if len(used) > 1:
        raise PlanRefused(
            "There are several clusters, and each gets its own Roles",
            advice=f"Name one with --cluster: {', '.join(used)}",
        )
    return used[0] if used else ""


def _targets(parts: Parts, name: str) -> list[Target]:
    config = parts.current.config
    found = [each for each in config.targets() if each.cluster_name == name]
    if not found and build_namespace(config, name) is None:
        known = ", ".join(config.clusters) or "none"
        raise PlanRefused(f"No app runs in a cluster “{name}”", advice=f"Clusters are: {known}")
    return found


async def _reached(parts: Parts, access: ClusterAccess) -> tuple[Cluster | None, str]:
    """The cluster if it answers, else why not."""
    try:
        async with asyncio.timeout(PATIENCE):
            cluster = await parts.clusters.at(access)
            await cluster.version()
    except ClusterError as error:
        return None, parts.current.masker.mask_text(error.words)
    except TimeoutError:
        return None, f"no answer within {PATIENCE:g} s"
    return cluster, ""


def _head(
    name: str, targets: Sequence[Target], found: Asked, account: Account, form: Form, trouble: str
) -> Iterator[str]:
    whose = {
        "bot": f"What ServiceAccount {account.name} of namespace {account.namespace} needs",
        "people": "What the people need in whose names the bot asks",
        "values": "Values of charts/pilothouse that grant what it needs",
    }[form]
    yield f"{whose} in cluster {name}, and no more:"
    for target in targets:
        yield f"  {target}: release {target.release} in namespace {target.namespace}"
    if found.builds and form != "people":
        yield f"  builds: Jobs in namespace {found.builds}"
    if trouble:
        yield f"The cluster could not be asked what it serves ({trouble});"
        yield "the names of custom resources are guesses: look at them."
    if found.people and form == "bot":
        yield f"Asked in people's own names: {', '.join(found.people)}. Add `--for people` for their Roles."


def _of_people(parts: Parts, found: Asked, account: Account) -> list[dict[str, Any]]:
    if not found.people:
        raise PlanRefused(
            "Nobody is asked for in their own name there",
            advice="Set `impersonate: true` on an environment and `kubernetes` on people, or leave --for people out",
        )
    made = []
    for key, wanted in found.people.items():
        identity = parts.current.config.people[key].identity
        assert identity is not None
        made += documents(wanted, Subject("User", identity.user), name=f"{account.name}-{key}")
    return made


def _as_values(found: Asked) -> str:
    places = dict(by_namespace(found.bot))
    cluster = places.pop("", [])
    return as_yaml({"rbac": {"cluster": cluster, "namespaces": places}})
