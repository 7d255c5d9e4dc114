"""One container on a node: from its image to its process, its crashes, its back-off and its end.

`advance` takes the container through every step that is due and leaves `due` at the next one. The
kubelet's order, reasons and messages are kept (pkg/kubelet/images, kuberuntime); its times are `Pace`'s.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.sandbox.kubernetes.behaviour import Behaviour, BehaviourOf, Pace, TaskOf, no_tasks
from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.mounting import missing_environment
from bot.sandbox.kubernetes.controllers.pulling import Registry, full_reference, invalid_name
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.controllers.speaking import end_lines, port_of, ready_lines, start_lines
from bot.sandbox.kubernetes.logs import PodLogs
from bot.sandbox.kubernetes.metadata import timestamp
from bot.sandbox.kubernetes.storage import Object

COMPONENT = "kubelet"
CONFIG_RETRY = 10.0
"""Seconds between two looks at a missing Secret or ConfigMap; its creation is noticed at once anyway."""
BACK_OFF_RESET = 600.0
"""A container that ran this many seconds begins its crash loop anew, as the kubelet's back-off does."""

Step = Literal["new", "pulling", "pull_failed", "configuring", "starting", "running", "exited", "done"]


@dataclass(frozen=True)
class Machine:
    """What the containers of a node work with."""

    cluster: Cluster
    recorder: Recorder
    logs: PodLogs
    registry: Registry
    behaviour: BehaviourOf
    task_behaviour: BehaviourOf
    """The same for containers that are meant to end by themselves."""
    pace: Pace
    images: dict[str, set[str]]
    """By node: the images that are there."""
    tasks: TaskOf = no_tasks


class Container:
    """The life of one container of one pod."""

    def __init__(
        self,
        machine: Machine,
        pod: Object,
        spec: Object,
        role: Literal["main", "init", "sidecar"],
        *,
        address: str,
    ) -> None:
        self.spec = spec
        self.name: str = spec["name"]
        self.role = role
        self.step: Step = "new"
        self.due = 0.0
        self.restarts = 0
        self.ready = False
        self.state: Object = {"waiting": {"reason": "ContainerCreating"}}
        self.last: Object = {}
        self._machine = machine
        self._pod = pod
        self._address = address
        self._policy: str = "Always" if role == "sidecar" else pod["spec"].get("restartPolicy", "Always")
        self._behaviour: Behaviour = "ok"
        self._pull_failures = 0
        self._crashes = 0
        self._since = 0.0
        self._ready_at = 0.0
        self._id = ""

    @property
    def runs_once(self) -> bool:
        """Whether its process is meant to end by itself."""
        return self.role == "init" or (self.role == "main" and self._policy != "Always")

    @property
    def started(self) -> bool:
        return "running" in self.state

    @property
    def exit_code(self) -> int | None:
        """How it ended for good, or None when it goes on."""
        return int(self.state["terminated"]["exitCode"]) if self.step == "done" else None

    def advance(self, now: float) -> None:
        """Do every step that is due."""
        while self.step != "done" and self.due <= now:
            match self.step:
                case "new":
                    self._look_for_image(now)
                case "pulling":
                    self._pull(now)
                case "pull_failed":
                    self._back_off_pulling(now)
                case "configuring":
                    self._configure(now)
                case "starting":
                    self._start(now)
                case "running":
                    self._run(now)
                case "exited":
                    self._after_exit(now)

    def retry_configuration(self, now: float) -> None:
        """A Secret or ConfigMap changed: look again at once."""
        if self.step == "configuring":
            self.due = now

    def _look_for_image(self, now: float) -> None:
        image, policy = self.spec.get("image", ""), self.spec.get("imagePullPolicy", "IfNotPresent")
        present = image in self._machine.images.setdefault(self._pod["spec"]["nodeName"], set())
        if (why := invalid_name(image)) is not None:
            self._warn("InspectFailed", why)
            self._wait_with("InvalidImageName", why, now + CONFIG_RETRY)
        elif policy == "Never" and not present:
            why = f'Container image "{image}" is not present with pull policy of Never'
            self._warn("ErrImageNeverPull", why)
            self._wait_with("ErrImageNeverPull", why, now + CONFIG_RETRY)
        elif present and policy != "Always":
            self._tell("Pulled", f'Container image "{image}" already present on machine')
            self._go("configuring", now)
        else:
            self._tell("Pulling", f'Pulling image "{image}"')
            self._go("pulling", now + (0.0 if present else self._machine.pace.pull))

    def _wait_with(self, reason: str, message: str, due: float) -> None:
        self.state = {"waiting": {"reason": reason, "message": message}}
        self._warn("Failed", f"Error: {reason}")
        self.due = due

    def _pull(self, now: float) -> None:
        image = self.spec.get("image", "")
        refusal = self._machine.registry.refusal(image)
        if refusal is None:
            self._machine.images[self._pod["spec"]["nodeName"]].add(image)
            took = f"{self._machine.pace.pull * 1000:.0f}ms"
            text = f'Successfully pulled image "{image}" in {took} ({took} including waiting).'
            self._tell("Pulled", f"{text} Image size: 48271360 bytes.")
            self._go("configuring", now)
            return
        self._pull_failures += 1
        self._warn("Failed", f'Failed to pull image "{image}": {refusal}')
        self._step_to("pull_failed")
        self._wait_with("ErrImagePull", refusal, now + self._machine.pace.pull)

    def _back_off_pulling(self, now: float) -> None:
        image = self.spec.get("image", "")
        error = self.state["waiting"].get("message", "")
        self._tell("BackOff", f'Back-off pulling image "{image}"')
        self._step_to("new")
        message = f'Back-off pulling image "{image}": ErrImagePull: {error}'
        self._wait_with("ImagePullBackOff", message, now + self._back_off(self._pull_failures))

    def _back_off(self, failures: int) -> float:
        pace = self._machine.pace
        return min(pace.back_off * 2.0 ** min(failures - 1, 16), pace.back_off_max)

    def _configure(self, now: float) -> None:
        namespace = self._pod["metadata"]["namespace"]
        missing = missing_environment(self._machine.cluster, namespace, self.spec)
        if missing is not None:
            self.state = {"waiting": {"reason": "CreateContainerConfigError", "message": missing}}
            self._warn("Failed", f"Error: {missing}")
            self.due = now + CONFIG_RETRY
            return
        self._tell("Created", f"Created container: {self.name}")
        self._go("starting", now + self._machine.pace.start)

    def _start(self, now: float) -> None:
        pace = self._machine.pace
        self._behaviour = self._decide()
        if self._id:  # until its next run begins, a status speaks of the one that ended
            self.restarts += 1
        identity = f"{self._pod['metadata']['uid']}/{self.name}/{self.restarts}"
        self._id = f"containerd://{hashlib.sha256(identity.encode()).hexdigest()}"
        self.state = {"running": {"startedAt": self._stamp()}}
        self._tell("Started", f"Started container {self.name}")
        self._say(start_lines(self.spec, self._behaviour, task=self.runs_once))
        self._since = now
        self._ready_at = now + (pace.ready_slow if self._behaviour == "slow" else pace.ready)
        self._go("running", now)
        self.due = self._ends_at() or self._ready_at
        if self._ends_at() is None and self._behaviour == "slow" and self.spec.get("readinessProbe"):
            self.due = min(self._ready_at, now + self._probe_delay())

    def _decide(self) -> Behaviour:
        decide = self._machine.task_behaviour if self.runs_once else self._machine.behaviour
        return decide(self.spec.get("image", ""))

    def _ends_at(self) -> float | None:
        """When its process ends by itself, or None when it goes on."""
        pace = self._machine.pace
        if self._behaviour in ("crash", "oom"):
            return self._since + pace.crash
        if self.runs_once:
            return self._since + (pace.ready_slow if self._behaviour == "slow" else pace.job)
        return None

    def _run(self, now: float) -> None:
        ends = self._ends_at()
        if ends is not None and ends <= now:
            self._end()
            self._go("exited", now)
        elif self._ready_at <= now:
            self.ready = True
            self._say(ready_lines(self.spec, self._behaviour))
            self.due = ends if ends is not None else float("inf")
        else:
            self._warn("Unhealthy", self._probe_failure())
            self.due = min(self._ready_at, now + float(self._probe().get("periodSeconds", 10)))

    def _end(self) -> None:
        """Its process ends by itself."""
        task = self._machine.tasks(self.spec) if self.runs_once else None
        if task is not None:
            self._say(task.lines)
            self._exit(task.exit_code, "Error" if task.exit_code else "Completed", task.message)
            return
        self._say(end_lines(self._behaviour))
        ends: dict[str, tuple[int, str]] = {"crash": (1, "Error"), "oom": (137, "OOMKilled")}
        self._exit(*ends.get(self._behaviour, (0, "Completed")))

    def _probe(self) -> Object:
        return self.spec.get("readinessProbe") or {}

    def _probe_delay(self) -> float:
        return float(self._probe().get("initialDelaySeconds", 0) or self._probe().get("periodSeconds", 10))

    def _probe_failure(self) -> str:
        probe = self._probe()
        if "exec" in probe:
            return "Readiness probe failed: command exited with status 1"
        address = f"{self._address}:{port_of(self.spec)}"
        if "httpGet" in probe:
            path = probe["httpGet"].get("path", "/")
            return (
                f'Readiness probe failed: Get "http://{address}{path}": dial tcp {address}: '
                "connect: connection refused"
            )
        return f"Readiness probe failed: dial tcp {address}: connect: connection refused"

    def _exit(self, code: int, reason: str, message: str = "") -> None:
        started = self.state.get("running", {}).get("startedAt", self._stamp())
        ended: Object = {
            "exitCode": code,
            "reason": reason,
            "startedAt": started,
            "finishedAt": self._stamp(),
            "containerID": self._id,
        }
        if message:
            ended["message"] = message
        elif code and self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            lines = self._machine.logs.read(*self._place(), tail=80)
            ended["message"] = "\n".join(line.text for line in lines)[-2048:]
        self.state = {"terminated": ended}
        self.ready = self.role == "init" and code == 0
        self._machine.logs.end(*self._place(), self.restarts)

    def _after_exit(self, now: float) -> None:
        """Once it has exited: for good, or to start again at once or after its back-off."""
        if "terminated" not in self.state:  # the back-off is over
            self._restart(now)
            return
        code = int(self.state["terminated"]["exitCode"])
        again = self._policy == "Always" if self.role != "init" else code != 0 and self._policy != "Never"
        if not again and not (code and self._policy == "OnFailure"):
            self._step_to("done")
            return
        if now - self._since > BACK_OFF_RESET:
            self._crashes = 0
        self._crashes += 1
        if self._crashes == 1:  # the kubelet starts it again at once the first time
            self._restart(now)
            return
        self._loop(now)

    def _loop(self, now: float) -> None:
        wait = self._back_off(self._crashes - 1)
        metadata = self._pod["metadata"]
        pod = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        self.last = self.state
        text = f"{_duration(wait)} restarting failed container={self.name} pod={pod}"
        self.state = {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off {text}"}}
        self._warn("BackOff", f"Back-off restarting failed container {self.name} in pod {pod}")
        self.due = now + wait

    def _restart(self, now: float) -> None:
        if "terminated" in self.state:
            self.last = self.state
        self._go("new", now)

    def stop(self, now: float) -> None:
        """End its process, as at the pod's end: a service ends in peace, a task has not done its work."""
        if self.started:
            self._exit(*((143, "Error") if self.runs_once else (0, "Completed")))
        elif self.step != "done":
            self.state = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": self._stamp()}}
        self.ready = False
        self._go("done", now)

    def resume(self, status: Object, now: float) -> None:
        """Go on from what its pod's status says of it, as a kubelet does that was started again.

        What the process wrote is lost; one that was waiting begins with its image.
        """
        state: Object = status.get("state") or {}
        self.restarts = status.get("restartCount", 0)
        self.last = status.get("lastState") or {}
        self._id = status.get("containerID", "")
        if "waiting" in state:
            return
        self.state, self.ready = state, bool(status.get("ready"))
        self._behaviour = self._decide()
        self._since = self._ready_at = now
        if "running" in state:
            self._go("running", now)
            self.due = now if not self.ready else self._ends_at() or float("inf")
        else:
            self._go("exited", now)

    def announce_stop(self) -> None:
        """Tell that it is being stopped, if it runs."""
        if self.started:
            self._tell("Killing", f"Stopping container {self.name}")

    def status(self) -> Object:
        """Its entry among the pod's container statuses."""
        image = self.spec.get("image", "")
        return {
            "name": self.name,
            "image": image,
            "imageID": full_reference(image) if self._id else "",
            "containerID": self._id,
            "restartCount": self.restarts,
            "ready": self.ready,
            "started": self.started,
            "state": self.state,
            "lastState": self.last,
        }

    def _go(self, step: Step, due: float) -> None:
        self._step_to(step)
        self.due = due

    def _step_to(self, step: Step) -> None:
        self.step = step

    def _place(self) -> tuple[str, str, str]:
        metadata = self._pod["metadata"]
        return metadata["namespace"], metadata["uid"], self.name

    def _say(self, lines: Sequence[str]) -> None:
        at: datetime = self._machine.cluster.now
        for line in lines:
            self._machine.logs.append(*self._place(), self.restarts, line, at)

    def _stamp(self) -> str:
        return timestamp(self._machine.cluster.now)

    def _field(self) -> str:
        return f"spec.{'containers' if self.role == 'main' else 'initContainers'}{{{self.name}}}"

    def _tell(self, reason: str, message: str) -> None:
        host = self._pod["spec"]["nodeName"]
        self._machine.recorder.normal(self._pod, COMPONENT, reason, message, host=host, field=self._field())

    def _warn(self, reason: str, message: str) -> None:
        host = self._pod["spec"]["nodeName"]
        self._machine.recorder.warning(self._pod, COMPONENT, reason, message, host=host, field=self._field())


def _duration(seconds: float) -> str:
    """Seconds as Go prints a duration: 10s, 1m20s, 5m0s."""
    whole = round(seconds)
    return f"{whole // 60}m{whole % 60}s" if whole >= 60 else f"{whole}s"
