"""Why processes end (rows 6 to 15, 33 and 34): exit codes, the kernel, and whoever told them to stop."""

from __future__ import annotations

import re

from bot.rollout.causes import Container, Finding, PodView, one_line, pod_cause

_KILLED, _SEGFAULT, _TERMINATED = 137, 139, 143
_NOT_EXECUTABLE, _NOT_FOUND, _START_REFUSED = 126, 127, 128

_START = ("RunContainerError", "StartError", "ContainerCannotRun")


@pod_cause("finishes", 6, "Check the command; for work that ends, use a Job")
def finishes(view: PodView) -> Finding | None:
    """The process ends well, again and again."""
    if view.of_job:
        return None
    for container in _dead(view):
        if container.death.get("exitCode") == 0 and (
            container.waiting == "CrashLoopBackOff" or container.restarts
        ):
            return _finding(view, container, f"{_who(view, container)} finished instead of staying up")
    return None


@pod_cause("app-error", 7, "Read the app's last words")
def app_error(view: PodView) -> Finding | None:
    """The app ends by itself with an error."""
    for container in _dead(view):
        code = int(container.death.get("exitCode") or 0)
        if code and code not in (_NOT_EXECUTABLE, _NOT_FOUND, _KILLED, _SEGFAULT, _TERMINATED):
            return _finding(view, container, f"{_who(view, container)} crashed at start, exit {code}")
    return None


@pod_cause("not-executable", 8, "Set the file's permissions in the image, or mend the entrypoint", fatal=True)
def not_executable(view: PodView) -> Finding | None:
    """The shell found the command but may not run it."""
    return _exit(view, _NOT_EXECUTABLE, "The command cannot be executed")


@pod_cause("command-missing", 9, "Mend the command or the image's entrypoint", fatal=True)
def command_missing(view: PodView) -> Finding | None:
    """The shell did not find the command."""
    return _exit(view, _NOT_FOUND, "The command is not in the image")


@pod_cause("start-refused", 10, "Read the runtime's words", fatal=True, specific=1)
def start_refused(view: PodView) -> Finding | None:
    """The container runtime could not start the process at all."""
    for container in view.containers:
        reason, death = container.waiting, container.death
        said = str(death.get("message") or "") or container.message
        if reason in _START or death.get("reason") in _START or death.get("exitCode") == _START_REFUSED:
            words = "The process could not be started"
            if "executable file not found" in said or "no such file or directory" in said:
                words = "The command is not in the image"
            return Finding(words, one_line(said), restarts=container.restarts)
    return None


@pod_cause("wrong-cpu", 11, "Build the image for the node's architecture", fatal=True, specific=2)
def wrong_cpu(view: PodView) -> Finding | None:
    """The image is for another CPU than the node's."""
    for container in view.containers:
        texts = (view.logs, str(container.death.get("message") or ""), container.message)
        said = next((text for text in texts if "exec format error" in text), "")
        if said and (container.death or container.waiting):
            return Finding("Built for another CPU", telling_line(said), restarts=container.restarts)
    return None


@pod_cause("out-of-memory", 12, "Raise the limit, or look for a leak", specific=1)
def out_of_memory(view: PodView) -> Finding | None:
    """The kernel killed it at its memory limit."""
    for container in view.containers:
        if container.death.get("reason") == "OOMKilled":
            limit = f" of {container.memory_limit}" if container.memory_limit else ""
            return _finding(view, container, f"Ran out of its memory limit{limit}")
    return None


@pod_cause("killed", 13, "Look at the liveness probe and the grace period", sure=False)
def killed(view: PodView) -> Finding | None:
    """SIGKILL, but not for memory."""
    return _exit(view, _KILLED, "Killed by force")


@pod_cause("segfault", 14, "Check the image's architecture and native libraries")
def segfault(view: PodView) -> Finding | None:
    """SIGSEGV."""
    return _exit(view, _SEGFAULT, "Native crash")


@pod_cause("told-to-stop", 15, "See who stopped it: often it is normal", sure=False)
def told_to_stop(view: PodView) -> Finding | None:
    """SIGTERM."""
    return _exit(view, _TERMINATED, "Was told to stop")


@pod_cause("liveness", 33, "Give it more time to start, or look for a hang", specific=2)
def liveness(view: PodView) -> Finding | None:
    """The kubelet restarts a container whose health check fails."""
    suffers = any((it.restarts or it.death) and not it.ready for it in view.containers)
    if view.event("Killing", "Unhealthy") is None or not suffers:
        return None
    for reason, sign in (("Killing", "probe, will be restarted"), ("Unhealthy", "Liveness probe failed")):
        told = [it for it in view.events if it.get("reason") == reason and sign in str(it.get("message"))]
        if told and not any(it.death.get("reason") == "OOMKilled" for it in view.containers):
            said = view.said("Unhealthy") or str(told[-1]["message"])
            restarts = max(container.restarts for container in view.containers)
            return Finding(
                "Kubernetes restarts it: the health check fails", one_line(said), restarts=restarts
            )
    return None


@pod_cause("init-failing", 34, "Read that step's log", specific=3)
def init_failing(view: PodView) -> Finding | None:
    """A step before the app fails, so the app was never started."""
    for container in view.containers:
        code = container.death.get("exitCode")
        if container.init and code and container.death.get("reason") not in _START:
            how = f"exit {code}"
            if container.death.get("reason") == "OOMKilled":
                how = "out of memory"
            elif "exec format error" in view.logs:
                how = "built for another CPU"
            words = f"Init step “{container.name}” failed, {how}: the app never started"
            return _finding(view, container, words)
    return None


def _dead(view: PodView) -> list[Container]:
    """Main containers whose process has ended."""
    return [
        it for it in view.containers if not it.init and it.death and it.death.get("reason") != "OOMKilled"
    ]


def _who(view: PodView, container: Container) -> str:
    """The first of the main containers is the app; what is beside it is called by its name."""
    names = [each["name"] for each in (view.pod.get("spec") or {}).get("containers") or ()]
    return "The app" if container.name in names[:1] or not names else f"Container “{container.name}”"


def _exit(view: PodView, code: int, words: str) -> Finding | None:
    for container in _dead(view):
        if container.death.get("exitCode") == code:
            return _finding(view, container, words)
    return None


def _finding(view: PodView, container: Container, words: str) -> Finding:
    """With the app's last words: its termination message, else its log."""
    said = str(container.death.get("message") or "") or view.logs
    return Finding(words, telling_line(said), restarts=container.restarts)


def telling_line(text: str) -> str:
    """The line that says it: the last one that is an error, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"error|exception|fatal|panic", line, re.I)]
    return one_line((errors or lines or [""])[-1])
