"""What the server says to an object that is wrong: the words that a failed deploy shows."""

from typing import Any

import pytest

from tests.contract import objects
from tests.contract.asking import Both, Object


def with_container(**fields: Any) -> Object:
    return objects.workload(template=objects.template(containers=[{**objects.container(), **fields}]))


def changed(obj: Object, *path: str, to: Any) -> Object:
    whole = {**obj}
    if len(path) == 1:
        whole[path[0]] = to
    else:
        whole[path[0]] = changed(obj.get(path[0]) or {}, *path[1:], to=to)
    return whole


DEPLOYMENTS, SERVICES, PODS = "apps/v1/deployments", "v1/services", "v1/pods"
WRONG: dict[str, tuple[str, Any]] = {
    "an unknown field": (DEPLOYMENTS, objects.workload(replica=1)),
    "two unknown fields": (DEPLOYMENTS, with_container(imagePull="Always", enf=[])),
    "an unknown field at the top": (DEPLOYMENTS, {**objects.workload(), "specs": {}}),
    "text for a number": (DEPLOYMENTS, objects.workload(replicas="two")),
    "a number for text": (DEPLOYMENTS, with_container(image=1)),
    "a truth for text": (DEPLOYMENTS, with_container(env=[{"name": "A", "value": True}])),
    "a number for the text of a variable": (DEPLOYMENTS, with_container(env=[{"name": "A", "value": 1}])),
    "text for a truth": (DEPLOYMENTS, objects.workload(paused="yes")),
    "a list for an object": (DEPLOYMENTS, {**objects.workload(), "spec": []}),
    "an object for a list": (DEPLOYMENTS, objects.workload(template=objects.template(containers={}))),
    "a number for a label": (
        DEPLOYMENTS,
        changed(objects.workload(), "metadata", to={"name": "web", "labels": {"a": 1}}),
    ),
    "a number in a config map": ("v1/configmaps", {"metadata": {"name": "web"}, "data": {"port": 80}}),
    "a fraction for a number": (DEPLOYMENTS, objects.workload(replicas=1.5)),
    "no name": (DEPLOYMENTS, {**objects.workload(), "metadata": {}}),
    "a name in capitals": (DEPLOYMENTS, objects.workload("Web")),
    "a name that is too long": (DEPLOYMENTS, objects.workload("w" * 254)),
    "a service's name with a dot": (SERVICES, objects.service("web.de")),
    "a service's name that is too long": (SERVICES, objects.service("w" * 64)),
    "a bad label": (
        DEPLOYMENTS,
        changed(objects.workload(), "metadata", to={"name": "web", "labels": {"a": "b c"}}),
    ),
    "a label that is too long": (
        DEPLOYMENTS,
        changed(objects.workload(), "metadata", to={"name": "web", "labels": {"a": "b" * 64}}),
    ),
    "an empty selector": (DEPLOYMENTS, objects.workload(selector={})),
    "an empty selector of a stateful set": ("apps/v1/statefulsets", objects.stateful_set(selector={})),
    "an empty selector of a daemon set": ("apps/v1/daemonsets", objects.workload(selector={})),
    "a bad label's name": (
        DEPLOYMENTS,
        changed(objects.workload(), "metadata", to={"name": "web", "labels": {"a b": "c"}}),
    ),
    "a bad annotation's name": (
        DEPLOYMENTS,
        changed(objects.workload(), "metadata", to={"name": "web", "annotations": {"a b": "c"}}),
    ),
    "a bad finalizer": (
        DEPLOYMENTS,
        changed(objects.workload(), "metadata", to={"name": "web", "finalizers": ["done"]}),
    ),
    "no selector": (DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": {"template": objects.template()}}),
    "no template": (
        DEPLOYMENTS,
        {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": objects.LABELS}}},
    ),
    "no spec": (DEPLOYMENTS, {"metadata": {"name": "web"}}),
    "a selector that misses": (DEPLOYMENTS, objects.workload(template=objects.template({"app": "other"}))),
    "a template without labels": (DEPLOYMENTS, objects.workload(template=objects.template({}))),
    "fewer than no replicas": (DEPLOYMENTS, objects.workload(replicas=-1)),
    "a strategy there is not": (DEPLOYMENTS, objects.workload(strategy={"type": "Slowly"})),
    "a rolling update of what is recreated": (
        DEPLOYMENTS,
        objects.workload(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
    ),
    "no surge and nothing unavailable": (
        DEPLOYMENTS,
        objects.workload(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
    ),
    "a percentage that is none": (
        DEPLOYMENTS,
        objects.workload(strategy={"rollingUpdate": {"maxSurge": "some"}}),
    ),
    "a deadline that is too short": (
        DEPLOYMENTS,
        objects.workload(progressDeadlineSeconds=1, minReadySeconds=5),
    ),
    "no containers": (DEPLOYMENTS, objects.workload(template=objects.template(containers=[]))),
    "a container without image": (DEPLOYMENTS, with_container(image="")),
    "a container without name": (DEPLOYMENTS, with_container(name="")),
    "a container without either": (DEPLOYMENTS, objects.workload(template=objects.template(containers=[{}]))),
    "a container's name in capitals": (DEPLOYMENTS, with_container(name="Web")),
    "two containers of one name": (
        DEPLOYMENTS,
        objects.workload(template=objects.template(containers=[objects.container(), objects.container()])),
    ),
    "a port twice": (
        DEPLOYMENTS,
        with_container(ports=[{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]),
    ),
    "a port that is too large": (DEPLOYMENTS, with_container(ports=[{"containerPort": 70000}])),
    "no port's number": (DEPLOYMENTS, with_container(ports=[{"name": "http"}])),
    "a port's name that is too long": (
        DEPLOYMENTS,
        with_container(ports=[{"containerPort": 80, "name": "the-port-of-the-web"}]),
    ),
    "a protocol there is not": (
        DEPLOYMENTS,
        with_container(ports=[{"containerPort": 80, "protocol": "HTTP"}]),
    ),
    "a pull policy there is not": (DEPLOYMENTS, with_container(imagePullPolicy="Sometimes")),
    "a restart policy that a deployment lacks": (
        DEPLOYMENTS,
        objects.workload(template=objects.template(restartPolicy="Never")),
    ),
    "a variable without name": (DEPLOYMENTS, with_container(env=[{"value": "1"}])),
    "a variable's name with an equals sign": (
        DEPLOYMENTS,
        with_container(env=[{"name": "A=B", "value": "1"}]),
    ),
    "a variable with a value from two places": (
        DEPLOYMENTS,
        with_container(
            env=[{"name": "A", "value": "1", "valueFrom": {"secretKeyRef": {"name": "web", "key": "a"}}}]
        ),
    ),
    "a mount of no volume": (
        DEPLOYMENTS,
        with_container(volumeMounts=[{"name": "data", "mountPath": "/data"}]),
    ),
    "two mounts in one place": (
        DEPLOYMENTS,
        objects.workload(
            template=objects.template(
                containers=[
                    objects.container(
                        volumeMounts=[
                            {"name": "data", "mountPath": "/a"},
                            {"name": "data", "mountPath": "/a"},
                        ]
                    )
                ],
                volumes=[{"name": "data", "emptyDir": {}}],
            )
        ),
    ),
    "two volumes of one name": (
        DEPLOYMENTS,
        objects.workload(
            template=objects.template(volumes=[{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}])
        ),
    ),
    "a volume of two sorts": (
        DEPLOYMENTS,
        objects.workload(
            template=objects.template(volumes=[{"name": "a", "emptyDir": {}, "configMap": {"name": "web"}}])
        ),
    ),
    "a quantity that is none": (DEPLOYMENTS, with_container(resources={"requests": {"cpu": "lots"}})),
    "a negative quantity": (DEPLOYMENTS, with_container(resources={"requests": {"cpu": "-1"}})),
    "more asked for than allowed": (
        DEPLOYMENTS,
        with_container(resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}),
    ),
    "a resource there is not": (DEPLOYMENTS, with_container(resources={"requests": {"gpu": "1"}})),
    "a probe without a handler": (DEPLOYMENTS, with_container(livenessProbe={"periodSeconds": 1})),
    "a probe with two handlers": (
        DEPLOYMENTS,
        with_container(livenessProbe={"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}),
    ),
    "a probe of a port there cannot be": (
        DEPLOYMENTS,
        with_container(livenessProbe={"httpGet": {"port": 0}}),
    ),
    "a stateful set without a selector": ("apps/v1/statefulsets", {"metadata": {"name": "web"}, "spec": {}}),
    "a daemon set that may not be unavailable": (
        "apps/v1/daemonsets",
        objects.workload(updateStrategy={"rollingUpdate": {"maxUnavailable": 0}}),
    ),
    "a job that always restarts": (
        "batch/v1/jobs",
        objects.job(template={"spec": {"containers": [objects.container()], "restartPolicy": "Always"}}),
    ),
    "a job that does not say whether it restarts": (
        "batch/v1/jobs",
        objects.job(template={"spec": {"containers": [objects.container()]}}),
    ),
    "a job with a negative limit": ("batch/v1/jobs", objects.job(backoffLimit=-1)),
    "a schedule that is none": ("batch/v1/cronjobs", objects.cron_job(schedule="at night")),
    "a cron job's name that is too long": ("batch/v1/cronjobs", objects.cron_job("w" * 53)),
    "a time zone there is not": ("batch/v1/cronjobs", objects.cron_job(timeZone="Mars/Olympus")),
    "a concurrency there is not": ("batch/v1/cronjobs", objects.cron_job(concurrencyPolicy="Never")),
    "a service without ports": (
        SERVICES,
        {"metadata": {"name": "web"}, "spec": {"selector": objects.LABELS}},
    ),
    "a service of two ports without names": (SERVICES, objects.service(ports=[{"port": 80}, {"port": 81}])),
    "a service with a port twice": (
        SERVICES,
        objects.service(ports=[{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]),
    ),
    "a service's port that is too large": (SERVICES, objects.service(ports=[{"port": 70000}])),
    "a service's type there is not": (SERVICES, objects.service(type="Public")),
    "a node port out of range": (
        SERVICES,
        objects.service(type="NodePort", ports=[{"port": 80, "nodePort": 80}]),
    ),
    "a service elsewhere that says not where": (
        SERVICES,
        {"metadata": {"name": "web"}, "spec": {"type": "ExternalName"}},
    ),
    "a claim without a mode": ("v1/persistentvolumeclaims", objects.claim(accessModes=[])),
    "a claim without a size": ("v1/persistentvolumeclaims", objects.claim(resources={})),
    "an ingress without rules": ("networking.k8s.io/v1/ingresses", {"metadata": {"name": "web"}, "spec": {}}),
    "an ingress's path without a type": (
        "networking.k8s.io/v1/ingresses",
        objects.ingress(
            rules=[
                {
                    "http": {
                        "paths": [
                            {"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
                        ]
                    }
                }
            ]
        ),
    ),
    "an ingress of a bad host": (
        "networking.k8s.io/v1/ingresses",
        objects.ingress(rules=[{"host": "Web_1", "http": objects.ingress()["spec"]["rules"][0]["http"]}]),
    ),
    "an autoscaler without a maximum": (
        "autoscaling/v2/horizontalpodautoscalers",
        {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}},
    ),
    "an autoscaler whose least is more": (
        "autoscaling/v2/horizontalpodautoscalers",
        objects.autoscaler(minReplicas=5),
    ),
    "a budget of both sorts": ("policy/v1/poddisruptionbudgets", objects.budget(maxUnavailable=1)),
    "a key of a config map with a slash": (
        "v1/configmaps",
        {"metadata": {"name": "web"}, "data": {"a/b": "c"}},
    ),
    "a secret that is not base64": ("v1/secrets", {"metadata": {"name": "web"}, "data": {"a": "no base64!"}}),
    "a secret of registries without its key": (
        "v1/secrets",
        {"metadata": {"name": "web"}, "type": "kubernetes.io/dockerconfigjson", "data": {}},
    ),
    "a role's rule without verbs": (
        "rbac.authorization.k8s.io/v1/roles",
        objects.role("web", {"apiGroups": [""], "resources": ["pods"], "verbs": []}),
    ),
    "a pod of an account there is not": (PODS, objects.pod(serviceAccountName="nobody")),
    "a pod of a priority there is not": (PODS, objects.pod(priorityClassName="urgent")),
    "another kind than the path's": (DEPLOYMENTS, {**objects.pod(), "apiVersion": "v1", "kind": "Pod"}),
    "another version than the path's": (DEPLOYMENTS, {**objects.workload(), "apiVersion": "apps/v1beta1"}),
    "another namespace than the path's": (
        DEPLOYMENTS,
        {**objects.workload(), "metadata": {"name": "web", "namespace": "elsewhere"}},
    ),
    "nothing": (DEPLOYMENTS, b"{}"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_is_wrong_is_refused_in_the_same_words(both: Both, what: str) -> None:
    place, wrong = WRONG[what]
    code, _, _ = await both.agree(lambda side: side.create(place, wrong, fieldValidation="Strict"))
    assert code in (400, 403, 404, 422)
