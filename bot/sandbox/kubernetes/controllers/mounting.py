"""What a pod takes from Secrets and ConfigMaps, and what of that is missing, in the kubelet's words."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import CONFIG_MAP, SECRET, Kind
from bot.sandbox.kubernetes.storage import Object


class _Wanted(NamedTuple):
    kind: Kind
    name: str
    keys: tuple[str, ...]
    optional: bool


def missing_environment(cluster: Cluster, namespace: str, container: Object) -> str | None:
    """Why the container's environment cannot be made: CreateContainerConfigError's message, or None."""
    for wanted in _environment(container):
        held = cluster.get(wanted.kind.key(namespace, wanted.name))
        word = wanted.kind.name.lower()
        if held is None and not wanted.optional:
            return f'{word} "{wanted.name}" not found'
        for key in wanted.keys if held is not None and not wanted.optional else ():
            if key not in _data(held or {}):
                return f"couldn't find key {key} in {wanted.kind.name} {namespace}/{wanted.name}"
    return None


def missing_volume(cluster: Cluster, namespace: str, spec: Object) -> tuple[str, str] | None:
    """The first volume that cannot be mounted and why: FailedMount's words, or None."""
    for volume in spec.get("volumes") or ():
        for wanted in _sources(volume):
            held = cluster.get(wanted.kind.key(namespace, wanted.name))
            if wanted.optional:
                continue
            if held is None:
                return volume["name"], f'{wanted.kind.name.lower()} "{wanted.name}" not found'
            if absent := [key for key in wanted.keys if key not in _data(held)]:
                return volume["name"], f"references non-existent {_word(wanted.kind)} key: {absent[0]}"
    return None


def _environment(container: Object) -> Iterator[_Wanted]:
    for source in container.get("envFrom") or ():
        for field, kind in (("configMapRef", CONFIG_MAP), ("secretRef", SECRET)):
            if reference := source.get(field):
                yield _Wanted(kind, reference.get("name", ""), (), bool(reference.get("optional")))
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", CONFIG_MAP), ("secretKeyRef", SECRET)):
            if reference := source.get(field):
                keys = (reference["key"],)
                yield _Wanted(kind, reference.get("name", ""), keys, bool(reference.get("optional")))


def _sources(volume: Object) -> Iterator[_Wanted]:
    parts = [volume, *((volume.get("projected") or {}).get("sources") or ())]
    for part in parts:
        for field, kind, name in (("configMap", CONFIG_MAP, "name"), ("secret", SECRET, "secretName")):
            if source := part.get(field):
                keys = tuple(item["key"] for item in source.get("items") or ())
                named = source.get(name) or source.get("name", "")
                yield _Wanted(kind, named, keys, bool(source.get("optional")))


def _data(held: Object) -> set[str]:
    return {*(held.get("data") or {}), *(held.get("binaryData") or {}), *(held.get("stringData") or {})}


def _word(kind: Kind) -> str:
    return "config" if kind is CONFIG_MAP else "secret"
