"""A token that ends is read anew from its file, where another program has put the next one."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from bot.cluster import Cluster, ClusterAccess, ClusterUnreachable
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.faults.clusters import Tokens

ONCE_A_SECOND = 1.1
"""Seconds after which credentials are read again."""


@pytest.fixture
def tokens(server: KubernetesServer, tmp_path: Path) -> Tokens:
    tokens = Tokens(tmp_path / "token")
    server.meets = tokens.meets
    return tokens


@pytest.fixture
def access(server: KubernetesServer, tokens: Tokens, tmp_path: Path) -> ClusterAccess:
    (tmp_path / "kubeconfig").write_text(tokens.named_in(server.kubeconfig()))
    return ClusterAccess(tmp_path / "kubeconfig")


async def test_whoever_asks_at_once_is_answered_with_the_new_one(cluster: Cluster, tokens: Tokens) -> None:
    await asyncio.sleep(ONCE_A_SECOND)
    tokens.replace("second")
    found = await asyncio.gather(*(cluster.list("v1", "Namespace") for _ in range(20)))
    assert all(found)


async def test_a_watch_waits_for_the_next_one(
    cluster: Cluster, server: KubernetesServer, tokens: Tokens
) -> None:
    async with contextlib.aclosing(cluster.watch("v1", "Secret", "shop")) as events:
        async for event in events:
            if event.type == "SYNCED":
                tokens.end()
                await server.down(0)
            elif event.type == "LOST" and "credentials" in event.object["words"]:
                tokens.replace("second")
            elif event.type == "BACK":
                break


async def test_that_it_ended_is_told_and_may_pass(cluster: Cluster, tokens: Tokens) -> None:
    tokens.end()
    with pytest.raises(ClusterUnreachable, match="does not accept the bot's credentials"):
        await cluster.version()
