"""The sandbox on a cluster that it was given: what is its own there, and what it cannot do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clock import SystemClock
from bot.sandbox.given import Given, GivenUnusable
from bot.sandbox.given_world import open_given_world
from bot.sandbox.hands import NotAsTold
from bot.sandbox.kubeconfigs import KubeconfigUnfit, led_over, server_of
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.page.truth import Truth
from bot.sandbox.relay import Relay
from bot.sandbox.world import World


@pytest.fixture
async def cluster() -> AsyncIterator[KubernetesServer]:
    """One whose nodes are played by somebody else, where somebody else's app runs."""
    async with KubernetesServer(pace=Pace.instant()) as opened:
        put(opened, "namespaces", "", "shop-staging", "Namespace")
        put(opened, "configmaps", "shop-staging", "theirs", "ConfigMap")
        yield opened


@pytest.fixture
def given(cluster: KubernetesServer, tmp_path: Path) -> Given:
    path = tmp_path / "given.kubeconfig"
    path.write_text(cluster.kubeconfig())
    return Given(path)


@pytest.fixture
async def world(given: Given, tmp_path: Path) -> AsyncIterator[World]:
    async with open_given_world(tmp_path, given) as opened:
        yield opened


def put(cluster: KubernetesServer, resource: str, namespace: str, name: str, kind: str) -> None:
    metadata = new_metadata(name, namespace, at=SystemClock().now())
    cluster.storage.put(
        Key("", resource, namespace, name),
        {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": {}},
    )


def namespaces(cluster: KubernetesServer) -> set[str]:
    names = {each["metadata"]["name"] for each in cluster.storage.scan("", "namespaces")}
    return {name for name in names if name != "default" and not name.startswith("kube-")}


async def test_its_namespaces_are_its_own_and_gone_at_the_end(
    cluster: KubernetesServer, given: Given, tmp_path: Path
) -> None:
    async with open_given_world(tmp_path, given):
        made = namespaces(cluster) - {"shop-staging"}
        (prefix,) = {name.partition("shop")[0].partition("blog")[0] for name in made}
        assert prefix.startswith("sandbox-")
        assert made == {f"{prefix}{name}" for name in ("shop-staging", "shop", "blog-staging")}
    assert namespaces(cluster) == {"shop-staging"}
    assert cluster.storage.peek(Key("", "configmaps", "shop-staging", "theirs")) is not None


async def test_scripts_reach_into_its_namespaces_alone_by_the_names_of_the_configuration(
    cluster: KubernetesServer, world: World
) -> None:
    with pytest.raises(NotAsTold, match=r"there is no configmap/theirs in shop-staging"):
        await world.hands.delete("configmap/theirs", "shop-staging")
    await world.hands.mark("deploy/shop", "shop-staging", {"by": "hand"}, {})
    (shop,) = [
        each
        for each in cluster.storage.scan("apps", "deployments")
        if each["metadata"]["name"] == "shop" and each["metadata"]["namespace"].endswith("shop-staging")
    ]
    assert shop["metadata"]["labels"]["by"] == "hand"
    await world.hands.delete("cm/*", None)
    left = {each["metadata"]["name"] for each in cluster.storage.scan("", "configmaps")}
    assert "theirs" in left
    assert "shop" not in left


async def test_its_pods_are_seen_also_while_the_bots_way_there_is_closed(
    cluster: KubernetesServer, world: World
) -> None:
    truth = Truth(world.config, world.pods, SystemClock())
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    following = asyncio.create_task(truth.follow(told.put_nowait))
    try:
        async with asyncio.timeout(60):
            while not (staging := (await told.get())["environments"][0])["pods"]:
                pass
            assert staging["error"] is None
            assert {each["app"] for each in staging["pods"]} <= {"shop", "blog"}
            assert all(name.startswith("sandbox-") for name in staging["namespaces"])
            await world.hands.cluster_down(None, None)
            truth.touch()
            while (staging := (await told.get())["environments"][0])["error"] is None:
                pass
            assert staging["pods"]
            await world.hands.cluster_up()
            truth.touch()
            while (await told.get())["environments"][0]["error"] is not None:
                pass
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_what_it_cannot_do_is_said(cluster: KubernetesServer, given: Given, tmp_path: Path) -> None:
    put(cluster, "nodes", "", "iron", "Node")  # so nothing has to be installed
    async with open_given_world(tmp_path, given) as world:
        with pytest.raises(NotAsTold, match="--play-nodes"):
            await world.hands.set_image("registry/shop:v9", "crash")
        with pytest.raises(NotAsTold, match="only the embedded cluster can be swapped"):
            await world.hands.swap("99999999-0000-4000-8000-000000000000")
        with pytest.raises(NotAsTold, match="no kind that a script may touch"):
            await world.hands.delete("node/worker-1", None)
        with pytest.raises(NotAsTold, match="the configuration has no cluster west"):
            await world.hands.cluster_down(1, "west")


async def test_where_nodes_are_real_nothing_is_installed_and_it_is_said(
    cluster: KubernetesServer, given: Given, tmp_path: Path
) -> None:
    put(cluster, "nodes", "", "iron", "Node")
    async with open_given_world(tmp_path, given) as world:
        assert "cannot pull the sandbox's images" in world.about
        assert namespaces(cluster) == {"shop-staging"}


@pytest.mark.long(10)
async def test_a_signal_removes_what_it_made(cluster: KubernetesServer, given: Given, tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("- {wait: 10m}\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "sandbox", "--kubeconfig", str(given.kubeconfig)),
        *("--script", str(tmp_path / "script.yaml")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    while b"pass" not in (line := await process.stdout.readline()):
        assert line, "it has ended"
    assert len(namespaces(cluster)) > 1
    process.terminate()
    assert await process.wait() == 130
    assert namespaces(cluster) == {"shop-staging"}


async def test_no_nodes_are_played_beside_real_ones(
    cluster: KubernetesServer, given: Given, tmp_path: Path
) -> None:
    put(cluster, "nodes", "", "iron", "Node")
    with pytest.raises(GivenUnusable, match=r"has nodes of its own \(iron\)"):
        async with open_given_world(tmp_path, Given(given.kubeconfig, play_nodes=True)):
            pass


async def test_a_context_that_is_not_there_is_named(given: Given, tmp_path: Path) -> None:
    with pytest.raises(GivenUnusable, match="there is no context elsewhere"):
        async with open_given_world(tmp_path, Given(given.kubeconfig, "elsewhere")):
            pass


def test_each_cluster_is_the_context_that_is_called_like_it_or_the_current_one() -> None:
    content = {"current-context": "kind", "contexts": [{"name": name} for name in ("kind", "west")]}
    assert Given(Path("f")).contexts(["east", "west"], content) == {"east": "kind", "west": "west"}
    assert Given(Path("f"), "kind").contexts(["east", "west"], content) == {"east": "kind", "west": "kind"}


KUBECONFIG = """
clusters:
- {name: c, cluster: {server: "https://api.example.org/k8s", certificate-authority: ca.crt}}
- {name: behind, cluster: {server: "https://api.example.org", proxy-url: "http://proxy.example.org"}}
users:
- {name: u, user: {client-certificate: /etc/u.crt, client-key: u.key}}
contexts:
- {name: main, context: {cluster: c, user: u}}
- {name: other, context: {cluster: behind, user: u}}
"""


def test_the_copy_of_a_kubeconfig_leads_elsewhere_and_trusts_whom_it_trusted() -> None:
    content = yaml.safe_load(KUBECONFIG)
    assert server_of(content, "main") == ("api.example.org", 443)
    copy = led_over(content, {"main": 4711}, Path("/home/ann"))
    assert copy["current-context"] == "main"
    assert [each["cluster"] for each in copy["clusters"]] == [
        {
            "server": "https://127.0.0.1:4711/k8s",
            "certificate-authority": "/home/ann/ca.crt",
            "tls-server-name": "api.example.org",
        }
    ]
    assert [each["user"] for each in copy["users"]] == [
        {"client-certificate": "/etc/u.crt", "client-key": "/home/ann/u.key"}
    ]


def test_a_cluster_behind_a_proxy_is_refused() -> None:
    with pytest.raises(KubeconfigUnfit, match="the context other leads through a proxy"):
        server_of(yaml.safe_load(KUBECONFIG), "other")


async def test_a_relay_passes_on_and_goes_down_and_comes_back() -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(await asyncio.start_server(echo, "127.0.0.1", 0))
        relay = await stack.enter_async_context(Relay(*server.sockets[0].getsockname()))
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        await relay.down(3600)
        assert await reader.read() == b"", "it is cut"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", relay.port)
        await relay.down(0)
        await relay.down(None)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", relay.port)
        await relay.up()
        reader, again = await asyncio.open_connection("127.0.0.1", relay.port)
        again.write(b"again\n")
        assert await reader.readline() == b"again\n"
        again.close()
        writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()
