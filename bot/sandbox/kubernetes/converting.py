"""Kinds that are served in two versions of different shape: today only HorizontalPodAutoscaler v1 and v2.

An object is stored in the version it was written in; reading it in another converts it. Between versions
of one shape (custom resources without a webhook) only the apiVersion changes.
"""

from typing import Any

from bot.sandbox.kubernetes.resources import Resource

Object = dict[str, Any]

AUTOSCALING = ("autoscaling", "HorizontalPodAutoscaler")


def viewed(resource: Resource, obj: Object) -> Object:
    """The stored object as that version of the resource shows it (the same dictionary when it is its own)."""
    if obj.get("apiVersion") == resource.api_version:
        return obj
    shown = {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
    if (resource.group, resource.kind) == AUTOSCALING:
        convert = _cpu_to_metrics if resource.version == "v2" else _metrics_to_cpu
        shown["spec"] = convert(obj.get("spec") or {})
    return shown


def _cpu_to_metrics(spec: Object) -> Object:
    kept = {key: value for key, value in spec.items() if key != "targetCPUUtilizationPercentage"}
    percentage = spec.get("targetCPUUtilizationPercentage")
    if percentage is None:
        return kept
    target = {"type": "Utilization", "averageUtilization": percentage}
    return {**kept, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]}


def _metrics_to_cpu(spec: Object) -> Object:
    kept = {key: value for key, value in spec.items() if key not in ("metrics", "behavior")}
    for metric in spec.get("metrics") or []:
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and "averageUtilization" in resource.get("target", {}):
            kept["targetCPUUtilizationPercentage"] = resource["target"]["averageUtilization"]
    return kept
