"""The least that a client may send of each kind that the bot deals with."""

from typing import Any

Object = dict[str, Any]

LABELS = {"app": "web"}
IMAGE = "registry.example/web:v1"


def pod(name: str = "web", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"containers": [container()], **spec}}


def container(name: str = "web", **more: Any) -> Object:
    return {"name": name, "image": IMAGE, **more}


def template(labels: dict[str, str] | None = None, **spec: Any) -> Object:
    return {
        "metadata": {"labels": LABELS if labels is None else labels},
        "spec": {"containers": [container()], **spec},
    }


def workload(name: str = "web", **spec: Any) -> Object:
    """A Deployment, ReplicaSet or DaemonSet."""
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": LABELS}, "template": template(), **spec},
    }


def stateful_set(name: str = "web", **spec: Any) -> Object:
    return workload(name, **({"serviceName": "web"} | spec))


def job(name: str = "web", **spec: Any) -> Object:
    of_pod = {"spec": {"containers": [container()], "restartPolicy": "Never"}}
    return {"metadata": {"name": name}, "spec": {"template": of_pod, **spec}}


def cron_job(name: str = "web", **spec: Any) -> Object:
    whole = {"schedule": "0 3 * * *", "jobTemplate": {"spec": job()["spec"]}, **spec}
    return {"metadata": {"name": name}, "spec": whole}


def service(name: str = "web", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"selector": LABELS, "ports": [{"port": 80}], **spec}}


def claim(name: str = "web", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": {**asked, "storageClassName": "none-of-them", **spec}}


def ingress(name: str = "web", **spec: Any) -> Object:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rule = {"host": "web.example", "http": {"paths": [path]}}
    return {"metadata": {"name": name}, "spec": {"rules": [rule], **spec}}


def autoscaler(name: str = "web", **spec: Any) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"metadata": {"name": name}, "spec": {"scaleTargetRef": target, "maxReplicas": 3, **spec}}


def budget(name: str = "web", **spec: Any) -> Object:
    whole = {"selector": {"matchLabels": LABELS}, "minAvailable": 1, **spec}
    return {"metadata": {"name": name}, "spec": whole}


def config_map(name: str = "web", **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data or {"colour": "blue"}}


def role(name: str = "web", *rules: Object) -> Object:
    read = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    return {"metadata": {"name": name}, "rules": list(rules or (read,))}


def binding(name: str = "web", role: str = "web", user: str = "vera", **more: Any) -> Object:
    return {
        "metadata": {"name": name},
        "roleRef": {"kind": "Role", "name": role},
        "subjects": [{"kind": "User", "name": user}],
        **more,
    }


def quota(name: str = "web", **hard: str) -> Object:
    return {"metadata": {"name": name}, "spec": {"hard": hard}}
