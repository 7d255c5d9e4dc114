"""What the server makes of the least that a client may send."""

import pytest

from tests.contract import objects
from tests.contract.asking import Both, Object

PROBED = objects.container(
    ports=[{"containerPort": 80, "name": "http"}],
    livenessProbe={"httpGet": {"port": "http"}},
    readinessProbe={"tcpSocket": {"port": 80}},
    startupProbe={"grpc": {"port": 80}},
    lifecycle={"preStop": {"httpGet": {"port": 80}}},
    env=[{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}, {"name": "EMPTY"}],
    resources={"limits": {"cpu": 2, "memory": "1024Mi"}},
)
VOLUMES = [
    {"name": "settings", "configMap": {"name": "web"}},
    {"name": "secret", "secret": {"secretName": "web"}},
    {
        "name": "about",
        "downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]},
    },
    {"name": "all", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
    {"name": "host", "hostPath": {"path": "/tmp"}},
    {"name": "scratch", "emptyDir": {}},
    {"name": "bare"},
]
METRICS: list[Object] = [
    {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
]
MINIMAL: dict[str, tuple[str, Object]] = {
    "a deployment": ("apps/v1/deployments", objects.workload()),
    "a deployment that is recreated": (
        "apps/v1/deployments",
        objects.workload(strategy={"type": "Recreate"}),
    ),
    "a deployment that may surge": (
        "apps/v1/deployments",
        objects.workload(strategy={"rollingUpdate": {"maxSurge": 2}}),
    ),
    "a replica set": ("apps/v1/replicasets", objects.workload(replicas=0)),
    "a stateful set": ("apps/v1/statefulsets", objects.stateful_set()),
    "a stateful set with claims": (
        "apps/v1/statefulsets",
        objects.stateful_set(volumeClaimTemplates=[objects.claim("data")], replicas=0),
    ),
    "a stateful set that waits": (
        "apps/v1/statefulsets",
        objects.stateful_set(updateStrategy={"type": "OnDelete"}, replicas=0),
    ),
    "a daemon set": ("apps/v1/daemonsets", objects.workload()),
    "a job": ("batch/v1/jobs", objects.job(suspend=True)),
    "a job of many": ("batch/v1/jobs", objects.job(suspend=True, parallelism=3)),
    "a cron job": ("batch/v1/cronjobs", objects.cron_job()),
    "a service": ("v1/services", objects.service()),
    "a headless service": ("v1/services", objects.service(clusterIP="None")),
    "a service with node ports": ("v1/services", objects.service(type="NodePort")),
    "a load balancer": ("v1/services", objects.service(type="LoadBalancer")),
    "a service elsewhere": (
        "v1/services",
        {"metadata": {"name": "web"}, "spec": {"type": "ExternalName", "externalName": "web.example"}},
    ),
    "a service with a named target": (
        "v1/services",
        objects.service(ports=[{"port": 80, "targetPort": "http", "name": "a"}, {"port": 81, "name": "b"}]),
    ),
    "a pod": ("v1/pods", objects.pod()),
    "a pod with all its probes": ("v1/pods", objects.pod(containers=[PROBED])),
    "a pod with volumes": ("v1/pods", objects.pod(volumes=VOLUMES)),
    "a pod with a sidecar": (
        "v1/pods",
        objects.pod(initContainers=[objects.container("proxy", restartPolicy="Always")]),
    ),
    "a pod of the latest image": ("v1/pods", objects.pod(containers=[{"name": "web", "image": "web"}])),
    "a pod of a priority": ("v1/pods", objects.pod(priorityClassName="system-node-critical")),
    "a pod with equal requests and limits": (
        "v1/pods",
        objects.pod(containers=[objects.container(resources={"limits": {"cpu": "1", "memory": "1Gi"}})]),
    ),
    "a pod without its account's token": ("v1/pods", objects.pod(automountServiceAccountToken=False)),
    "a claim": ("v1/persistentvolumeclaims", objects.claim()),
    "an ingress": ("networking.k8s.io/v1/ingresses", objects.ingress()),
    "a network policy": (
        "networking.k8s.io/v1/networkpolicies",
        {"metadata": {"name": "web"}, "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}},
    ),
    "an autoscaler": ("autoscaling/v2/horizontalpodautoscalers", objects.autoscaler()),
    "an autoscaler with metrics": (
        "autoscaling/v2/horizontalpodautoscalers",
        objects.autoscaler(metrics=METRICS, behavior={"scaleDown": {"stabilizationWindowSeconds": 60}}),
    ),
    "an autoscaler of the first version": (
        "autoscaling/v1/horizontalpodautoscalers",
        objects.autoscaler(targetCPUUtilizationPercentage=70),
    ),
    "a disruption budget": ("policy/v1/poddisruptionbudgets", objects.budget()),
    "a config map": ("v1/configmaps", objects.config_map()),
    "a secret": ("v1/secrets", {"metadata": {"name": "web"}, "stringData": {"password": "blue"}}),
    "a secret of registries": (
        "v1/secrets",
        {
            "metadata": {"name": "web"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": "e30="},
        },
    ),
    "an account": ("v1/serviceaccounts", {"metadata": {"name": "web"}}),
    "a quota": ("v1/resourcequotas", objects.quota(pods="10")),
    "a limit range": (
        "v1/limitranges",
        {
            "metadata": {"name": "web"},
            "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "min": {"cpu": "100m"}}]},
        },
    ),
    "a role": ("rbac.authorization.k8s.io/v1/roles", objects.role()),
    "a role binding": ("rbac.authorization.k8s.io/v1/rolebindings", objects.binding()),
    "a lease": (
        "coordination.k8s.io/v1/leases",
        {"metadata": {"name": "web"}, "spec": {"holderIdentity": "me"}},
    ),
    "an endpoint slice": (
        "discovery.k8s.io/v1/endpointslices",
        {
            "metadata": {"name": "web"},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.1.2.3"]}],
            "ports": [{"port": 80}],
        },
    ),
}


@pytest.mark.parametrize("what", MINIMAL)
async def test_the_least_is_made_whole_in_the_same_way(both: Both, what: str) -> None:
    place, least = MINIMAL[what]
    await settled(both)
    code, _, _ = await both.agree(lambda side: side.create(place, least, fieldValidation="Strict"))
    assert code == 201


async def settled(both: Both) -> None:
    """Until pods may be made: a namespace's account comes a moment after it."""
    for side in (both.embedded, both.real):
        async with side.watch("v1/serviceaccounts", fieldSelector="metadata.name=default") as events:
            await anext(events)
