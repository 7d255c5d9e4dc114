"""Bad news of a rollout on a real API server: from the moment that the cluster knows to the words in the chat.

Five people deploy in their own chats, at Telegram's own pace; what a kubelet would write of their pods is written here.
Beside it stands `kubectl rollout status`, which tells that something is wrong when the Deployment's deadline is over.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.crowd import ENVIRONMENT, PEOPLE, WAITS, Crowd, app, asked, comes_to, crowd, deployment
from bench.measuring import Figure, Goal, share
from bot.cluster import Ref
from tests.worlds import World

VALUES: Mapping[str, Any] = {"web": {"podAnnotations": {WAITS: "yes"}}}
VERSIONS = ("v1.0", "v1.1", "v1.2", "v1.3", "v2.0-crash", "v2.0-oom")
"""One after the other, each with another trouble."""
DEADLINE = 10
"""Seconds: the `progressDeadlineSeconds` of what kubectl follows here."""
FOLLOWED = ("one", "two", "three")
BESIDE = "beside"


@dataclass(frozen=True)
class Told:
    """What a kubelet writes of a container, and what people read of it."""

    status: Mapping[str, Any]
    words: str


MISSING = {"reason": "ErrImagePull", "message": "failed to pull and unpack image: not found"}
REFUSED = {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}
BACK_OFF = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
KILLED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
TROUBLES: Sequence[Told] = (
    Told({"state": {"waiting": MISSING}}, "does not exist"),
    Told({"state": {"waiting": REFUSED}}, "ConfigMap settings is missing"),
    Told({"state": {"waiting": BACK_OFF}, "lastState": KILLED, "restartCount": 1}, "memory limit"),
)
NOW = "2026-11-01T00:00:00Z"
WELL = Told({"state": {"running": {"startedAt": NOW}}, "ready": True, "started": True}, r"\A✅")


async def measure() -> list[Figure]:
    """The chat's and kubectl's, on one control plane."""
    apps = {f"waiting-{person}": app(values=["waiting.yaml"]) for person in PEOPLE}
    async with crowd(apps, {"waiting.yaml": VALUES}) as place:
        async with place.bot() as world:
            found = await asyncio.gather(*(_rounds(place, world, person) for person in PEOPLE))
        typed = await _typed(place)
    seconds = [each for rounds in found for each in rounds]
    note = f"{len(seconds)} troubles; median {median(seconds) * 1e3:.0f} ms; kubectl's is a deadline of {DEADLINE} s"
    beside = ("kubectl rollout status", typed)
    what = "trouble known to the cluster, to words in the chat: p99"
    return [Figure(what, share(seconds, 0.99), "s", note, beside=beside, goal=Goal(most=5))]


async def _rounds(place: Crowd, world: World, person: str) -> list[float]:
    """Deploy one version after the other; each is in trouble, which is told, and recovers."""
    found = []
    for number, version in enumerate(VERSIONS):
        trouble = TROUBLES[(number + PEOPLE.index(person)) % len(TROUBLES)]
        name = f"waiting-{person}"
        plan = await asked(world, person, f"/deploy {name} {version} {ENVIRONMENT}", f"Plan: {name}")
        world.telegram.presses(plan.chat_id, plan.chat_id, plan.id, 0, 0)
        pod = await _pod(place, name, f":{version}")
        start = time.perf_counter()
        await _write(place, pod, trouble)
        await comes_to(world, plan, trouble.words)
        found.append(time.perf_counter() - start)
        await _write(place, pod, WELL)
        await comes_to(world, plan, WELL.words)
    return found


async def _typed(place: Crowd) -> float:
    """Seconds from a trouble to the end of the command that follows, the middle of some."""
    await place.api.create("v1", "Namespace", None, {"metadata": {"name": BESIDE}})
    return median(await asyncio.gather(*(_followed(place, name) for name in FOLLOWED)))


async def _followed(place: Crowd, name: str) -> float:
    made = deployment(name, 1)
    made["spec"]["progressDeadlineSeconds"] = DEADLINE
    made["spec"]["template"]["metadata"]["annotations"] = {WAITS: "yes"}
    await place.api.create("apps/v1", "Deployment", BESIDE, made)
    words = ("rollout", "status", f"deployment/{name}", f"--namespace={BESIDE}")
    process = await asyncio.create_subprocess_exec(
        *place.command("kubectl", *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    pod = await _pod(place, BESIDE, f"/{name}:")
    start = time.perf_counter()
    await _write(place, pod, TROUBLES[0])
    assert await process.wait() == 1  # it exceeded its progress deadline
    return time.perf_counter() - start


async def _pod(place: Crowd, namespace: str, image: str) -> dict[str, Any]:
    """The pod of an image, once it has a node."""
    while True:
        for pod in await place.api.list("v1", "Pod", namespace):
            spec = pod["spec"]
            if spec.get("nodeName") and image in spec["containers"][0]["image"]:
                return pod
        await asyncio.sleep(0.05)


async def _write(place: Crowd, pod: Mapping[str, Any], told: Told) -> None:
    """Write as the kubelet does."""
    container = pod["spec"]["containers"][0]
    is_well = "True" if told.status.get("ready") else "False"
    status = {
        "phase": "Running" if told is WELL else "Pending",
        "startTime": NOW,
        "conditions": [
            {"type": each, "status": is_well, "lastTransitionTime": NOW}
            for each in ("Initialized", "ContainersReady", "Ready")
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                **told.status,
            }
        ],
    }
    ref = Ref("v1", "Pod", pod["metadata"]["name"], pod["metadata"]["namespace"])
    await place.api.patch(ref, {"status": status}, subresource="status")
