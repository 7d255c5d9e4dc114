"""What a cluster runs on before anyone uses it: three nodes and a storage class."""

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import LEASE, NODE, STORAGE_CLASS, Kind
from bot.sandbox.kubernetes.metadata import exact_timestamp, new_metadata
from bot.sandbox.kubernetes.storage import Object

NODES = {f"worker-{number}": f"10.0.0.1{number}" for number in (1, 2, 3)}
"""The nodes by name, with their addresses."""

CAPACITY = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"}

PROVISIONER = "sandbox.local/disk"
"""Who makes the disks of the storage class."""

TIME_TO_LIVE = {"node.alpha.kubernetes.io/ttl": "0"}

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"

_HEALTHY = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def furnish(cluster: Cluster, version: str) -> None:
    """Create whatever of it is missing; `version` is the kubelets', as v1.37.0."""
    for name, address in NODES.items():
        node = node_of(name, address, CAPACITY, version, cluster.stamp)
        node["spec"]["podCIDR"] = f"10.244.{address[-1]}.0/24"
        _create(cluster, NODE, name, node, labels=node_labels(name), annotations=TIME_TO_LIVE)
        _lease(cluster, name)
    if not cluster.all(STORAGE_CLASS):
        _create(cluster, STORAGE_CLASS, "standard", disk_class(), annotations={DEFAULT_CLASS: "true"})


def _lease(cluster: Cluster, node: str) -> None:
    """The node's sign of life, given once: nodes of this cluster do not die."""
    key = LEASE.key("kube-node-lease", node)
    if cluster.get(key) is None:
        metadata = new_metadata(key.name, key.namespace, at=cluster.now)
        spec = {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": exact_timestamp(cluster.now)}
        cluster.create(LEASE, {"metadata": metadata, "spec": spec})


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


def disk_class() -> Object:
    """A StorageClass whose disks are there as soon as they are claimed, without its metadata."""
    return {"provisioner": PROVISIONER, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}


def node_labels(name: str) -> dict[str, str]:
    """The labels that a kubelet and a cloud give a node."""
    return {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": f"zone-{name[-1]}",
    }


def healthy_conditions(stamp: str) -> list[Object]:
    """The conditions of a node that is well since `stamp`."""
    return [
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


def node_of(name: str, address: str, capacity: dict[str, str], version: str, stamp: str) -> Object:
    """A Node's spec and status, well since `stamp`."""
    return {
        "spec": {"providerID": f"sandbox://{name}"},
        "status": {
            "capacity": dict(capacity),
            "allocatable": dict(capacity),
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "conditions": healthy_conditions(stamp),
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
