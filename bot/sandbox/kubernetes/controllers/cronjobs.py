"""CronJobs: a Job at every time of a schedule, as many at once as their policy allows, and few kept of the old.

It follows Kubernetes' cronjob controller: which start is due, which is too late, and its words.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sandbox.kubernetes.admission import admit
from bot.sandbox.kubernetes.controllers.cluster import Cluster, Taken, condition_of, is_ending, owner_keys
from bot.sandbox.kubernetes.controllers.jobs import is_finished
from bot.sandbox.kubernetes.controllers.kinds import CRON_JOB, JOB
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.defaults import set_defaults
from bot.sandbox.kubernetes.metadata import new_metadata, owner_reference, timestamp
from bot.sandbox.kubernetes.schedules import NoSchedule, following, latest, missed
from bot.sandbox.kubernetes.storage import Change, Key, Object, copied

COMPONENT = "cronjob-controller"
MANY = 100
"""Missed starts that are worth a warning."""
SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobController:
    """Starts Jobs by the clock."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder

    def concerns(self, change: Change) -> Iterable[Key]:
        if CRON_JOB.has(change.key):
            return [change.key]
        return owner_keys(CRON_JOB, change.object) if JOB.has(change.key) else []

    def reconcile(self, key: Key) -> float | None:
        cron = self._cluster.get(key)
        if cron is None:
            return None
        self._take_note(key, cron)
        self._clear_away(cron)
        if is_ending(cron) or cron["spec"].get("suspend"):
            return None
        try:
            return self._start_due(key)
        except NoSchedule as why:
            text = f"unparseable schedule: {cron['spec']['schedule']!r} : {why}"
            self._recorder.warning(cron, COMPONENT, "UnparseableSchedule", text)
            return None

    def _take_note(self, key: Key, cron: Object) -> None:
        """Tell of Jobs that ended or are gone, and keep only the others among the active ones."""
        jobs = {job["metadata"]["uid"]: job for job in self._cluster.owned(cron, JOB)}
        active = (cron.get("status") or {}).get("active") or []
        known = {each["uid"] for each in active}
        kept, succeeded = [], (cron.get("status") or {}).get("lastSuccessfulTime", "")
        for each in active:
            job = jobs.get(each["uid"])
            if job is None:
                text = f"Active job went missing: {each['name']}"
                self._recorder.normal(cron, COMPONENT, "MissingJob", text)
            elif is_finished(job):
                ended = "Complete" if condition_of(job, "Complete") else "Failed"
                text = f"Saw completed job: {each['name']}, condition: {ended}"
                self._recorder.normal(cron, COMPONENT, "SawCompletedJob", text)
                succeeded = max(succeeded, (job["status"].get("completionTime") or ""))
            else:
                kept.append(each)
        for uid, job in jobs.items():
            if uid not in known and not is_finished(job):
                name = job["metadata"]["name"]
                text = f"Saw a job that the controller did not create or forgot: {name}"
                self._recorder.warning(cron, COMPONENT, "UnexpectedJob", text)
        self._cluster.edit(key, lambda obj: _keep(obj, kept, succeeded))

    def _clear_away(self, cron: Object) -> None:
        """Delete finished Jobs beyond the history's limits, the oldest first."""
        finished = [job for job in self._cluster.owned(cron, JOB) if is_finished(job)]
        finished.sort(key=_started)
        for condition, limit in (
            ("Complete", cron["spec"].get("successfulJobsHistoryLimit")),
            ("Failed", cron["spec"].get("failedJobsHistoryLimit")),
        ):
            if limit is not None:
                of_its_kind = [job for job in finished if condition_of(job, condition) is not None]
                for job in of_its_kind[: max(0, len(of_its_kind) - int(limit))]:
                    self._delete(cron, job)

    def _delete(self, cron: Object, job: Object) -> None:
        self._cluster.delete(JOB.key_of(job))
        text = f"Deleted job {job['metadata']['name']}"
        self._recorder.normal(cron, COMPONENT, "SuccessfulDelete", text)

    def _start_due(self, key: Key) -> float:
        """Start what is due; answers in how many seconds the next one is.

        Raises: NoSchedule.
        """
        cron, now = self._cluster.get(key) or {}, self._cluster.now
        spec = cron["spec"]
        schedule, zone = spec["schedule"], spec.get("timeZone", "")
        since = self._since(cron)
        if (count := missed(schedule, zone, since, now, MANY + 1)) > MANY:
            words = "Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            text = f"too many missed start times: {count}. {words}"
            self._recorder.warning(cron, COMPONENT, "TooManyMissedTimes", text)
        due = latest(schedule, zone, since, now)
        if due is not None and self._may_start(cron, due):
            self._start(key, cron, due)
        return (following(schedule, zone, now) - now).total_seconds()

    def _since(self, cron: Object) -> datetime:
        """From when on a start is still to be made up for."""
        last = (cron.get("status") or {}).get("lastScheduleTime") or cron["metadata"]["creationTimestamp"]
        deadline = cron["spec"].get("startingDeadlineSeconds")
        since = datetime.fromisoformat(last)
        if deadline is None:
            return since
        return max(since, self._cluster.now - timedelta(seconds=int(deadline)))

    def _may_start(self, cron: Object, due: datetime) -> bool:
        """Whether the policy lets another one start; those in its way are deleted where it says so."""
        active = (cron.get("status") or {}).get("active") or []
        policy = cron["spec"].get("concurrencyPolicy", "Allow")
        if any(each["name"] == _job_name(cron, due) for each in active):
            return False
        if policy == "Forbid" and active:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._recorder.normal(cron, COMPONENT, "JobAlreadyActive", text)
            return False
        if policy == "Replace":
            for each in active:
                job = self._cluster.get(JOB.key(cron["metadata"]["namespace"], each["name"]))
                if job is not None:
                    self._delete(cron, job)
        return True

    def _start(self, key: Key, cron: Object, due: datetime) -> None:
        if self._cluster.is_going(key.namespace):
            return
        try:
            job = self._cluster.create(JOB, self._job(cron, due))
        except Taken:
            return
        name = job["metadata"]["name"]
        self._recorder.normal(cron, COMPONENT, "SuccessfulCreate", f"Created job {name}")
        reference = {"apiVersion": JOB.api_version, "kind": JOB.name, "name": name}
        reference |= {field: job["metadata"][field] for field in ("namespace", "uid", "resourceVersion")}

        def note(obj: Object) -> None:
            status = obj.setdefault("status", {})
            replaced = cron["spec"].get("concurrencyPolicy") == "Replace"
            status["active"] = [*([] if replaced else status.get("active") or []), reference]
            status["lastScheduleTime"] = timestamp(due.astimezone(self._cluster.now.tzinfo))

        self._cluster.edit(key, note)

    def _job(self, cron: Object, due: datetime) -> Object:
        template = cron["spec"]["jobTemplate"]
        described = template.get("metadata") or {}
        local = due.astimezone(ZoneInfo(cron["spec"].get("timeZone") or "UTC"))
        metadata = new_metadata(
            _job_name(cron, due),
            cron["metadata"]["namespace"],
            at=self._cluster.now,
            labels=described.get("labels"),
            annotations={
                **(described.get("annotations") or {}),
                SCHEDULED_AT: local.isoformat().replace("+00:00", "Z"),
            },
            owners=[owner_reference(cron)],
            generation=1,
        )
        job = {"apiVersion": JOB.api_version, "kind": JOB.name, "metadata": metadata}
        job["spec"] = copied(template["spec"])
        set_defaults(JOB.name, job)
        admit(self._cluster.storage, JOB.name, job)
        return job


def _job_name(cron: Object, due: datetime) -> str:
    """The name tells the minute, so that one start never comes to two Jobs."""
    return f"{cron['metadata']['name']}-{int(due.timestamp()) // 60}"


def _started(job: Object) -> str:
    return str((job.get("status") or {}).get("startTime", ""))


def _keep(cron: Object, active: list[Object], succeeded: str) -> None:
    status = cron.setdefault("status", {})
    status.pop("active", None)
    if active:
        status["active"] = active
    if succeeded:
        status["lastSuccessfulTime"] = succeeded
