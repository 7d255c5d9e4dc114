"""From single rights to the Roles, ClusterRoles and bindings that grant exactly those. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.rbac.needs import RBAC, Need

Object = dict[str, Any]

SERVICE_ACCOUNT = "system:serviceaccount:"

_ORDER = ("get", "list", "watch", "create", "update", "patch", "delete", "bind", "impersonate")


@dataclass(frozen=True)
class Subject:
    """Who gets the rights."""

    kind: str
    """ServiceAccount, User or Group."""
    name: str
    namespace: str = ""

    @classmethod
    def of_user(cls, user: str) -> "Subject":
        """From the name by which the API server knows whoever asks."""
        if user.startswith(SERVICE_ACCOUNT):
            namespace, _, name = user.removeprefix(SERVICE_ACCOUNT).partition(":")
            return cls("ServiceAccount", name, namespace)
        return cls("User", user)

    @property
    def object(self) -> Object:
        """As a binding names it."""
        if self.kind == "ServiceAccount":
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"kind": self.kind, "name": self.name, "apiGroup": RBAC}


def rules(needs: Collection[Need]) -> list[Object]:
    """The rules of one role, as few as say exactly this; `needs` are of one namespace."""
    verbs: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    whole = {(each.group, each.resource, each.verb) for each in needs if not each.name}
    for each in needs:
        if not each.name or (each.group, each.resource, each.verb) not in whole:
            verbs[each.group, each.resource, each.name].add(each.verb)
    names: dict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for (group, resource, name), found in verbs.items():
        names[group, resource, _ordered(found)].add(name)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], set[str]] = defaultdict(set)
    for (group, resource, ordered), named in names.items():
        for each_set in ({""} & named, named - {""}):
            if each_set:
                resources[group, ordered, tuple(sorted(each_set - {""}))].add(resource)
    return [
        {"apiGroups": [group], "resources": sorted(found)}
        | ({"resourceNames": list(named)} if named else {})
        | {"verbs": list(ordered)}
        for (group, ordered, named), found in sorted(
            resources.items(), key=lambda item: (item[0][0], sorted(item[1]), item[0][2])
        )
    ]


def documents(
    needs: Collection[Need], subject: Subject, *, name: str, namespaces: Iterable[str] = ()
) -> list[Object]:
    """Everything to apply, in an order that works: `namespaces` that have to be there, then roles with bindings.

    `name` is what all of them are called.
    """
    found: list[Object] = [_object("v1", "Namespace", each) for each in sorted(set(namespaces))]
    for namespace in sorted({each.namespace for each in needs}):
        mine = [each for each in needs if each.namespace == namespace]
        found += _role(namespace, rules(mine), subject, name)
    return found


def by_namespace(needs: Collection[Need]) -> Mapping[str, list[Object]]:
    """The rules of each namespace; those of the whole cluster under ""."""
    places = sorted({each.namespace for each in needs})
    return {place: rules([each for each in needs if each.namespace == place]) for place in places}


def _role(namespace: str, granted: list[Object], subject: Subject, name: str) -> list[Object]:
    kind = "Role" if namespace else "ClusterRole"
    api = f"{RBAC}/v1"
    reference = {"apiGroup": RBAC, "kind": kind, "name": name}
    return [
        _object(api, kind, name, namespace) | {"rules": granted},
        _object(api, f"{kind}Binding", name, namespace)
        | {"roleRef": reference, "subjects": [subject.object]},
    ]


def _object(api_version: str, kind: str, name: str, namespace: str = "") -> Object:
    metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _ordered(verbs: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        sorted(verbs, key=lambda verb: (_ORDER.index(verb) if verb in _ORDER else len(_ORDER), verb))
    )
