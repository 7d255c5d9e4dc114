"""Rendered text to objects: what a chart makes, each object under the name that the cluster knows it by.

YAML is read as Kubernetes reads it (sigs.k8s.io/yaml): `yes`, `on` and dates are plain strings.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

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

MOST_ALIASES = 200
"""Aliases in one file: a chart has no use for more, a YAML bomb (CVE-2019-11253) lives of them."""


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


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's core scalars."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":timestamp", ":bool", ":int"))]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:[-+]?(?:0|[1-9]\d*)|0x[0-9a-fA-F]+)$"), list("-+0123456789")
)


def parse(files: Mapping[str, str], namespace: str) -> list[Manifest]:
    """The objects of all rendered `files` (template path to text), in the files' order.

    `namespace` is the release's: an object that names none lives there.
    Raises: PlanRefused for invalid YAML, a document that is no object, or two objects of one name.
    """
    found: dict[ObjectKey, Manifest] = {}
    for file, text in files.items():
        for manifest in _parse_file(file, text, namespace):
            other = found.get(manifest.key)
            if other is not None:
                raise PlanRefused(
                    f"The chart makes {manifest.key} twice",
                    where=f"{other.file} and {file}" if other.file != file else file,
                    advice="Give one of them another name",
                )
            found[manifest.key] = manifest
    return list(found.values())


def _parse_file(file: str, text: str, namespace: str) -> Iterable[Manifest]:
    try:
        _refuse_bomb(text)
        documents = list(yaml.load_all(text, Loader=_Loader))
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
        if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
            raise PlanRefused(
                "The chart renders something that is no Kubernetes object",
                where=file,
                advice="Each document needs apiVersion and kind",
                quote=str(document)[:200],
            )
        for item in _flattened(document):
            yield Manifest(key_of(item, namespace, file), item, file)


def load_all(text: str) -> list[Any]:
    """All YAML documents of a text, read as Kubernetes and Helm read them.

    Raises: yaml.YAMLError, also for more aliases than any honest file has.
    """
    _refuse_bomb(text)
    return list(yaml.load_all(text, Loader=_Loader))


def _refuse_bomb(text: str) -> None:
    if "&" not in text:
        return
    events = yaml.parse(text, Loader=_Loader)
    if sum(isinstance(event, yaml.AliasEvent) for event in events) > MOST_ALIASES:
        raise yaml.YAMLError(f"more than {MOST_ALIASES} aliases in one file")


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
    name = metadata.get("name") or metadata.get("generateName")
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
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template = spec.get("template")
    return template if isinstance(template, dict) and "containers" in (template.get("spec") or {}) else None


def images(item: Object) -> dict[str, str]:
    """The images of a workload's containers by container name, init containers included."""
    spec = (pod_template(item) or {}).get("spec") or {}
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return {str(c.get("name")): str(c.get("image", "")) for c in containers if isinstance(c, dict)}
