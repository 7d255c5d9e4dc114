"""Rows 21 to 30: the scheduler and the volume controller say them by themselves."""

from __future__ import annotations

from typing import Any

from tests.real_failures.objects import NOBODY, Object, claim, deployment, disk, item, node, on, template
from tests.real_failures.rows import Row

_ALONE = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "alone"}}}
        ]
    }
}
_WITH_FRIENDS = {
    "podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "nobodys"}}}
        ]
    }
}
_KEEPS_OFF = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "kept-off"}}}
        ]
    }
}
_EVENLY = {
    "maxSkew": 1,
    "topologyKey": "example.org/hall",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"app": "even"}},
}


def _asks(**requests: str) -> Object:
    return {"resources": {"requests": requests}}


def _own(name: str) -> Object:
    """A node whose name is a label as well, as kubelets have it."""
    made = node(f"own-{name}", pods="1" if name == "full" else "10")
    made["metadata"]["labels"] = {"kubernetes.io/hostname": f"own-{name}"}
    return made


def _volume(name: str) -> Object:
    """A disk in a zone where no node is, kept for the claim of that name."""
    term = {
        "matchExpressions": [
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["elsewhere"]}
        ]
    }
    spec: dict[str, Any] = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/nowhere"},
        "persistentVolumeReclaimPolicy": "Retain",
        "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
    }
    return item("v1", "PersistentVolume", name, spec=spec)


def _class(name: str, provisioner: str, binding: str) -> Object:
    """A class of disks that nobody makes."""
    return item("storage.k8s.io/v1", "StorageClass", name, provisioner=provisioner, volumeBindingMode=binding)


SCHEDULING = (
    Row(
        21,
        "resources-short",
        "No node has cpu free",
        (deployment("much-cpu", container=_asks(cpu="5000")),),
        "held",
    ),
    Row(
        21,
        "resources-short",
        "No node has memory free",
        (deployment("much-memory", container=_asks(memory="900Ti")),),
        "held",
    ),
    Row(
        21,
        "resources-short",
        "No node has cpu free",
        (deployment("much-there", container=_asks(cpu="9"), **on("own-much")),),
        "held",
        around=(_own("much"),),
    ),
    Row(
        22,
        "tainted",
        "Nodes are reserved by a taint",
        (deployment("intolerant", **on("own-tainted", tolerates="example.org/other")),),
        "told",
        around=(_own("tainted"),),
    ),
    Row(
        23,
        "no-matching-node",
        "No node has the labels",
        (deployment("choosy", nodeSelector={"example.org/disk": "golden"}),),
        "told",
    ),
    Row(
        24,
        "anti-affinity",
        "Replicas may not share nodes",
        (
            deployment(
                "alone",
                replicas=2,
                **{**on("own-alone"), "affinity": {**on("own-alone")["affinity"], **_ALONE}},
            ),
        ),
        "told",
        around=(_own("alone"),),
    ),
    Row(
        24,
        "affinity",
        "No node has the pods that it is to be near",
        (deployment("lonely", affinity=_WITH_FRIENDS),),
        "told",
    ),
    Row(
        24,
        "anti-affinity-of-others",
        "Other pods keep it off their nodes",
        (
            deployment("kept-off", **on("own-kept")),
            item(
                "v1",
                "Pod",
                "keeps-off",
                spec={
                    **template("keeps-off", **NOBODY)["spec"],
                    "nodeName": "own-kept",
                    "affinity": _KEEPS_OFF,
                },
            ),
        ),
        "told",
        around=(_own("kept"),),
    ),
    Row(
        26,
        "volume-zone",
        "The disk is in another zone",
        (
            deployment("far", volumes=[disk("far")]),
            claim("far", storageClassName="", volumeName="far"),
        ),
        "told",
        around=(_volume("far"),),
    ),
    Row(
        27,
        "node-full",
        "Nodes are at their pod limit",
        (deployment("full", replicas=2, **on("own-full")),),
        "held",
        around=(_own("full"),),
    ),
    Row(
        28,
        "spread",
        "Cannot spread evenly",
        (deployment("even", topologySpreadConstraints=[_EVENLY]),),
        "told",
    ),
    Row(
        29,
        "cordoned",
        "Nodes are cordoned",
        (deployment("kept-out", **on("own-cordoned", tolerates="example.org/own")),),
        "held",
        around=(node("own-cordoned", unschedulable=True),),
    ),
    Row(
        29,
        "cordoned",
        "Its start is gated",
        (deployment("gated", schedulingGates=[{"name": "example.org/budget"}]),),
        "held",
    ),
    Row(
        29,
        "unschedulable",
        "No node takes the pod",
        (
            deployment(
                "portly",
                replicas=2,
                container={"ports": [{"containerPort": 80, "hostPort": 8080}]},
                **on("own-portly"),
            ),
        ),
        "told",
        around=(_own("portly"),),
    ),
    Row(
        30,
        "claim-pending",
        "Storage for classless was not provisioned",
        (
            deployment("classless", volumes=[disk("classless")]),
            claim("classless", storageClassName="no-such-class"),
        ),
        "held",
    ),
    Row(
        30,
        "claim-pending",
        "Storage for unclassed was not provisioned",
        (deployment("unclassed", volumes=[disk("unclassed")]), claim("unclassed", storageClassName="")),
        "held",
    ),
    Row(
        25,
        "claim-unbound",
        "Its disk is not ready",
        (deployment("undriven", volumes=[disk("undriven")]), claim("undriven", storageClassName="undriven")),
        "failed",
        around=(_class("undriven", "example.org/nobody", "Immediate"),),
    ),
    Row(
        25,
        "claim-unbound",
        "Its disk is not ready",
        (deployment("local", volumes=[disk("local")]), claim("local", storageClassName="local")),
        "failed",
        around=(_class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"),),
    ),
)
