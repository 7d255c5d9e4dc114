"""The kinds that controllers touch: their group, version and plural, so that no path is spelled twice."""

from dataclasses import dataclass

from bot.sandbox.kubernetes.storage import Key, Object


@dataclass(frozen=True)
class Kind:
    """A kind as the API serves it."""

    group: str
    version: str
    name: str
    resource: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def key(self, namespace: str, name: str) -> Key:
        return Key(self.group, self.resource, namespace, name)

    def key_of(self, obj: Object) -> Key:
        metadata = obj["metadata"]
        return self.key(metadata.get("namespace", ""), metadata["name"])

    def has(self, key: Key) -> bool:
        """Whether the key is of this kind."""
        return key.resource == self.resource and key.group == self.group


POD = Kind("", "v1", "Pod", "pods")
NODE = Kind("", "v1", "Node", "nodes")
NAMESPACE = Kind("", "v1", "Namespace", "namespaces")
EVENT = Kind("", "v1", "Event", "events")
SECRET = Kind("", "v1", "Secret", "secrets")
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
SERVICE = Kind("", "v1", "Service", "services")
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
CLAIM = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
VOLUME = Kind("", "v1", "PersistentVolume", "persistentvolumes")
QUOTA = Kind("", "v1", "ResourceQuota", "resourcequotas")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets")
DAEMON_SET = Kind("apps", "v1", "DaemonSet", "daemonsets")
REVISION = Kind("apps", "v1", "ControllerRevision", "controllerrevisions")
JOB = Kind("batch", "v1", "Job", "jobs")
CRON_JOB = Kind("batch", "v1", "CronJob", "cronjobs")
STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses")
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
BUDGET = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
