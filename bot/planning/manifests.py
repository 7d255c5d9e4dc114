"""Rendered text to objects: what a chart makes, each object under the name that the cluster knows it by.

How YAML is read is left to bot.planning.documents; whether the cluster takes an object, to the cluster.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import yaml

from bot.planning.documents import load_all
from bot.planning.errors import PlanRefused

Object = dict[str, Any]

HOOK = "helm.sh/hook"

CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "CSIDriver",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    }
)
"""The built-in kinds that live in no namespace."""

GENERATED = "*"
"""Ends a key's name where the cluster makes the name up; no real name has it."""


class ObjectKey(NamedTuple):
    """What makes an object the same one in two manifests; the API version may differ between them."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Manifest:
    """One object and the template that made it."""

    key: ObjectKey
    object: Object
    file: str = ""

    @property
    def hook_events(self) -> tuple[str, ...]:
        """The Helm events that it runs at; empty for an object of the release itself."""
        events = str(annotations(self.object).get(HOOK, ""))
        return tuple(event.strip() for event in events.split(",") if event.strip())


def parse(files: Mapping[str, str], namespace: str) -> list[Manifest]:
    """The objects of all rendered `files` (template path to text), in the files' order.

    `namespace` is the release's: an object that names none lives there.
    Raises: PlanRefused for invalid YAML, a document that is no object, or two objects of one name.
    """
    manifests: list[Manifest] = []
    seen: dict[tuple[ObjectKey, str], Manifest] = {}
    for file, text in files.items():
        for found in _parse_file(file, text, namespace):
            manifest = _numbered(found, manifests) if GENERATED in found.key.name else found
            _refuse_twice(manifest, seen)
            manifests.append(manifest)
    return manifests


def _refuse_twice(manifest: Manifest, seen: dict[tuple[ObjectKey, str], Manifest]) -> None:
    """Hooks may share a name where they never run at the same event: Helm puts one in the other's place."""
    for event in manifest.hook_events or ("",):
        other = seen.setdefault((manifest.key, event), manifest)
        if other is not manifest:
            raise PlanRefused(
                f"The chart makes {manifest.key} twice",
                where=f"{other.file} and {manifest.file}" if other.file != manifest.file else manifest.file,
                advice="Give one of them another name",
            )


def _numbered(manifest: Manifest, before: Iterable[Manifest]) -> Manifest:
    """Objects whose names the cluster makes up (`generateName`) are told apart by their order."""
    count = sum(each.key.name.startswith(manifest.key.name) for each in before)
    return replace(manifest, key=manifest.key._replace(name=f"{manifest.key.name}{count or ''}"))


def _parse_file(file: str, text: str, namespace: str) -> Iterable[Manifest]:
    try:
        documents = load_all(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1} of the rendered text" if mark is not None else ""
        raise PlanRefused(
            "The chart renders invalid YAML", where=f"{file}{line}", quote=str(error.problem or error)
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise PlanRefused("The chart renders invalid YAML", where=file, quote=str(error)) from error
    for document in documents:
        if document is None:
            continue
        _check_object(document, file)
        for item in _flattened(document):
            _check_object(item, file)
            yield Manifest(key_of(item, namespace, file), item, file)


def _check_object(document: Any, file: str) -> None:
    if not isinstance(document, dict):
        problem = "Each document should be a mapping"
    elif not all(
        isinstance(document.get(field), str) and document[field] for field in ("apiVersion", "kind")
    ):
        problem = "Each document needs apiVersion and kind"
    elif not isinstance(document.get("metadata") or {}, dict):
        problem = "metadata should be a mapping"
    elif not isinstance(annotations(document), dict):
        problem = "metadata.annotations should be a mapping"
    else:
        return
    raise PlanRefused(
        "The chart renders something that is no Kubernetes object",
        where=file,
        advice=problem,
        quote=_outline(document),
    )


def _outline(document: Any) -> str:
    """What a document is, without what it says: it may be a Secret that nobody can tell for one."""
    if isinstance(document, dict):
        return f"It has the keys {', '.join(str(key)[:40] for key in list(document)[:8])}"
    return "It is a list" if isinstance(document, list) else "It is a single value"


def _flattened(document: Object) -> Iterable[Object]:
    """A List stands for its items, as Helm treats it."""
    if document["kind"] == "List" and isinstance(document.get("items"), list):
        yield from document["items"]
    else:
        yield document


def key_of(item: Object, namespace: str, file: str = "") -> ObjectKey:
    """The object's key.

    Raises: PlanRefused when it has no name.
    """
    metadata = item.get("metadata") or {}
    name = metadata.get("name")
    if not name and metadata.get("generateName"):
        name = f"{metadata['generateName']}{GENERATED}"
    if not name:
        raise PlanRefused(f"The chart renders a {item['kind']} without a name", where=file)
    group, _, _ = str(item["apiVersion"]).rpartition("/")
    scope = "" if item["kind"] in CLUSTER_SCOPED else str(metadata.get("namespace") or namespace)
    return ObjectKey(group, str(item["kind"]), scope, str(name))


def annotations(item: Object) -> dict[str, Any]:
    """The object's annotations; {} when there are none."""
    return (item.get("metadata") or {}).get("annotations") or {}


def pod_template(item: Object) -> Object | None:
    """The pod template of a workload, or the pod itself; None for everything else."""
    spec = item.get("spec")
    if not isinstance(spec, dict):
        return None
    if item.get("kind") == "Pod":
        return item
    if item.get("kind") == "CronJob":
        spec = _below(_below(spec, "jobTemplate"), "spec")
    template = _below(spec, "template")
    return template if "containers" in _below(template, "spec") else None


def images(item: Object) -> dict[str, str]:
    """The images of a workload's containers by container name, init containers included."""
    spec = _below(pod_template(item) or {}, "spec")
    lists = (spec.get("initContainers"), spec.get("containers"))
    containers = [each for found in lists if isinstance(found, list) for each in found]
    return {str(c.get("name")): str(c.get("image", "")) for c in containers if isinstance(c, dict)}


def _below(item: Object, field: str) -> Object:
    """A mapping inside an object; {} where a chart put nothing or something else there."""
    found = item.get(field)
    return found if isinstance(found, dict) else {}
