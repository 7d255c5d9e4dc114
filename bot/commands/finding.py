"""From the words of a command to a pod: its whole name or its last five characters, in one release or in all."""

import asyncio
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.commands.ask import Ask
from bot.commands.pods import AT_ONCE, Pod, ReleasePods, release_pods
from bot.config import Permission, Target
from bot.helm.errors import HelmError
from bot.planning.errors import NothingThere, PlanRefused
from bot.rollout.causes import Container


@dataclass(frozen=True)
class Found:
    """A pod and its release."""

    release: ReleasePods
    pod: Pod


async def find_anywhere(ask: Ask, word: str, permission: Permission, environment: str = "") -> list[Found]:
    """Every pod of that name where the person may look; what can't be asked has none.

    Raises: NothingThere.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> Found | None:
        async with turns:
            try:
                release = await release_pods(ask.services, target, ask.who.identity)
            except (ClusterError, HelmError, PlanRefused):
                return None
        pod = release.named(word)
        return Found(release, pod) if pod is not None else None

    targets = [
        each for each in ask.targets(permission) if not environment or each.environment.name == environment
    ]
    found = [each for each in await asyncio.gather(*map(one, targets)) if each is not None]
    if not found:
        apps = ", ".join(sorted({each.app.name for each in targets})) or "none"
        raise NothingThere(f'No app or pod "{word[:40]}"', advice=f"Your apps: {apps}")
    return found


def find_in(release: ReleasePods, words: tuple[str, ...]) -> tuple[Pod, str]:
    """The pod that the words mean, and the container's name ("" for whichever says most).

    The first word is a pod, a workload or a container, the second a container. Without any it is the pod that
    matters most.
    Raises: NothingThere.
    """
    if not release.pods:
        raise NothingThere(f"There are no pods of {release.place}")
    if not words:
        return release.pods[0], ""
    wanted, container = words[0], words[1] if len(words) > 1 else ""
    pod = release.named(wanted)
    if pod is not None:
        return pod, container
    workload = release.workload(wanted)
    if workload is not None and workload.pods:
        return workload.pods[0], container
    holding = [each for each in release.pods if any(it.name == wanted for it in each.containers)]
    if holding and not container:
        return holding[0], wanted
    raise missing(release, wanted)


def missing(release: ReleasePods, word: str) -> NothingThere:
    """Why a word is no pod of a release, and which there are."""
    names = ", ".join(pod.short for pod in release.pods[:10])
    return NothingThere(
        f'No pod, workload or container "{word[:40]}" of {release.place}',
        advice=f"Pods: {names}" if names else "It has no pods now",
    )


def container_of(pod: Pod, wanted: str) -> Container:
    """The container of that name; without one, the one that says most: dead before busy starting before the main.

    Raises: NothingThere.
    """
    containers = pod.containers
    if wanted:
        for each in containers:
            if each.name == wanted:
                return each
        names = ", ".join(each.name for each in containers)
        raise NothingThere(f'Pod {pod.short} has no container "{wanted[:40]}"', advice=f"It has: {names}")
    annotations = pod.raw["metadata"].get("annotations") or {}
    main = annotations.get("kubectl.kubernetes.io/default-container")
    dead = [each for each in containers if each.death]
    starting = [each for each in containers if each.init and each.running]
    named = [each for each in containers if each.name == main]
    staying = [each for each in containers if not each.init]
    return (dead or starting or named or staying or containers)[0]


def ended_before(container: Container) -> bool:
    """Whether there was a run before the present one, whose log the kubelet keeps."""
    return bool((container.status.get("lastState") or {}).get("terminated"))


def tells_by_its_last_run(container: Container) -> bool:
    """Whether it crashes, and what it said before is more telling than what it says now."""
    ended_now = bool((container.status.get("state") or {}).get("terminated"))
    return bool(container.death) and not ended_now and ended_before(container)
