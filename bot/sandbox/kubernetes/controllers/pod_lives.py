"""One pod on its node: its volumes, its containers in their order, and the status that follows from them."""

from bot.sandbox.kubernetes.controllers.cluster import set_condition
from bot.sandbox.kubernetes.controllers.containers import COMPONENT, Container, Machine
from bot.sandbox.kubernetes.controllers.mounting import missing_volume
from bot.sandbox.kubernetes.storage import Object

MOUNT_RETRY, LONGEST_MOUNT_RETRY = 0.5, 122.0
"""Seconds between two tries to mount: they double, as the kubelet's."""


class PodLife:
    """The life of one pod from its node to its end."""

    def __init__(self, machine: Machine, pod: Object, address: str, host: str) -> None:
        self._machine = machine
        self._pod = pod
        self._address = address
        self._host = host
        self._began = machine.cluster.stamp
        self._mounted = False
        self._mount_retry = MOUNT_RETRY
        spec = pod["spec"]
        self._inits = [
            Container(
                machine, pod, c, "sidecar" if c.get("restartPolicy") == "Always" else "init", address=address
            )
            for c in spec.get("initContainers") or ()
        ]
        self._main = [
            Container(machine, pod, c, "main", address=address) for c in spec.get("containers") or ()
        ]
        for container in [*self._inits[1:], *(self._main if self._inits else ())]:
            container.state = {"waiting": {"reason": "PodInitializing"}}

        if (pod.get("status") or {}).get("podIP"):
            self._resume(pod["status"])

    def _resume(self, status: Object) -> None:
        """Go on with what an earlier kubelet began."""
        self._began, self._address, self._mounted = status["startTime"], status["podIP"], True
        known = {
            each["name"]: each
            for field in ("initContainerStatuses", "containerStatuses")
            for each in status.get(field) or ()
        }
        for container in self.containers:
            if container.name in known:
                container.resume(known[container.name], self._machine.cluster.clock.monotonic())

    @property
    def containers(self) -> list[Container]:
        return [*self._inits, *self._main]

    @property
    def waits_for_data(self) -> bool:
        """Whether a Secret or ConfigMap that comes or changes may take it further."""
        return not self._mounted or any(container.step == "configuring" for container in self.containers)

    def retry(self, now: float) -> None:
        """Something that it may have waited for changed."""
        for container in self.containers:
            container.retry_configuration(now)

    def advance(self, now: float) -> float | None:
        """Do what is due; answers in how many seconds there is more to do."""
        if not self._mounted and not self._mount():
            return self._mount_retry
        for container in self._inits:
            container.advance(now)
            if not _lets_pass(container):
                break
        else:
            for container in self._main:
                container.advance(now)
        if self.phase() in ("Succeeded", "Failed"):
            self._end_sidecars(now)
            return None
        due = min(c.due for c in self._at_work())
        return None if due == float("inf") else max(0.0, due - now)

    def _at_work(self) -> list[Container]:
        """The containers whose next step is awaited."""
        working: list[Container] = []
        for container in self._inits:
            if container.step != "done":
                working.append(container)
            if not _lets_pass(container):
                return working
        return [*working, *(c for c in self._main if c.step != "done")]

    def _mount(self) -> bool:
        missing = missing_volume(self._machine.cluster, self._pod["metadata"]["namespace"], self._pod["spec"])
        if missing is None:
            self._mounted = True
            return True
        self._mount_retry = min(self._mount_retry * 2, LONGEST_MOUNT_RETRY)
        volume, why = missing
        text = f'MountVolume.SetUp failed for volume "{volume}" : {why}'
        host = self._pod["spec"]["nodeName"]
        self._machine.recorder.warning(self._pod, COMPONENT, "FailedMount", text, host=host)
        return False

    def _end_sidecars(self, now: float) -> None:
        for container in self._inits:
            if container.role == "sidecar":
                container.stop(now)

    def announce_stop(self) -> None:
        for container in self.containers:
            container.announce_stop()

    def stop(self, now: float) -> None:
        for container in self.containers:
            container.stop(now)

    def phase(self) -> str:
        """Pending, Running, Succeeded or Failed, as the kubelet's getPhase decides."""
        if any(c.role == "init" and c.exit_code for c in self._inits):
            return "Failed"
        if not all(_lets_pass(c) for c in self._inits):
            return "Pending"
        if any("waiting" in c.state and not c.last for c in self._main):
            return "Pending"
        codes = [c.exit_code for c in self._main]
        if any(code is None for code in codes):
            return "Running"
        return "Failed" if any(codes) else "Succeeded"

    def write_status(self, pod: Object) -> None:
        """Put what the pod has come to into its status."""
        status = pod.setdefault("status", {})
        phase = status["phase"] = self.phase()
        status["startTime"] = self._began
        status["hostIP"], status["hostIPs"] = self._host, [{"ip": self._host}]
        if self._mounted:
            status["podIP"], status["podIPs"] = self._address, [{"ip": self._address}]
        if self._inits:
            status["initContainerStatuses"] = [c.status() for c in self._inits]
        status["containerStatuses"] = [c.status() for c in self._main]
        self._write_conditions(status, phase)

    def _write_conditions(self, status: Object, phase: str) -> None:
        stamp = self._machine.cluster.stamp
        set_condition(status, "PodReadyToStartContainers", self._mounted, stamp=stamp)
        undone = [c.name for c in self._inits if not _lets_pass(c)]
        ended = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase)
        if undone and phase != "Succeeded":
            text = f"containers with incomplete status: [{' '.join(undone)}]"
            set_condition(status, "Initialized", False, "ContainersNotInitialized", text, stamp=stamp)
        else:
            set_condition(
                status, "Initialized", True, "PodCompleted" if ended == "PodCompleted" else "", stamp=stamp
            )
        unready = [c.name for c in [*self._inits, *self._main] if c.role != "init" and not c.ready]
        for kind in ("Ready", "ContainersReady"):
            if ended:
                set_condition(status, kind, False, ended, "", stamp=stamp)
            elif unready:
                text = f"containers with unready status: [{' '.join(unready)}]"
                set_condition(status, kind, False, "ContainersNotReady", text, stamp=stamp)
            else:
                set_condition(status, kind, True, stamp=stamp)


def _lets_pass(container: Container) -> bool:
    """Whether what comes after an init container may start."""
    if container.role == "sidecar":
        return container.started or container.step == "done" or bool(container.last)
    return container.exit_code == 0
