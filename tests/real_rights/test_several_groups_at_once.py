"""Whoever is in several groups has the rights of each, for our own client and for Helm's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.cluster.errors import ClusterRefused
from bot.helm import errors
from bot.helm.client import Helm
from bot.helm.releases import Location
from tests.helm_cli.commands import chart
from tests.real_rights.accounts import DANA, WITHOUT, granted
from tests.real_worlds import apply


@pytest.fixture
async def given(real_kubeconfig: Path, real_namespace: str) -> str:
    """A namespace in which the second of the groups may do everything."""
    await apply(real_kubeconfig, *granted(real_namespace, "night", group="night-shift"))
    return real_namespace


async def test_our_client_asks_as_all_of_them(given: str, real_cluster: Cluster) -> None:
    assert await real_cluster.as_(DANA).list("v1", "Secret", given) == []
    with pytest.raises(ClusterRefused, match=r'User "dana@example.org" cannot list resource "secrets"'):
        await real_cluster.as_(WITHOUT).list("v1", "Secret", given)


async def test_helm_acts_as_all_of_them(given: str, real_kubeconfig: Path) -> None:
    at = Location(ClusterAccess(real_kubeconfig), given, "shared")
    archive = await chart()
    async with Helm() as helm:
        with pytest.raises(errors.ClusterRefused, match=r'User "dana@example.org" cannot'):
            await helm.upgrade(at, archive, {}, as_=WITHOUT, timeout=60)
        assert (await helm.upgrade(at, archive, {}, as_=DANA, timeout=60)).status == "deployed"
        assert len(await helm.history(at, DANA)) == 1
