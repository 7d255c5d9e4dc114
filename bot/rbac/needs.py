"""What the bot asks of a cluster, verb by verb: the one list that `check` asks about and `rbac` prints. Pure.

It follows what the code does (tests/rbac records that and compares): Helm's storage and its apply, the reads by which
a rollout is followed, what screens show, a restart. Which objects an app's chart makes is left to `bot.rbac.objects`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.access import Identity
from bot.commands.pods import WITH_PODS
from bot.planning.restarting import KINDS
from bot.rollout.following import watched_kinds
from bot.rollout.verdicts import ObjectRef
from bot.rollout.workloads import is_custom, is_workload

RBAC = "rbac.authorization.k8s.io"

HELM_STORAGE = ("get", "list", "create", "update", "patch", "delete")
"""On Secrets, where Helm keeps its revisions: it adds, supersedes and prunes them; we close one whose run died."""

APPLY = ("get", "create", "patch", "delete")
"""On what a chart makes: Helm looks, applies (which creates what is not there) and deletes."""

HOOK = ("list", "watch")
"""On hooks beside that: Helm waits for their end."""


SHOWN = (*WITH_PODS, "PersistentVolumeClaim", "Service", "HorizontalPodAutoscaler")
"""Kinds of which screens and warnings read single objects."""


class Need(NamedTuple):
    """One right, as an access review asks for it."""

    namespace: str
    """"" for the whole cluster."""
    group: str
    resource: str
    """The plural, with the subresource where it is one: `pods/log`."""
    verb: str
    name: str = ""
    """The one object that it is about; "" for all of the kind."""


@dataclass(frozen=True)
class Made:
    """An object that a chart makes, under the name that rights have for its kind."""

    api_version: str
    kind: str
    resource: str
    namespace: str
    """"" for one of the whole cluster."""
    name: str
    hook: bool = False
    rules: tuple[Mapping[str, Any], ...] = ()
    """Of a role: whoever makes one has to hold what it grants (Kubernetes lets nobody grant more)."""
    role: tuple[str, str] | None = None
    """Of a binding: the resource and name of the role that it hands out."""

    @property
    def group(self) -> str:
        """The API group; "" for the core."""
        return self.api_version.rpartition("/")[0]


def everywhere() -> set[Need]:
    """What the bot asks in its own name whatever it deploys: a cluster is known by this namespace's UID."""
    return {Need("", "", "namespaces", "get", "kube-system")}


def building(namespace: str) -> set[Need]:
    """To build images in Jobs there: each has a Secret of its own, and a pod whose log is followed."""
    needs = {Need(namespace, "batch", "jobs", verb) for verb in ("create", "get", "list", "watch", "delete")}
    needs |= {Need(namespace, "", "secrets", verb) for verb in ("create", "delete")}
    needs |= {Need(namespace, "", "pods", verb) for verb in ("list", "watch")}
    needs.add(Need(namespace, "", "pods/log", "get"))
    return needs


def looking(namespace: str, made: Sequence[Made]) -> set[Need]:
    """To see how a release stands and why: status, history, drift, pods, logs, events."""
    kinds = {each.kind for each in made}
    needs = {Need(namespace, "", "secrets", verb) for verb in ("get", "list")}
    needs |= {Need(namespace, "", "pods", verb) for verb in ("get", "list")}
    needs.add(Need(namespace, "", "pods/log", "get"))
    needs |= {Need(namespace, *watched, "list") for watched in _watched(made)}
    needs |= {_of(each, "get") for each in made if not each.hook or _is_shown(each)}
    if "Service" in kinds:
        needs.add(Need(namespace, "discovery.k8s.io", "endpointslices", "list"))
    if "CronJob" in kinds:
        needs.add(Need(namespace, "batch", "jobs", "list"))
    return needs


def changing(namespace: str, made: Sequence[Made], *, create_namespace: bool = False) -> set[Need]:
    """To deploy a release, follow it, roll it back, restart it and remove it; looking included."""
    needs = looking(namespace, made)
    needs |= {Need(namespace, "", "secrets", verb) for verb in HELM_STORAGE}
    needs |= {Need(namespace, *watched, "watch") for watched in _watched(made)}
    if any(each.kind in KINDS for each in made):
        needs.add(Need(namespace, "", "pods", "delete"))  # one whose workload makes a new one
    for each in made:
        needs |= set(_applying(each))
    if create_namespace:
        # Helm applies the namespace. Creating it is not asked for: rights in it need it to be there before.
        needs.add(Need("", "", "namespaces", "patch", namespace))
    return needs


def impersonating(identities: Iterable[Identity]) -> set[Need]:
    """To ask in these people's names, and in nobody else's."""
    needs: set[Need] = set()
    for each in identities:
        needs.add(Need("", "", "users", "impersonate", each.user))
        needs |= {Need("", "", "groups", "impersonate", group) for group in each.groups}
    return needs


def _is_shown(made: Made) -> bool:
    return made.kind in SHOWN or is_custom(ObjectRef(made.api_version, made.kind, made.name, made.hook))


def _of(made: Made, verb: str) -> Need:
    """In a namespace the kind is enough, since names change with the values; in the whole cluster it is this one."""
    return Need(made.namespace, made.group, made.resource, verb, "" if made.namespace else made.name)


def _applying(made: Made) -> Iterable[Need]:
    """What Helm asks to make, change and delete one object."""
    for verb in APPLY:
        yield _of(made, verb)
    if made.hook:
        for verb in HOOK:
            yield Need(made.namespace, made.group, made.resource, verb)
    for rule in made.rules:
        yield from _held(made.namespace, rule)
    if made.role is not None:
        yield Need(made.namespace, RBAC, made.role[0], "bind", made.role[1])


def _held(namespace: str, rule: Mapping[str, Any]) -> Iterable[Need]:
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in rule.get("verbs") or ():
                for name in rule.get("resourceNames") or ("",):
                    yield Need(namespace, str(group), str(resource), str(verb), str(name))


def _watched(made: Sequence[Made]) -> set[tuple[str, str]]:
    """Group and resource of the kinds by which a rollout of these objects is followed."""
    refs = {ObjectRef(each.api_version, each.kind, each.name, each.hook): each for each in made}
    built_in = watched_kinds([ref for ref in refs if is_workload(ref)])
    found = {(api_version.rpartition("/")[0], plural_of(kind)) for kind, api_version in built_in.items()}
    return found | {(each.group, each.resource) for ref, each in refs.items() if is_custom(ref)}


def plural_of(kind: str) -> str:
    """How a kind's resource is called, as Kubernetes itself guesses it; right for all that are built in."""
    name = kind.lower()
    if name.endswith("endpoints"):
        return name
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
