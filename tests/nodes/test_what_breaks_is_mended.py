"""Played nodes go on after a broken watch, a version that is not kept any more, and a kill of their process."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from bot.clock import SystemClock
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.controllers.kinds import CONFIG_MAP
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Change, Key
from bot.sandbox.nodes.api import Api
from bot.sandbox.nodes.kubeconfig import KubeconfigInvalid, read_access
from bot.sandbox.nodes.mirror import Mirror
from bot.sandbox.nodes.mirroring import Mirrored, Mirroring
from tests.control_plane.running import ControlPlane
from tests.nodes.conftest import Kubectl, template

SPARE = "spare-1"
TAINT = "spare"


@pytest.fixture
async def cluster() -> AsyncIterator[KubernetesServer]:
    async with KubernetesServer() as opened:
        yield opened


@asynccontextmanager
async def mirrored(
    cluster: KubernetesServer, folder: Path
) -> AsyncIterator[tuple[Mirror, AsyncIterator[Change]]]:
    """A mirror of the cluster's ConfigMaps that follows it, and what becomes of it."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(cluster.kubeconfig())
    mirror = Mirror((), lambda _key: None)
    async with Api(read_access(kubeconfig)) as api:
        mirroring = Mirroring(api, mirror, Mirrored(CONFIG_MAP), SystemClock())
        await mirroring.list()
        following = asyncio.create_task(mirroring.follow())
        try:
            with mirror.changes() as changes:
                yield mirror, changes
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def put(cluster: KubernetesServer, name: str, value: str = "") -> Key:
    key = CONFIG_MAP.key("default", name)
    made = new_metadata(name, "default", at=SystemClock().now())
    obj = cluster.storage.get(key) or {"apiVersion": "v1", "kind": "ConfigMap", "metadata": made}
    cluster.storage.put(key, {**obj, "data": {"key": value}})
    return key


async def until_there(changes: AsyncIterator[Change], key: Key, *, there: bool = True) -> None:
    async for change in changes:
        if change.key == key and (change.type == "DELETED") != there:
            return


async def test_a_mirror_goes_on_when_the_server_comes_back(cluster: KubernetesServer, tmp_path: Path) -> None:
    async with mirrored(cluster, tmp_path) as (_, changes):
        await until_there(changes, put(cluster, "before"))
        await cluster.down(0.2)
        await until_there(changes, put(cluster, "meanwhile"))


async def test_a_mirror_whose_version_is_gone_lists_anew_and_forgets_what_is_gone(
    cluster: KubernetesServer, tmp_path: Path
) -> None:
    key = put(cluster, "short-lived")
    async with mirrored(cluster, tmp_path) as (mirror, changes):
        assert mirror.peek(key) is not None
        await cluster.down(0.2)
        cluster.storage.delete(key)
        for number in range(2_100):  # more than the server keeps
            busy = put(cluster, "busy", str(number))
        await until_there(changes, key, there=False)
        await until_there(changes, busy)


async def test_a_mirror_holds_no_secrets(cluster: KubernetesServer, tmp_path: Path) -> None:
    async with mirrored(cluster, tmp_path) as (mirror, changes):
        key = put(cluster, "settings", "a password")
        await until_there(changes, key)
        assert (mirror.peek(key) or {})["data"] == {"key": ""}


async def test_a_kubeconfig_that_cannot_be_used_says_why(cluster: KubernetesServer, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    content = yaml.safe_load(cluster.kubeconfig())
    kubeconfig.write_text(yaml.safe_dump(content))
    with pytest.raises(KubeconfigInvalid, match="has no context 'elsewhere'"):
        read_access(kubeconfig, "elsewhere")
    content["users"][0]["user"] = {"exec": {"command": "aws"}}
    kubeconfig.write_text(yaml.safe_dump(content))
    with pytest.raises(KubeconfigInvalid, match="a certificate or a token, not a program"):
        read_access(kubeconfig)


async def test_after_a_kill_the_next_one_goes_on_with_the_pods(
    control_plane: ControlPlane, kubectl: Kubectl
) -> None:
    spec = template("shop/web:1", nodeName=SPARE, tolerations=[{"key": TAINT, "operator": "Exists"}])["spec"]
    async with nodes(control_plane.kubeconfig) as killed:
        await kubectl.apply("Pod", "web", spec)
        await kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=300s")
        before = (await kubectl.get("pod/web"))["status"]
        killed.kill()
        await killed.wait()
    async with nodes(control_plane.kubeconfig):
        await kubectl.apply("Pod", "later", spec)
        await kubectl("wait", "--for=condition=Ready", "pod/later", "--timeout=300s")
        assert (await kubectl.get("pod/web"))["status"] == before
        await kubectl("delete", "pods", "--all")
    assert SPARE not in await kubectl("get", "nodes"), "it takes its node away"


@asynccontextmanager
async def nodes(kubeconfig: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, with a node of its own on which nobody else's pods come; it ends with the block."""
    command = ("-m", "bot.sandbox.nodes", "--kubeconfig", str(kubeconfig), "--name", SPARE, "--taint", TAINT)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert b"ready" in await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
