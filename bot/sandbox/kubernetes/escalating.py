"""Nobody grants more than they hold: what Kubernetes checks whenever a role or a binding is written.

Whoever may `escalate` a role, or `bind` to it, is free of that (Kubernetes' documentation of RBAC, "Privilege
escalation prevention and bootstrapping").
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.authorization import (
    MASTERS,
    RBAC,
    Attributes,
    Identity,
    allowed,
    grants,
    rules,
    rules_of,
)
from bot.sandbox.kubernetes.errors import forbidden
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
    granted = after.get("rules") or [] if reference is None else rules_of(storage, reference, namespace)
    held = list(rules(storage, who, namespace))
    beyond = [each for each in _single(granted, namespace) if not any(grants(rule, each) for rule in held)]
    if beyond:
        groups = ", ".join(f'"{group}"' for group in who.groups)
        raise forbidden(
            resource.subject(name),
            f'user "{who.user}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently '
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
    lines = []
    for each in beyond:
        if each.path:
            lines.append(f"{{NonResourceURLs:{canonical([each.path])}, Verbs:{canonical([each.verb])}}}")
            continue
        names = f", ResourceNames:{canonical([each.name])}" if each.name else ""
        lines.append(
            f"{{APIGroups:{canonical([each.group])}, Resources:{canonical([each.full_resource])}{names}, "
            f"Verbs:{canonical([each.verb])}}}"
        )
    return "\n".join(dict.fromkeys(lines))
