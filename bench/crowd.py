"""A real control plane with a crowd of pods on fake nodes (kwok), and a bot in an embedded Telegram for it."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.access import ClusterAccess
from bot.app import running
from bot.cluster import Cluster, Ref
from bot.sandbox.world import CHART, SandboxWorld, open_world
from bot.telegram.pacing import Limits
from tests.control_plane.building import build
from tests.control_plane.running import ControlPlane, control_plane
from tests.worlds import MovableClock, World

STAGES = Path(__file__).parent / "stages.yaml"
NODES = 12
PODS_A_NODE = 2000
APPS = tuple(f"shop-{number}" for number in range(1, 21))
"""Each in a namespace of its own."""
ENVIRONMENT = "trial"


@dataclass(frozen=True)
class Crowd:
    """The control plane, its administrator's client and the bot's world, the bot not started."""

    plane: ControlPlane
    api: Cluster
    sandbox: SandboxWorld
    configs: tuple[Path, ...]

    @asynccontextmanager
    async def bot(self, limits: Limits | None = None) -> AsyncIterator[World]:
        """A bot that has just been started; `limits` is another pace in chats than Telegram's."""
        stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        clock = MovableClock()
        async with running(self.configs, dict(self.sandbox.secrets), stopping, clock, limits) as bot:
            yield World(self.sandbox, bot.parts, clock)

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


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """Start everything; it ends with the block. Raises: Unavailable without a control plane."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        place = Path(folder)
        programs = await asyncio.to_thread(build, print)
        with control_plane(programs, place / "plane") as plane, _kwok(plane):
            files = _configuration(place, plane)
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


def _configuration(folder: Path, plane: ControlPlane) -> tuple[Path, Path]:
    files = folder / "config.yaml", folder / "real.yaml"
    people = {
        key: {"id": 1001 + n, "name": key.title()}
        for n, key in enumerate(("kim", "dana", "lee", "vic", "eve"))
    }
    app: dict[str, Any] = {
        "chart": str(CHART),
        "image": "registry.example.org/shop",
        "environments": {ENVIRONMENT: {}},
    }
    content = {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": "sqlite:///state/pilothouse.db",
        "chats": {"team": {"id": -1001000000001}},
        "people": people,
        "bindings": [{"role": "deployer", "people": ["dana"]}],
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {
            ENVIRONMENT: {
                "cluster": "main",
                "namespace": "{{ app }}",
                "create_namespace": True,
                "timeout": "2m",
            }
        },
        "apps": dict.fromkeys(APPS, app),
        "sandbox": {"members": {"team": list(people)}},
    }
    real = {"clusters": {"main": {"kubeconfig": str(plane.kubeconfig), "context": None}}}
    for path, each in zip(files, (content, real), strict=True):
        path.write_text(yaml.safe_dump(each), encoding="utf-8")
    return files
