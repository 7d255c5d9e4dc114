"""EndpointSlices: the ready pods behind each Service."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending
from bot.sandbox.kubernetes.controllers.kinds import ENDPOINT_SLICE, POD, SERVICE
from bot.sandbox.kubernetes.controllers.pods import is_ready, phase
from bot.sandbox.kubernetes.metadata import new_metadata, owner_reference, random_suffix
from bot.sandbox.kubernetes.storage import Change, Key, Object

MANAGED_BY = "endpointslice-controller.k8s.io"


class EndpointSliceController:
    """Keeps one slice for each Service that has a selector."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def concerns(self, change: Change) -> Iterable[Key]:
        if SERVICE.has(change.key):
            return [change.key]
        if not POD.has(change.key):
            return []
        labels = change.object["metadata"].get("labels") or {}
        before = ((change.previous or {}).get("metadata") or {}).get("labels") or {}
        services = self._cluster.all(SERVICE, change.key.namespace)
        return [SERVICE.key_of(s) for s in services if _selects(s, labels) or _selects(s, before)]

    def reconcile(self, key: Key) -> float | None:
        service = self._cluster.get(key)
        if service is None or is_ending(service) or not service["spec"].get("selector"):
            return None
        pods = [
            pod
            for pod in self._cluster.all(POD, key.namespace)
            if _selects(service, pod["metadata"].get("labels") or {})
            and (pod.get("status") or {}).get("podIP")
            and phase(pod) not in ("Succeeded", "Failed")
        ]
        content = {
            "addressType": "IPv4",
            "endpoints": [_endpoint(pod) for pod in pods],
            "ports": [_port(port, pods) for port in service["spec"].get("ports") or ()],
        }
        slices = self._cluster.owned(service, ENDPOINT_SLICE)
        if slices:
            self._cluster.edit(ENDPOINT_SLICE.key_of(slices[0]), lambda obj: obj.update(content))
        else:
            self._cluster.create(ENDPOINT_SLICE, {"metadata": self._metadata(service), **content})
        return None

    def _metadata(self, service: Object) -> Object:
        name = service["metadata"]["name"]
        metadata = new_metadata(
            f"{name}-{random_suffix()}",
            service["metadata"]["namespace"],
            at=self._cluster.now,
            labels={
                **(service["metadata"].get("labels") or {}),
                "kubernetes.io/service-name": name,
                "endpointslice.kubernetes.io/managed-by": MANAGED_BY,
            },
            owners=[owner_reference(service)],
            generation=1,
        )
        return {**metadata, "generateName": f"{name}-"}


def _selects(service: Object, labels: dict[str, str]) -> bool:
    selector: dict[str, str] = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _endpoint(pod: Object) -> Object:
    metadata, ready = pod["metadata"], is_ready(pod)
    reference = {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"]}
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": ready and not is_ending(pod),
            "serving": ready,
            "terminating": is_ending(pod),
        },
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {**reference, "uid": metadata["uid"]},
    }


def _port(port: Object, pods: list[Object]) -> Object:
    """The Service's port as a number of its pods: named target ports are looked up in the first that has it."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, str):
        named = (
            p["containerPort"]
            for pod in pods
            for container in pod["spec"].get("containers") or ()
            for p in container.get("ports") or ()
            if p.get("name") == target
        )
        target = next(named, None)
    return {"name": port.get("name", ""), "port": target, "protocol": port.get("protocol", "TCP")}
