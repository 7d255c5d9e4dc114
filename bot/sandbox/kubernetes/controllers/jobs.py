"""Jobs: pods that run to their end, so many in all, so many at once, so many failures, so much time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.sandbox.kubernetes.controllers.cluster import (
    Cluster,
    condition_of,
    is_ending,
    owner_keys,
    set_condition,
)
from bot.sandbox.kubernetes.controllers.kinds import JOB, POD
from bot.sandbox.kubernetes.controllers.pods import (
    RETRY_REFUSED,
    Refused,
    create_pod,
    is_active,
    is_ready,
    phase,
)
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.metadata import random_suffix
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "job-controller"


class JobController:
    """Runs Jobs."""

    def __init__(self, cluster: Cluster, recorder: Recorder, back_off: float) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._back_off = back_off
        self._next_try: dict[str, tuple[int, float]] = {}  # Job uid -> failures seen, when to go on

    def concerns(self, change: Change) -> Iterable[Key]:
        if JOB.has(change.key):
            if change.type == "DELETED":
                self._next_try.pop(change.object["metadata"]["uid"], None)
            return [change.key]
        return owner_keys(JOB, change.object) if POD.has(change.key) else []

    def reconcile(self, key: Key) -> float | None:
        job = self._cluster.get(key)
        if job is None or is_ending(job):
            return None
        if is_finished(job):
            return self._clean_up(key, job)
        if job["spec"].get("suspend"):
            self._suspend(key, job)
            return None
        return self._work(key, job)

    def _work(self, key: Key, job: Object) -> float | None:
        pods = self._cluster.owned(job, POD)
        done = [pod for pod in pods if phase(pod) == "Succeeded"]
        failed = [pod for pod in pods if phase(pod) == "Failed"]
        active = [pod for pod in pods if is_active(pod)]
        if _is_complete(job, done, active):
            self._complete(key, job, len(done), len(failed))
            return None
        if (cause := self._failure(job, failed, active)) is not None:
            self._fail(key, job, *cause, active)
            return None
        again: float | None = self._left(job)
        try:
            wait = self._start(job, done, failed, active)
        except Refused:
            wait = RETRY_REFUSED
        self._count(key, job)
        return min((w for w in (again, wait) if w is not None), default=None)

    def _failure(self, job: Object, failed: list[Object], active: list[Object]) -> tuple[str, str] | None:
        restarts = sum(_restarts(pod) for pod in active) if _restarts_inside(job) else 0
        if len(failed) + restarts > int(job["spec"].get("backoffLimit", 6)):
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        left = self._left(job)
        if left is not None and left <= 0:
            return "DeadlineExceeded", "Job was active longer than specified deadline"
        return None

    def _left(self, job: Object) -> float | None:
        """Seconds until the Job's deadline, None when it has none."""
        limit, since = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
        if limit is None:
            return None
        passed = (self._cluster.now - datetime.fromisoformat(since)).total_seconds() if since else 0.0
        return float(limit) - passed

    def _start(
        self, job: Object, done: list[Object], failed: list[Object], active: list[Object]
    ) -> float | None:
        """Create the pods that are wanted now; answers in how many seconds, when that is later."""
        parallelism, completions = int(job["spec"].get("parallelism", 1)), job["spec"].get("completions")
        wanted = parallelism if not (completions is None and done) else 0
        if completions is not None:
            wanted = min(parallelism, int(completions) - len(done))
        if len(active) >= wanted:
            return None
        if (wait := self._pause(job, len(failed))) > 0:
            return wait
        for _ in range(wanted - len(active)):
            name = f"{job['metadata']['name'][:57]}-{random_suffix()}"
            create_pod(self._cluster, self._recorder, COMPONENT, job, template=_template(job), name=name)
        return None

    def _pause(self, job: Object, failures: int) -> float:
        """Seconds to wait before the next pod: the back-off doubles with each failure, from the second on."""
        uid, now = job["metadata"]["uid"], self._cluster.clock.monotonic()
        if not failures:
            return 0.0
        seen, due = self._next_try.get(uid, (0, now))
        if failures > seen:
            due = now + min(self._back_off * 2.0 ** min(failures - 1, 10), 360.0)
            self._next_try[uid] = (failures, due)
        return due - now

    def _count(self, key: Key, job: Object) -> None:
        pods = self._cluster.owned(job, POD)
        active = [pod for pod in pods if is_active(pod)]
        stamp = self._cluster.stamp

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.setdefault("startTime", stamp)
            if condition_of(obj, "Suspended") is not None:
                set_condition(status, "Suspended", False, "JobResumed", "Job resumed", stamp=stamp)
            _set_counts(
                status,
                active=len(active),
                ready=sum(1 for pod in active if is_ready(pod)),
                succeeded=sum(1 for pod in pods if phase(pod) == "Succeeded"),
                failed=sum(1 for pod in pods if phase(pod) == "Failed"),
            )

        self._cluster.edit(key, write)

    def _complete(self, key: Key, job: Object, succeeded: int, failed: int) -> None:
        stamp = self._cluster.stamp
        text = "Reached expected number of succeeded pods"

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.setdefault("startTime", stamp)
            status["completionTime"] = stamp
            _set_counts(status, active=0, ready=0, succeeded=succeeded, failed=failed)
            for kind in ("SuccessCriteriaMet", "Complete"):
                set_condition(status, kind, True, "CompletionsReached", text, stamp=stamp)

        self._cluster.edit(key, write)
        self._recorder.normal(job, COMPONENT, "Completed", "Job completed")

    def _fail(self, key: Key, job: Object, reason: str, message: str, active: list[Object]) -> None:
        for pod in active:
            self._cluster.delete(POD.key_of(pod))
            text = f"Deleted pod: {pod['metadata']['name']}"
            self._recorder.normal(job, COMPONENT, "SuccessfulDelete", text)
        ended = [pod for pod in self._cluster.owned(job, POD) if not is_active(pod)]
        stamp = self._cluster.stamp

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.setdefault("startTime", stamp)
            succeeded = sum(1 for pod in ended if phase(pod) == "Succeeded")
            _set_counts(status, active=0, ready=0, succeeded=succeeded, failed=len(ended) - succeeded)
            for kind in ("FailureTarget", "Failed"):
                set_condition(status, kind, True, reason, message, stamp=stamp)

        self._cluster.edit(key, write)
        self._recorder.warning(job, COMPONENT, reason, message)

    def _suspend(self, key: Key, job: Object) -> None:
        for pod in self._cluster.owned(job, POD):
            if is_active(pod):
                self._cluster.delete(POD.key_of(pod))
        stamp = self._cluster.stamp

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.pop("startTime", None)
            _set_counts(status, active=0, ready=0)
            set_condition(status, "Suspended", True, "JobSuspended", "Job suspended", stamp=stamp)

        self._cluster.edit(key, write)

    def _clean_up(self, key: Key, job: Object) -> float | None:
        """Delete a finished Job once its time is over (ttlSecondsAfterFinished)."""
        lifetime = job["spec"].get("ttlSecondsAfterFinished")
        ended = condition_of(job, "Complete") or condition_of(job, "Failed")
        if lifetime is None or ended is None:
            return None
        until = datetime.fromisoformat(ended["lastTransitionTime"]) + timedelta(seconds=int(lifetime))
        left = (until - self._cluster.now).total_seconds()
        if left <= 0:
            self._cluster.delete(key)
            return None
        return left


def is_finished(job: Object) -> bool:
    """Whether the Job has come to its end, well or badly."""
    conditions = (condition_of(job, kind) for kind in ("Complete", "Failed"))
    return any(condition is not None and condition["status"] == "True" for condition in conditions)


def _is_complete(job: Object, done: list[Object], active: list[Object]) -> bool:
    completions = job["spec"].get("completions")
    if completions is None:
        # Without a number one success ends it (parallelism 1: the API's default of one completion).
        return bool(done) and not active
    return len(done) >= int(completions)


def _template(job: Object) -> Object:
    template: Object = job["spec"]["template"]
    described = template.get("metadata") or {}
    marks = {
        "batch.kubernetes.io/job-name": job["metadata"]["name"],
        "batch.kubernetes.io/controller-uid": job["metadata"]["uid"],
        "job-name": job["metadata"]["name"],
        "controller-uid": job["metadata"]["uid"],
    }
    return {**template, "metadata": {**described, "labels": {**(described.get("labels") or {}), **marks}}}


def _restarts_inside(job: Object) -> bool:
    return bool(job["spec"]["template"]["spec"].get("restartPolicy") == "OnFailure")


def _restarts(pod: Object) -> int:
    status = pod.get("status") or {}
    statuses = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return sum(int(entry.get("restartCount", 0)) for entry in statuses)


def _set_counts(status: Object, **counts: int) -> None:
    """Numbers of the status; a zero is left out, as the API's omitempty does, but for `ready`."""
    for name, count in counts.items():
        if count or name == "ready":
            status[name] = count
        else:
            status.pop(name, None)
