"""What Deployments, StatefulSets, DaemonSets and Jobs may not be, in the words of Kubernetes' validation."""

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from bot.sandbox.kubernetes.errors import Cause
from bot.sandbox.kubernetes.fields import canonical
from bot.sandbox.kubernetes.naming import forbidden_field, invalid_raw, invalid_value, required, unsupported
from bot.sandbox.kubernetes.podrules import pod_spec_refused
from bot.sandbox.kubernetes.schedules import NoSchedule, check
from bot.sandbox.kubernetes.selectors import selects

Object = dict[str, Any]

NOT_NEGATIVE = "must be greater than or equal to 0"
PERCENT = re.compile(r"[0-9]+%")
PERCENT_RULE = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
    "used for validation is '[0-9]+%')"
)


def deployment_refused(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from _workload(spec, "deployment")
    yield from _strategy(spec.get("strategy") or {})
    deadline, ready = spec.get("progressDeadlineSeconds", 600), spec.get("minReadySeconds", 0)
    if deadline <= ready:
        yield invalid_value("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _strategy(strategy: Object) -> Iterator[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            words = "may not be specified when strategy `type` is 'Recreate'"
            yield forbidden_field("spec.strategy.rollingUpdate", words)
    elif kind != "RollingUpdate":
        told = f'{{"Type":{canonical(kind)},"RollingUpdate":{canonical(rolling)}}}'
        words = f'Unsupported value: {told}: supported values: "Recreate", "RollingUpdate"'
        yield Cause("spec.strategy", "FieldValueNotSupported", words)
    elif rolling is not None:
        path = "spec.strategy.rollingUpdate"
        surge, gone = rolling.get("maxSurge"), rolling.get("maxUnavailable")
        for name, value in (("maxUnavailable", gone), ("maxSurge", surge)):
            if isinstance(value, str) and not PERCENT.fullmatch(value):
                yield invalid_value(f"{path}.{name}", value, PERCENT_RULE)
        if surge in (0, "0%") and gone in (0, "0%"):
            yield invalid_value(f"{path}.maxUnavailable", gone, "may not be 0 when `maxSurge` is 0")


def daemon_set_refused(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from _workload(spec, "daemonset")
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate") or {}
    if rolling.get("maxUnavailable") in (0, "0%") and rolling.get("maxSurge") in (0, "0%"):
        path = "spec.updateStrategy.rollingUpdate.maxUnavailable"
        yield required(path, "cannot be 0 when maxSurge is 0")


def replicated_refused(obj: Object) -> Iterator[Cause]:
    """What a ReplicaSet or StatefulSet may not be."""
    yield from _workload(obj.get("spec") or {}, f"{obj['kind'].lower()}")


def _workload(spec: Object, what: str) -> Iterator[Cause]:
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        yield invalid_value("spec.replicas", replicas, NOT_NEGATIVE)
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid_raw("spec.selector", canonical(selector), f"empty selector is invalid for {what}")
    if selector is None or not selects(selector, labels or {}):
        words = "`selector` does not match template `labels`"
        yield invalid_raw("spec.template.metadata.labels", canonical(labels), words)
    of_pods = template.get("spec") or {}
    claims = [claim["metadata"].get("name", "") for claim in spec.get("volumeClaimTemplates") or ()]
    yield from pod_spec_refused(of_pods, "spec.template.spec", claims)
    if (policy := of_pods.get("restartPolicy", "Always")) != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))


def job_refused(obj: Object) -> Iterator[Cause]:
    yield from _job_spec(obj.get("spec") or {}, "spec")


def _job_spec(spec: Object, path: str) -> Iterator[Cause]:
    for name in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit"):
        if isinstance(value := spec.get(name), int) and value < 0:
            yield invalid_value(f"{path}.{name}", value, NOT_NEGATIVE)
    of_pods = (spec.get("template") or {}).get("spec") or {}
    yield from pod_spec_refused(of_pods, f"{path}.template.spec")
    if of_pods.get("restartPolicy", "Always") == "Always":
        yield required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def cron_job_refused(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from _job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")
    zone = spec.get("timeZone") or ""
    yield from _schedule(spec.get("schedule") or "")
    if zone and zone not in available_timezones():
        yield invalid_value("spec.timeZone", zone, f"unknown time zone {zone}")
    if (policy := spec.get("concurrencyPolicy")) not in ("Allow", "Forbid", "Replace"):
        yield unsupported("spec.concurrencyPolicy", policy, ("Allow", "Forbid", "Replace"))


def _schedule(schedule: str) -> Iterator[Cause]:
    if not schedule.split():
        yield required("spec.schedule")
        return
    try:
        check(schedule)
    except NoSchedule as why:
        yield invalid_value("spec.schedule", schedule, str(why))
