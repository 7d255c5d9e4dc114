"""What a cluster runs on before anyone uses it: two nodes and a storage class."""

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import NODE, STORAGE_CLASS, Kind
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Object

NODES = {"worker-1": "10.0.0.11", "worker-2": "10.0.0.12"}
"""The nodes by name, with their addresses."""

CAPACITY = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"}

_HEALTHY = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def furnish(cluster: Cluster, version: str) -> None:
    """Create whatever of it is missing; `version` is the kubelets', as v1.37.0."""
    for name, address in NODES.items():
        _create(cluster, NODE, name, _node(cluster, name, address, version), labels=_node_labels(name))
    if not cluster.all(STORAGE_CLASS):
        marked = {"storageclass.kubernetes.io/is-default-class": "true"}
        body = {
            "provisioner": "sandbox.local/disk",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        }
        _create(cluster, STORAGE_CLASS, "standard", body, annotations=marked)


def _create(
    cluster: Cluster,
    kind: Kind,
    name: str,
    body: Object,
    *,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> None:
    if cluster.get(kind.key("", name)) is None:
        metadata = new_metadata(name, at=cluster.now, labels=labels, annotations=annotations)
        cluster.create(kind, {"metadata": metadata, **body})


def _node_labels(name: str) -> dict[str, str]:
    return {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": f"zone-{name[-1]}",
    }


def _node(cluster: Cluster, name: str, address: str, version: str) -> Object:
    stamp = cluster.stamp
    conditions = [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": stamp,
            "lastTransitionTime": stamp,
        }
        for kind, (status, reason, message) in _HEALTHY.items()
    ]
    return {
        "spec": {"podCIDR": f"10.244.{address[-1]}.0/24", "providerID": f"sandbox://{name}"},
        "status": {
            "capacity": dict(CAPACITY),
            "allocatable": dict(CAPACITY),
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "conditions": conditions,
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "Pilothouse sandbox",
                "kernelVersion": "6.12.0",
                "containerRuntimeVersion": "containerd://2.1.0",
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "machineID": name,
                "systemUUID": name,
                "bootID": name,
            },
        },
    }
