"""From a picture of the namespace to progress and troubles: one cause a workload, grouped over its pods. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.events import Trouble
from bot.rollout import (
    causes_config,
    causes_crash,
    causes_image,
    causes_node,
    causes_workload,
)
from bot.rollout.causes import (
    POD_CAUSES,
    WORKLOAD_CAUSES,
    Cause,
    Finding,
    PodView,
    WorkloadView,
    condition,
    first,
)
from bot.rollout.custom import custom_progress, custom_trouble, says_what_it_saw, why_not_ready
from bot.rollout.picture import Picture, Raw
from bot.rollout.verdicts import ObjectRef, Rules
from bot.rollout.workloads import (
    Progress,
    claim_names,
    is_current,
    is_custom,
    is_workload,
    new_pods,
    newest_replica_set,
    old_pods,
    progress,
)

CAUSE_MODULES = (causes_image, causes_crash, causes_config, causes_node, causes_workload)
"""Imported for their registrations."""

_CRASHES = {
    "finishes",
    "app-error",
    "out-of-memory",
    "killed",
    "segfault",
    "told-to-stop",
    "liveness",
    "post-start",
    "init-failing",
}
"""Causes that fail a version by being repeated, and about which the application may have last words."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A trouble and the pod that shows it ("" where none does)."""

    trouble: Trouble
    pod: str = ""
    container: str = ""
    hook: bool = False


@dataclass(slots=True)
class Assessment:
    """How all followed objects stand at one moment."""

    progress: dict[ObjectRef, Progress] = field(default_factory=dict)
    attempts: dict[ObjectRef, int] = field(default_factory=dict)
    """How many pods of a hook's Job have failed."""
    troubles: list[Shown] = field(default_factory=list)
    missing: list[ObjectRef] = field(default_factory=list)
    """Objects that are not there yet. Hooks and Jobs are left out: when they are over they may be deleted."""
    unprobed: bool = False
    """Whether "ready" may mean too little: no more than "started" without a probe, an old word without a
    generation."""
    untold: list[ObjectRef] = field(default_factory=list)
    """Custom objects that have no Ready condition (yet): nobody can tell their health."""
    waiting: list[Trouble] = field(default_factory=list)
    """Why custom objects are not ready yet."""
    excused: set[ObjectRef] = field(default_factory=set)
    """Objects that were unwell before and that this operation does not change: they decide nothing."""

    @property
    def arrived(self) -> bool:
        """Whether everything but the hooks is done."""
        return not self.missing and all(
            it.done for ref, it in self.progress.items() if not ref.hook and ref not in self.excused
        )


def assess(
    picture: Picture,
    objects: Sequence[ObjectRef],
    rules: Rules,
    *,
    applied: bool,
    logs: Mapping[str, str] | None = None,
    unwell: Mapping[str, int] | None = None,
) -> Assessment:
    """Judge the followed objects. Before `applied`, only hooks and what this operation has made count.

    `logs` holds last words by pod name, where they were fetched. `unwell` are objects ("Kind/name") that were
    not healthy before, with their generations then.
    """
    result = Assessment()
    for ref in objects:
        if is_custom(ref) and applied:
            _assess_custom(result, picture, ref, rules, unwell or {})
        if not is_workload(ref):
            continue
        item = picture.get(ref.kind, ref.name)
        if item is None or (ref.hook and picture.is_old(item)):
            if not ref.hook and ref.kind != "Job":
                result.missing.append(ref)
            continue
        moved = ref.hook or _moved(picture, item)
        if not moved and not applied:
            continue  # what it shows is how the revision before stands
        result.progress[ref] = progress(picture, item, hook=ref.hook)
        if ref.hook:
            result.attempts[ref] = int((item.get("status") or {}).get("failed") or 0)
        if is_current(picture, item):
            shown = _workload_trouble(picture, item, ref, rules, logs or {}, result.progress[ref])
            if _is_excused(result, item, ref, unwell or {}):
                shown = replace(shown, trouble=replace(shown.trouble, before=True)) if shown else None
            result.troubles += [shown] if shown else []
            result.unprobed = result.unprobed or any(map(_unprobed, new_pods(picture, item)))
    return result


def deleted(found: Assessment) -> list[Shown]:
    """The workloads that are not there although Helm has applied them: nobody's rollout, so a person is asked."""
    return [
        Shown(
            Trouble(
                "deleted",
                f"{ref.kind} {ref.name} is gone: somebody deleted it",
                ref.where,
                ref.where,
                advice="Deploy again: that makes it anew",
                fault="cluster",
            )
        )
        for ref in found.missing
        if is_workload(ref)
    ]


def _assess_custom(
    result: Assessment, picture: Picture, ref: ObjectRef, rules: Rules, unwell: Mapping[str, int]
) -> None:
    item = picture.get(ref.index, ref.name)
    if item is None:
        result.missing.append(ref)
        return
    progress = custom_progress(item)
    if progress is None:
        result.untold.append(ref)
        return
    result.progress[ref] = progress
    result.unprobed = result.unprobed or not says_what_it_saw(item)
    stalled = custom_trouble(item, ref.where, rules.image_grace)
    if _is_excused(result, item, ref, unwell):
        stalled = replace(stalled, before=True) if stalled else None
    elif not progress.done:
        result.waiting.append(why_not_ready(item, ref.where))
    result.troubles += [Shown(stalled)] if stalled else []


def _is_excused(result: Assessment, item: Raw, ref: ObjectRef, unwell: Mapping[str, int]) -> bool:
    """Whether it was unwell before, is still not well, and has the same specification as then."""
    if ref.hook or ref.where not in unwell:
        return False
    if item["metadata"].get("generation") != unwell[ref.where]:
        return False
    result.excused.add(ref)
    return True


def not_well(found: Assessment, picture: Picture) -> dict[str, int]:
    """The objects that are not healthy, with their generations: what a later change is not blamed for."""
    troubled = {shown.trouble.workload for shown in found.troubles}
    items = {ref: picture.get(ref.index, ref.name) for ref in found.progress}
    return {
        ref.where: int(item["metadata"].get("generation") or 0)
        for ref, progress in found.progress.items()
        if (item := items[ref]) is not None and (not progress.done or ref.where in troubled)
    }


def repeats(trouble: Trouble) -> bool:
    """Whether the trouble is a crash, which counts by its restarts."""
    return trouble.cause in _CRASHES


def _workload_trouble(
    picture: Picture, item: Raw, ref: ObjectRef, rules: Rules, logs: Mapping[str, str], so_far: Progress
) -> Shown | None:
    new = [pod for pod in new_pods(picture, item) if not _is_history(picture, item, pod, so_far)]
    found = _pods_trouble(picture, new, ref, rules, logs)
    own = first(WORKLOAD_CAUSES, _workload_view(picture, item, new))
    if own is not None and (
        found is None or own[0].specific > 0 or own[0].name in ("job-failed", "claim-pending")
    ):
        return _own_trouble(own, ref, rules, None if _was_stopped(item, found) else found)
    if found is None:
        return None
    if any(
        cause.name == found.trouble.cause for cause in _causes_of(picture, old_pods(picture, item), ref, logs)
    ):
        # The version before has the same trouble: it is not this version that brought it.
        trouble = replace(found.trouble, fault="cluster", old_too=True, fatal_early=False, grace=None)
        return replace(found, trouble=trouble)
    return found


def _is_history(picture: Picture, item: Raw, pod: Raw, so_far: Progress) -> bool:
    """Whether a pod is over and another one is in its place, as when it was evicted: it stays until somebody
    removes it. Of a Job's pods those that are over tell how it goes."""
    if item["kind"] in ("Job", "Pod") or (pod.get("status") or {}).get("phase") not in (
        "Failed",
        "Succeeded",
    ):
        return False
    return so_far.done or picture.is_old(pod)


def _was_stopped(job: Raw, pods: Shown | None) -> bool:
    """Whether a Job's controller itself has ended what still ran, which then says nothing."""
    late = condition(job, "Failed").get("reason") == "DeadlineExceeded"
    return late and pods is not None and pods.trouble.cause in ("killed", "told-to-stop")


def _own_trouble(own: tuple[Cause, Finding], ref: ObjectRef, rules: Rules, pods: Shown | None) -> Shown:
    """The workload's own trouble; a failed Job borrows its last pod's words."""
    cause, finding = own
    trouble = cause.trouble(finding, ref.where, ref.where, rules.image_grace)
    if cause.name == "job-failed" and pods is not None:
        words = f"{trouble.words}: {pods.trouble.words}"
        trouble = replace(trouble, words=words, quote=pods.trouble.quote or trouble.quote)
        return Shown(trouble, pods.pod, pods.container, ref.hook)
    return Shown(trouble, hook=ref.hook)


def _pods_trouble(
    picture: Picture, pods: Sequence[Raw], ref: ObjectRef, rules: Rules, logs: Mapping[str, str]
) -> Shown | None:
    """The cause that most of the pods show, said once."""
    groups: dict[tuple[str, str], list[tuple[Cause, Finding, Raw]]] = defaultdict(list)
    for pod in pods:
        seen = first(POD_CAUSES, _pod_view(picture, pod, ref, logs))
        if seen is not None:
            groups[seen[0].name, seen[1].words].append((*seen, pod))
    if not groups:
        return None
    group = max(groups.values(), key=lambda it: (it[0][0].specific >= 0, it[0][0].fatal, len(it)))
    # The pod that speaks is the one with most to say: of a Job's, the newest.
    cause, finding, pod = max(
        group,
        key=lambda it: (bool(it[1].quote), it[1].restarts, str(it[2]["metadata"].get("creationTimestamp"))),
    )
    name = pod["metadata"]["name"]
    trouble = cause.trouble(finding, f"Pod/{name}", ref.where, rules.image_grace)
    trouble = replace(trouble, pods=len(group), of=len(pods))
    return Shown(trouble, name, _dead_container(pod), ref.hook)


def _causes_of(picture: Picture, pods: Sequence[Raw], ref: ObjectRef, logs: Mapping[str, str]) -> list[Cause]:
    seen = (first(POD_CAUSES, _pod_view(picture, pod, ref, logs)) for pod in pods)
    return [it[0] for it in seen if it is not None]


def _pod_view(picture: Picture, pod: Raw, ref: ObjectRef, logs: Mapping[str, str]) -> PodView:
    events = picture.events(pod)
    return PodView(pod, events, logs.get(pod["metadata"]["name"], ""), of_job=ref.kind == "Job" or ref.hook)


def _workload_view(picture: Picture, item: Raw, pods: Sequence[Raw]) -> WorkloadView:
    newest = newest_replica_set(picture, item) if item["kind"] == "Deployment" else None
    claims = [
        claim
        for name in sorted({name for pod in pods for name in claim_names(pod)})
        if (claim := picture.get("PersistentVolumeClaim", name)) is not None
    ]
    if item["kind"] == "PersistentVolumeClaim":
        claims = [item]
    return WorkloadView(
        item,
        picture.events(item),
        newest,
        picture.events(newest) if newest else (),
        [(claim, picture.events(claim)) for claim in claims],
        [*pods, *old_pods(picture, item)],
    )


def _dead_container(pod: Raw) -> str:
    return next((it.name for it in PodView(pod).containers if it.death), "")


def _unprobed(pod: Raw) -> bool:
    return any(not it.get("readinessProbe") for it in (pod.get("spec") or {}).get("containers") or ())


def _moved(picture: Picture, item: Raw) -> bool:
    """Whether the object's newest revision was made by this operation."""
    newest = newest_replica_set(picture, item) if item["kind"] == "Deployment" else None
    return picture.since is not None and not picture.is_old(newest or item)
