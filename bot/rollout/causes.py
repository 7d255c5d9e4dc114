"""Naming why pods and workloads do not become healthy: the registry of causes and the choice among them.

A cause is a pure function from what the API shows to a `Finding`, one for each row of the table of
causes; its module says for which part of a pod's life it speaks. To add one, write a
function with `@pod_cause` or `@workload_cause` in the module it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.events import Fault, Trouble
from bot.rollout.picture import Raw


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod, as its status shows it."""

    name: str
    image: str
    init: bool
    spec: Raw
    status: Raw

    @property
    def waiting(self) -> str:
        """The reason for which it waits, "" while it does not."""
        return str(self._state("waiting").get("reason") or "")

    @property
    def message(self) -> str:
        """What the kubelet says about the waiting."""
        return str(self._state("waiting").get("message") or "")

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return int(self.status.get("restartCount") or 0)

    @property
    def running(self) -> bool:
        """Whether its process runs now."""
        return bool((self.status.get("state") or {}).get("running"))

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return bool(self.status.get("ready"))

    @property
    def death(self) -> Raw:
        """How its process ended last, {} where that is no trouble now.

        During the back-off the truth is in lastState. A process that runs again is believed once it is ready.
        """
        now = self._state("terminated")
        if now:
            return now if not self.init or now.get("exitCode") else {}
        if self.running and (self.ready or self.init):
            return {}
        last: Raw = (self.status.get("lastState") or {}).get("terminated") or {}
        return last

    @property
    def memory_limit(self) -> str:
        """As the chart says it ("256Mi"), "" without one."""
        return str(((self.spec.get("resources") or {}).get("limits") or {}).get("memory") or "")

    def _state(self, name: str) -> Raw:
        state: Raw = (self.status.get("state") or {}).get(name) or {}
        return state


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod, what happened to it, and what its container said last (where that was fetched)."""

    pod: Raw
    events: Sequence[Raw] = ()
    logs: str = ""
    of_job: bool = False

    @property
    def name(self) -> str:
        """The pod's name."""
        return str(self.pod["metadata"]["name"])

    @property
    def status(self) -> Raw:
        """The pod's status."""
        status: Raw = self.pod.get("status") or {}
        return status

    @property
    def containers(self) -> list[Container]:
        """Init containers first, in the order in which they start."""
        found = []
        for init, key, statuses in (
            (True, "initContainers", "initContainerStatuses"),
            (False, "containers", "containerStatuses"),
        ):
            by_name = {status["name"]: status for status in self.status.get(statuses) or ()}
            specs = {spec["name"]: spec for spec in (self.pod.get("spec") or {}).get(key) or ()}
            for name in specs or by_name:
                spec, status = specs.get(name, {}), by_name.get(name, {})
                image = str(spec.get("image") or status.get("image") or "")
                sidecar = spec.get("restartPolicy") == "Always"
                found.append(Container(name, image, init and not sidecar, spec, status))
        return found

    def condition(self, kind: str) -> Raw:
        """A condition of the pod, {} without it."""
        return condition(self.pod, kind)

    def event(self, *reasons: str) -> Raw | None:
        """The newest event with one of these reasons."""
        return next((event for event in reversed(self.events) if event.get("reason") in reasons), None)

    def said(self, *reasons: str) -> str:
        """The message of the newest event with one of these reasons."""
        return str((self.event(*reasons) or {}).get("message") or "")


@dataclass(frozen=True, slots=True)
class WorkloadView:
    """A workload, what happened to it, and its newest ReplicaSet where it has them."""

    workload: Raw
    events: Sequence[Raw] = ()
    replica_set: Raw | None = None
    replica_set_events: Sequence[Raw] = ()
    claims: Sequence[tuple[Raw, Sequence[Raw]]] = ()
    """Claims that its pods name, with their events."""
    pods: Sequence[Raw] = ()

    @property
    def where(self) -> str:
        """ "Kind/name"."""
        return f"{self.workload['kind']}/{self.workload['metadata']['name']}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a cause says of one pod or workload."""

    words: str
    quote: str = ""
    advice: str = ""
    restarts: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the table and the function that sees it."""

    name: str
    row: int
    sees: Callable[[Any], Finding | None]
    advice: str
    fault: Fault
    fatal: bool
    grace: bool
    specific: int
    sure: bool
    meaning: str = field(default="")

    def trouble(self, finding: Finding, where: str, workload: str, image_grace: float) -> Trouble:
        """The trouble that people are told."""
        return Trouble(
            cause=self.name,
            words=finding.words,
            where=finding.where or where,
            workload=workload,
            quote=finding.quote.strip(),
            advice=finding.advice or self.advice,
            fault=self.fault,
            fatal_early=self.fatal,
            grace=image_grace if self.grace else None,
            sure=self.sure,
            restarts=finding.restarts,
        )


POD_CAUSES: dict[str, Cause] = {}
"""By name, in the order in which they are looked at."""
WORKLOAD_CAUSES: dict[str, Cause] = {}

Sees = Callable[[Any], Finding | None]


def pod_cause(name: str, row: int, advice: str, **more: Any) -> Callable[[Sees], Sees]:
    """Register a cause that a pod shows; `more` as `_registered`."""
    return _registered(POD_CAUSES, name, row, advice, **more)


def workload_cause(name: str, row: int, advice: str, **more: Any) -> Callable[[Sees], Sees]:
    """Register a cause that a workload shows without any pod; `more` as `_registered`."""
    return _registered(WORKLOAD_CAUSES, name, row, advice, **more)


def _registered(
    causes: dict[str, Cause],
    name: str,
    row: int,
    advice: str,
    *,
    fault: Fault = "version",
    fatal: bool = False,
    grace: bool = False,
    specific: int = 0,
    sure: bool = True,
) -> Callable[[Sees], Sees]:
    """`fatal`: waiting cannot mend it. `grace`: it fails the version when it lasts. `specific`: looked at
    before causes with less of it; equals are looked at in the order of their rows."""

    def register(sees: Sees) -> Sees:
        if name in causes:
            raise ValueError(f"two causes are named {name}")
        meaning = (sees.__doc__ or "").strip()
        causes[name] = Cause(name, row, sees, advice, fault, fatal, grace, specific, sure, meaning)
        ordered = sorted(causes.items(), key=lambda it: (-it[1].specific, it[1].row))
        causes.clear()
        causes.update(ordered)
        return sees

    return register


def first(causes: dict[str, Cause], view: Any) -> tuple[Cause, Finding] | None:
    """The most specific cause that sees itself in the view."""
    for cause in causes.values():
        finding = cause.sees(view)
        if finding is not None:
            return cause, finding
    return None


def condition(item: Raw, kind: str) -> Raw:
    """A condition of an object's status, {} without it. A custom kind's status may be of any shape."""
    status = item.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    listed = conditions if isinstance(conditions, list) else ()
    return next((it for it in listed if isinstance(it, dict) and it.get("type") == kind), {})


def short_image(image: str) -> str:
    """An image as people say it: the last part of its path, a digest cut."""
    name, at, digest = image.rsplit("/", 1)[-1].partition("@")
    if not at:
        return name
    return f"{name}@{digest.partition(':')[2][:7]}" if ":" not in name else name


def one_line(text: str, at_most: int = 300) -> str:
    """A text for a quote: whitespace folded, cut with an ellipsis."""
    folded = " ".join(text.split())
    return folded if len(folded) <= at_most else f"{folded[: at_most - 1]}…"
