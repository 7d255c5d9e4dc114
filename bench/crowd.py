"""A real control plane with a crowd of pods on fake nodes (kwok), and a bot in an embedded Telegram for it."""

import asyncio
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.access import ClusterAccess
from bot.app import running
from bot.cluster import Cluster, Ref
from bot.outside import OUTSIDE, Outside
from bot.sandbox.telegram import Message
from bot.sandbox.world import CHART, SandboxWorld, open_world
from bot.telegram.pacing import Limits
from tests.control_plane.building import build
from tests.control_plane.running import ControlPlane, control_plane
from tests.worlds import MovableClock, World, spaced

STAGES = Path(__file__).parent / "stages.yaml"
NODES = 12
PODS_A_NODE = 2000
APPS = tuple(f"shop-{number}" for number in range(1, 21))
"""Each in a namespace of its own."""
ENVIRONMENT = "trial"
PEOPLE = ("kim", "dana", "lee", "vic", "eve")
"""All of them may deploy."""
WAITS = "bench/waits"
"""The annotation of pods that are left alone: whoever measures says how they fare."""


@dataclass(frozen=True)
class Crowd:
    """The control plane, its administrator's client and the bot's world, the bot not started."""

    plane: ControlPlane
    api: Cluster
    sandbox: SandboxWorld
    configs: tuple[Path, ...]

    @asynccontextmanager
    async def bot(self, limits: Limits | None = None, outside: Outside = OUTSIDE) -> AsyncIterator[World]:
        """A bot that has just been started; `limits` is another pace in chats than Telegram's."""
        stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        clock, secrets = MovableClock(), dict(self.sandbox.secrets)
        async with running(self.configs, secrets, stopping, clock, limits, outside) as bot:
            yield World(self.sandbox, bot.parts, clock)

    def command(self, name: str, *words: str) -> list[str]:
        """What a person would type, as the cluster's administrator."""
        return [str(self.plane.programs[name]), f"--kubeconfig={self.plane.kubeconfig}", *words]

    async def grow(self, namespace: str, name: str, replicas: int) -> None:
        """Make a Deployment of so many pods, or change its number of pods, and wait until all are ready."""
        ref = Ref("apps/v1", "Deployment", name, namespace)
        if await self.api.get(ref) is None:
            await self.api.create("apps/v1", "Deployment", namespace, deployment(name, replicas))
        else:
            await self.api.patch(ref, {"spec": {"replicas": replicas}})
        while True:
            found = await self.api.get(ref) or {}
            if int((found.get("status") or {}).get("readyReplicas") or 0) == replicas:
                return
            await asyncio.sleep(0.5)


def app(**more: Any) -> dict[str, Any]:
    """An app of the published chart, with whatever else its entry says."""
    return {
        "chart": str(CHART),
        "image": "registry.example.org/shop",
        "environments": {ENVIRONMENT: {}},
        **more,
    }


SHOPS: Mapping[str, Any] = dict.fromkeys(APPS, app())


@asynccontextmanager
async def crowd(
    apps: Mapping[str, Any] = SHOPS, values: Mapping[str, Mapping[str, Any]] | None = None
) -> AsyncIterator[Crowd]:
    """Start everything; it ends with the block. `values` are files that the apps may name.

    Raises: Unavailable without a control plane.
    """
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        place = Path(folder)
        programs = await asyncio.to_thread(build, print)
        with control_plane(programs, place / "plane") as plane, _kwok(plane):
            for name, content in (values or {}).items():
                (place / name).write_text(yaml.safe_dump(dict(content)), encoding="utf-8")
            files = _configuration(place, plane, apps)
            async with (
                Cluster(ClusterAccess(plane.kubeconfig)) as api,
                open_world(place, files[:1]) as sandbox,
            ):
                for number in range(NODES):
                    await api.create("v1", "Node", None, _node(f"fake-{number}"))
                yield Crowd(plane, api, sandbox, (*sandbox.configs, files[1]))


@contextmanager
def _kwok(plane: ControlPlane) -> Iterator[None]:
    """The program that plays the nodes: pods are ready as soon as they are scheduled."""
    command = [
        str(plane.programs["kwok"]),
        f"--kubeconfig={plane.kubeconfig}",
        f"--config={STAGES}",
        "--manage-all-nodes",
        "--node-lease-duration-seconds=40",
    ]
    with (plane.folder / "kwok.log").open("wb") as words:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command], stdout=words, stderr=words
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def deployment(name: str, replicas: int, version: str = "v1") -> dict[str, Any]:
    """A Deployment whose pods look as pods of today do: variables, a volume, probes, limits."""
    labels = {"app": name}
    variables = [
        {"name": f"SETTING_{number}", "value": f"the value of setting {number}"} for number in range(12)
    ]
    container = {
        "name": name,
        "image": f"registry.example.org/{name}:{version}",
        "ports": [{"containerPort": 8080}],
        "env": variables,
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
    }
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def _node(name: str) -> dict[str, Any]:
    capacity = {"cpu": "256", "memory": "1Ti", "pods": str(PODS_A_NODE)}
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "type": "kwok"}},
        "status": {"capacity": capacity, "allocatable": capacity},
    }


def _configuration(folder: Path, plane: ControlPlane, apps: Mapping[str, Any]) -> tuple[Path, Path]:
    files = folder / "config.yaml", folder / "real.yaml"
    people = {key: {"id": 1001 + n, "name": key.title()} for n, key in enumerate(PEOPLE)}
    content = {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": "sqlite:///state/pilothouse.db",
        "chats": {"team": {"id": -1001000000001}},
        "people": people,
        "bindings": [{"role": "deployer", "people": list(people)}],
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {
            ENVIRONMENT: {
                "cluster": "main",
                "namespace": "{{ app }}",
                "create_namespace": True,
                "timeout": "2m",
            }
        },
        "apps": dict(apps),
        "sandbox": {"members": {"team": list(people)}},
    }
    real = {"clusters": {"main": {"kubeconfig": str(plane.kubeconfig), "context": None}}}
    for path, each in zip(files, (content, real), strict=True):
        path.write_text(yaml.safe_dump(each), encoding="utf-8")
    return files


async def asked(world: World, person: str, text: str, pattern: str) -> Message:
    """Write to the bot in private, and wait for a new message of its that matches."""
    chat = world.sandbox.cast.person(person).id
    with world.telegram.changes() as changes:
        world.telegram.says(chat, chat, text)
        async for change in changes:
            what = change.what
            if (
                change.kind == "sent"
                and isinstance(what, Message)
                and what.chat_id == chat
                and _reads(what, pattern)
            ):
                return what
    raise AssertionError("Telegram has gone")


async def comes_to(world: World, message: Message, pattern: str) -> Message:
    """Wait until a message of the bot's reads so."""
    with world.telegram.changes() as changes:
        while True:
            now = world.telegram.message(message.chat_id, message.id)
            if now is not None and _reads(now, pattern):
                return now
            await anext(aiter(changes))


def _reads(message: Message, pattern: str) -> bool:
    return re.search(pattern, spaced(message.text), re.MULTILINE) is not None
