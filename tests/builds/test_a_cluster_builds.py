"""A build as a Job of a cluster: its manifest, what it may know, how it is followed and how it ends."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.build_jobs import JobBuilder
from bot.clock import SystemClock
from bot.cluster import Cluster, ClusterAccess
from bot.cluster.discovery import Ref
from bot.events import BuildStep, BuildWords, Pushed
from bot.images.access import Account
from bot.images.builders.building import BuildEvent, BuildRequest, Origin, RegistryLogin
from bot.images.builders.job_manifest import JobSettings, Object
from bot.images.errors import BuildFailed
from bot.sandbox.kubernetes import KubernetesServer, Pace
from tests.builds.played import DIGEST, build_task

PASSWORD, TOKEN, SECRET = "c4nary-registry", "c4nary-git", "c4nary-build"
NAME = "pilothouse-build-ab12"
GIT = Origin("https://git.example.org/shop", "4f0c" * 10, "api", Account("bot", TOKEN))


def request_for(folder: Path, **more: Any) -> BuildRequest:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    fields: dict[str, Any] = {
        "build": "ab12",
        "origin": GIT,
        "context": folder,
        "dockerfile": folder / "Dockerfile",
        "image": "registry.example.org/shop:main",
        "room": folder,
        "secrets": {"pip": SECRET},
        "logins": (RegistryLogin("registry.example.org", "ci", PASSWORD),),
    }
    return BuildRequest(**(fields | more))


def builder_in(cluster: Cluster, namespace: str = "builds", seconds: float = 300, **more: Any) -> JobBuilder:
    """The one that builds in that cluster."""

    async def here() -> Cluster:
        return cluster

    settings = JobSettings(namespace, "moby/buildkit:v0.31.2-rootless", seconds, **more)
    return JobBuilder(lambda: settings, here, SystemClock())


@asynccontextmanager
async def embedded(folder: Path, pace: Pace | None = None) -> AsyncIterator[Cluster]:
    kubeconfig = folder / "kubeconfig"
    async with KubernetesServer(tasks=build_task, pace=pace or Pace.instant()) as server:
        kubeconfig.write_text(server.kubeconfig())
        async with Cluster(ClusterAccess(kubeconfig)) as cluster:
            await cluster.create("v1", "Namespace", None, {"metadata": {"name": "builds"}})
            yield cluster


async def there(cluster: Cluster, kind: str, namespace: str = "builds") -> Object | None:
    """The Job or Secret of the build."""
    api = "batch/v1" if kind == "Job" else "v1"
    return await cluster.get(Ref(api, kind, NAME, namespace))


async def begun(cluster: Cluster, folder: Path) -> asyncio.Task[str]:
    """A build whose Job and Secret are there."""
    task = asyncio.create_task(builder_in(cluster).build(request_for(folder), lambda _: None))
    async with asyncio.timeout(30):
        while not task.done() and await there(cluster, "Secret") is None:
            await asyncio.sleep(0.02)
    return task


async def test_a_build_is_followed_to_its_digest_and_leaves_nothing(tmp_path: Path) -> None:
    told: list[BuildEvent] = []
    async with embedded(tmp_path) as cluster:
        assert await builder_in(cluster).missing() == ""
        assert await builder_in(cluster).build(request_for(tmp_path), told.append) == DIGEST
        assert await there(cluster, "Job") is None
    steps = {(each.stage, each.instruction, each.state) for each in told if isinstance(each, BuildStep)}
    assert ("shop", "COPY site /site", "done") in steps
    assert BuildWords(("compiling the shop",)) in told
    assert Pushed(0, 0) in told


async def test_a_build_that_fails_says_at_which_instruction(tmp_path: Path) -> None:
    told: list[BuildEvent] = []
    async with embedded(tmp_path) as cluster:
        with pytest.raises(BuildFailed) as failed:
            await builder_in(cluster).build(request_for(tmp_path, target="broken"), told.append)
        assert await there(cluster, "Job") is None
    assert str(failed.value) == "Exit 3"
    assert failed.value.instruction.startswith('RUN echo "linking the shop"')
    assert BuildWords(("undefined: cart",)) in told


async def test_what_is_secret_is_in_the_secret_alone_which_the_job_owns(tmp_path: Path) -> None:
    async with embedded(tmp_path, Pace(job=600)) as cluster:
        task = await begun(cluster, tmp_path)
        job, secret = await there(cluster, "Job"), await there(cluster, "Secret")
        assert job is not None
        assert secret is not None
        told = str(job)
        assert not [each for each in (PASSWORD, TOKEN, SECRET) if each in told]
        kept = b"\n".join(base64.b64decode(each) for each in secret["data"].values()).decode()
        assert SECRET in kept
        assert Account("bot", TOKEN).header() in kept
        assert secret["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
        container = job["spec"]["template"]["spec"]["containers"][0]
        assert f"context=https://git.example.org/shop.git#{GIT.sha}:api" in container["args"]
        assert job["spec"]["backoffLimit"] == 0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await there(cluster, "Job") is None


async def test_the_bot_that_comes_after_goes_on_with_the_job(tmp_path: Path) -> None:
    async with embedded(tmp_path, Pace(job=600)) as cluster:
        assert not await builder_in(cluster).goes_on("ab12")
        first = await begun(cluster, tmp_path)
        assert await builder_in(cluster).goes_on("ab12")
        before = await there(cluster, "Job")
        follows = asyncio.Event()
        second = asyncio.create_task(
            builder_in(cluster).build(request_for(tmp_path), lambda _: follows.set())
        )
        async with asyncio.timeout(30):  # it tells what the pod of the first one says
            await follows.wait()
        assert before is not None
        assert (await there(cluster, "Job") or {})["metadata"]["uid"] == before["metadata"]["uid"]
        await cluster.delete(Ref("batch/v1", "Job", NAME, "builds"))
        with pytest.raises(BuildFailed, match="deleted"):
            await second
        with pytest.raises(BuildFailed, match="deleted"):
            await first


async def test_a_source_that_a_pod_cannot_read_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    async with embedded(tmp_path) as cluster:
        request = request_for(tmp_path, origin=Origin("ssh://git@git.example.org/shop", "4f0c" * 10))
        with pytest.raises(BuildFailed, match="https alone"):
            await builder_in(cluster).build(request, lambda _: None)
        assert await there(cluster, "Secret") is None


async def test_a_real_api_server_takes_the_job_runs_it_and_lets_it_go(
    real_cluster: Cluster, real_namespace: str, tmp_path: Path
) -> None:
    told: list[BuildEvent] = []
    builder = builder_in(real_cluster, real_namespace, node_selector={"kubernetes.io/os": "linux"})
    assert await builder.missing() == ""
    assert await builder.build(request_for(tmp_path), told.append) == DIGEST
    with pytest.raises(BuildFailed) as failed:
        await builder.build(request_for(tmp_path, target="broken"), told.append)
    assert failed.value.instruction.startswith('RUN echo "linking the shop"')
    assert any(isinstance(each, BuildStep) and each.state == "done" for each in told)


async def test_a_pod_that_finds_no_node_says_why_and_ends_with_its_time(
    real_cluster: Cluster, real_namespace: str, tmp_path: Path
) -> None:
    told: list[BuildEvent] = []
    builder = builder_in(real_cluster, real_namespace, seconds=3, node_selector={"disk": "none-such"})
    with pytest.raises(BuildFailed, match="longer than"):
        await builder.build(request_for(tmp_path), told.append)
    words = " ".join(line for each in told if isinstance(each, BuildWords) for line in each.lines)
    assert "node affinity/selector" in words
