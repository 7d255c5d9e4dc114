"""Nobody grants more than they hold: what Kubernetes checks whenever a role or a binding is written.

Whoever may `escalate` a role, or `bind` to it, is free of that (Kubernetes' documentation of RBAC, "Privilege
escalation prevention and bootstrapping").
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.sandbox.kubernetes.authorization import (
    MASTERS,
    RBAC,
    Attributes,
    Identity,
    allowed,
    grants,
    role_of,
    rules,
    rules_of,
)
from bot.sandbox.kubernetes.errors import forbidden, not_found
from bot.sandbox.kubernetes.fields import canonical
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.storage import Storage

Object = dict[str, Any]

PLURALS = {"Role": "roles", "ClusterRole": "clusterroles"}


def check_escalation(storage: Storage, who: Identity, resource: Resource, after: Object) -> None:
    """Raises: ApiError 403 when the object would grant what `who` does not have."""
    if resource.group != RBAC or MASTERS in who.groups:
        return
    namespace, name = after["metadata"].get("namespace", ""), after["metadata"]["name"]
    reference = after.get("roleRef")
    plural, role = (resource.plural, name) if reference is None else _of(reference)
    free = Attributes("escalate" if reference is None else "bind", RBAC, plural, "", namespace, role)
    if allowed(storage, who, free):
        return
    if reference is not None and role_of(storage, reference, namespace) is None:
        raise not_found(resource.subject(role))
    granted = after.get("rules") or [] if reference is None else rules_of(storage, reference, namespace)
    held = list(rules(storage, who, namespace))
    beyond = [each for each in _single(granted, namespace) if not any(grants(rule, each) for rule in held)]
    if beyond:
        raise forbidden(
            resource.subject(name),
            f'user "{who.user}" (groups={_listed(who.groups)}) is attempting to grant RBAC permissions not currently '
            f"held:\n{_shown(beyond)}",
        )


def _of(reference: Object) -> tuple[str, str]:
    return PLURALS.get(reference["kind"], ""), reference["name"]


def _single(granted: Any, namespace: str) -> Iterator[Attributes]:
    """Each single right of rules."""
    for rule in granted:
        for verb in rule.get("verbs") or []:
            for path in rule.get("nonResourceURLs") or []:
                yield Attributes(verb, path=path)
            for group in rule.get("apiGroups") or []:
                for full in rule.get("resources") or []:
                    resource, _, subresource = full.partition("/")
                    for name in rule.get("resourceNames") or [""]:
                        yield Attributes(verb, group, resource, subresource, namespace, name)


def _shown(beyond: list[Attributes]) -> str:
    """A line for each resource, with all the verbs."""
    verbs: dict[str, list[str]] = {}
    for each in beyond:
        if each.path:
            line = f"{{NonResourceURLs:{_listed([each.path])}, "
        else:
            names = f", ResourceNames:{_listed([each.name])}" if each.name else ""
            line = f"{{APIGroups:{_listed([each.group])}, Resources:{_listed([each.full_resource])}{names}, "
        verbs.setdefault(line, []).append(each.verb)
    return "\n".join(
        f"{line}Verbs:{_listed(dict.fromkeys(found))}}}" for line, found in sorted(verbs.items())
    )


def _listed(words: Iterable[str]) -> str:
    """A list as Go prints it."""
    return f"[{' '.join(map(canonical, words))}]"
