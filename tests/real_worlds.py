"""A bot that works on a real Kubernetes, beside an embedded Telegram and registry, in one process with its test."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.access import ClusterAccess
from bot.app import Parts, running
from bot.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.sandbox.world import SandboxWorld, open_world
from tests.control_plane.building import found
from tests.worlds import UNHURRIED, MovableClock, World, unhurried

PEOPLE: Mapping[str, int] = {"kim": 1001, "dana": 1002, "lee": 1003, "vic": 1004}


def configuration(suffix: str) -> dict[str, Any]:
    """A configuration but for its apps, with namespaces of its own on a cluster that others use.

    In the environment `named` the cluster is asked in people's names.
    """
    shared = {
        "cluster": "main",
        "create_namespace": True,
        "on_failure": "rollback",
        "timeout": "1m",
        "fail_early": {"settle": "1s"},
    }
    return {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": "sqlite:///state/pilothouse.db",
        "chats": {"team": {"id": -1001000000001}},
        "people": {key: {"id": number, "name": key.title()} for key, number in PEOPLE.items()},
        "bindings": [
            {"role": "admin", "people": ["kim"]},
            {"role": "deployer", "people": ["dana"]},
            {"role": "developer", "people": ["lee"]},
            {"role": "viewer", "people": ["vic"]},
        ],
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {
            "trial": {**shared, "namespace": f"{{{{ app }}}}-{suffix}"},
            "named": {**shared, "namespace": f"{{{{ app }}}}-named-{suffix}", "impersonate": True},
        },
        "sandbox": {"members": {"team": list(PEOPLE)}},
    }


class RealWorld(World):
    """The world with its bot; `world.cluster` is not the cluster that the bot works on."""

    def __init__(
        self,
        sandbox: SandboxWorld,
        parts: Parts,
        clock: MovableClock,
        api: Cluster,
        kubeconfig: Path,
        own_kubeconfig: Path,
        configs: Sequence[Path],
    ) -> None:
        super().__init__(sandbox, parts, clock)
        self.api = api
        """As the cluster's administrator."""
        self.kubeconfig = kubeconfig
        """The administrator's."""
        self.own_kubeconfig = own_kubeconfig
        """The bot's."""
        self.configs = configs

    def namespace(self, app: str, environment: str = "trial") -> str:
        """Where an app runs."""
        return self.parts.current.config.target(app, environment).namespace

    async def kubectl(self, app: str, *words: str, given: str = "") -> str:
        """What an administrator does by hand in an app's namespace; a failure is one of the test."""
        return await kubectl(self.kubeconfig, "--namespace", self.namespace(app), *words, given=given)

    async def revisions(self, app: str, environment: str = "trial") -> list[str]:
        """The statuses of a release's revisions, oldest first, as the release's records say them."""
        selector = f"owner=helm,name={app}"
        namespace = self.namespace(app, environment)
        secrets = await self.api.metadata("v1", "Secret", namespace, labels=selector)
        labels = [each["metadata"]["labels"] for each in secrets]
        return [each["status"] for each in sorted(labels, key=lambda labels: int(labels["version"]))]


@asynccontextmanager
async def open_real_world(
    folder: Path, kubeconfig: Path, laid_over: Mapping[str, Any], *, as_: Path | None = None
) -> AsyncIterator[RealWorld]:
    """Open one, the namespaces of its apps made anew and removed at the end.

    `kubeconfig` is an administrator's, `as_` the bot's own (None: the same). `laid_over` goes over
    `configuration`, as a second file does, and names the apps.
    """
    files = (folder / "config.yaml", folder / "more.yaml", folder / "real.yaml")
    suffix = uuid.uuid4().hex[:8]
    reached = {"clusters": {"main": {"kubeconfig": str(as_ or kubeconfig), "context": None}}}
    for path, content in zip(files, (configuration(suffix), laid_over, reached), strict=True):
        path.write_text(yaml.safe_dump(dict(content)), encoding="utf-8")
    clock = MovableClock()
    stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with open_world(folder, files[:2]) as sandbox, Cluster(ClusterAccess(kubeconfig)) as api:
        unhurried(sandbox)
        configs = (*sandbox.configs, files[2])
        async with running(configs, sandbox.secrets, stopping, clock, UNHURRIED) as bot:
            namespaces = {target.namespace for target in bot.parts.current.config.targets()}
            try:
                await asyncio.gather(*(_create(api, each) for each in namespaces))
                yield RealWorld(sandbox, bot.parts, clock, api, kubeconfig, as_ or kubeconfig, configs)
            finally:
                await asyncio.gather(*(_delete(api, each) for each in namespaces))


async def _create(api: Cluster, namespace: str) -> None:
    await api.create("v1", "Namespace", None, {"metadata": {"name": namespace}})


async def _delete(api: Cluster, namespace: str) -> None:
    await api.delete(Ref("v1", "Namespace", namespace))


async def kubectl(kubeconfig: Path, *words: str, given: str = "", refused: bool = False) -> str:
    """The command's answer, or with `refused` why it failed; otherwise that is a failure of the test."""
    process = await asyncio.create_subprocess_exec(
        str(found()["kubectl"]),
        "--kubeconfig",
        str(kubeconfig),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(given.encode())
    assert bool(process.returncode) is refused, f"kubectl {' '.join(words)}: {err.decode()}"
    return (err if refused else out).decode()


async def apply(kubeconfig: Path, *objects: Mapping[str, Any]) -> None:
    """Make these objects, or change them to be so."""
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    await kubectl(kubeconfig, "apply", "--filename", "-", given=given)
