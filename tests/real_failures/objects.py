"""The objects of these tests: small workloads, and a node that no kubelet plays."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

IMAGE = "registry.example.org/team/shop:v1.2"
NOBODY: Object = {"nodeName": "nobody", "terminationGracePeriodSeconds": 0}
"""Of pods that no kubelet runs, so that a test may say what became of them. They end at once when deleted."""


def item(api_version: str, kind: str, name: str, **more: Any) -> Object:
    """Any object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **more}


def template(app: str, image: str = IMAGE, *, container: Object | None = None, **spec: Any) -> Object:
    """A pod's template with one container `app`; `container` adds to that, `spec` to the pod's."""
    whole = {
        "name": "app",
        "image": image,
        "resources": {"limits": {"memory": "256Mi"}},
        **(container or {}),
    }
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [whole], **spec}}


def deployment(
    app: str, *, replicas: int = 1, image: str = IMAGE, spec: Object | None = None, **pod: Any
) -> Object:
    """A Deployment; `spec` adds to its own, the rest to its pods' (as `template`)."""
    return workload("Deployment", app, replicas=replicas, image=image, spec=spec, **pod)


def workload(
    kind: str,
    app: str,
    *,
    image: str = IMAGE,
    spec: Object | None = None,
    replicas: int | None = 1,
    **pod: Any,
) -> Object:
    """A Deployment, StatefulSet or DaemonSet (which has no replicas)."""
    counted = {"replicas": replicas} if kind != "DaemonSet" else {}
    whole: Object = {
        **counted,
        "selector": {"matchLabels": {"app": app}},
        "template": template(app, image, **pod),
        **(spec or {}),
    }
    return item("apps/v1", kind, app, spec=whole)


def job(app: str, *, image: str = IMAGE, spec: Object | None = None, **pod: Any) -> Object:
    """A Job whose pods are not started again."""
    whole = {
        "template": template(app, image, restartPolicy="Never", **pod),
        "backoffLimit": 0,
        **(spec or {}),
    }
    return item("batch/v1", "Job", app, spec=whole)


def hook(made: Object, when: str, *, deleted: str = "") -> Object:
    """The object as a hook of a release; `deleted` is its hook-delete-policy."""
    annotations = {"helm.sh/hook": when} | ({"helm.sh/hook-delete-policy": deleted} if deleted else {})
    return {**made, "metadata": {**made["metadata"], "annotations": annotations}}


def claim(name: str, **spec: Any) -> Object:
    """A PersistentVolumeClaim."""
    whole = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return item("v1", "PersistentVolumeClaim", name, spec=whole)


def disk(name: str) -> Object:
    """A pod's volume from that claim."""
    return {"name": "data", "persistentVolumeClaim": {"claimName": name}}


def node(name: str, *, pods: str = "10", **spec: Any) -> Object:
    """A node that is ready and that no kubelet plays, tainted so that only pods for it go there."""
    room = {"cpu": "4", "memory": "8Gi", "pods": pods}
    taints = [{"key": "example.org/own", "value": name, "effect": "NoSchedule"}]
    status = {
        "capacity": room,
        "allocatable": room,
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
    }
    return item("v1", "Node", name, spec={"taints": taints, **spec}, status=status)


def on(node_name: str, *, tolerates: str | None = None) -> Object:
    """What a pod's spec says so that it may go to that node only; it tolerates taints of that key (None: all)."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_name]}]}
    affinity = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {
        "affinity": {"nodeAffinity": affinity},
        "tolerations": [{"operator": "Exists"} | ({"key": tolerates} if tolerates else {})],
        "terminationGracePeriodSeconds": 0,
    }
