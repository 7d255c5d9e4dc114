"""Two clusters of the configuration may turn out to be one: releases of the same name are then refused by name."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.access import Identity
from bot.clock import SystemClock
from bot.cluster.clusters import Clusters
from bot.cluster.identities import Identities, short
from bot.config import Config, load
from bot.planning.errors import PlanRefused
from bot.planning.sites import Sites
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.store.database import Database

CONFIG = """\
telegram: {token: "${TOKEN}"}
clusters:
  main: {kubeconfig: main}
  spare: {kubeconfig: spare}
  other: {kubeconfig: other}
environments:
  staging: {cluster: main, namespace: shop}
  production: {cluster: spare, namespace: shop}
  elsewhere: {cluster: other, namespace: shop}
  own: {cluster: other, namespace: blog, impersonate: true}
apps:
  shop: {chart: charts/shop, environments: [staging, production, elsewhere]}
  blog: {chart: charts/shop, environments: [own, elsewhere]}
"""
DANA = Identity("dana@example.org")


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[tuple[Sites, Config]]:
    """A cluster named twice, by two addresses, and another one."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    async with (
        KubernetesServer(name="one") as one,
        KubernetesServer(name="one") as again,
        KubernetesServer(name="other") as other,
        Clusters(SystemClock()) as clusters,
        Database(f"sqlite:///{tmp_path}/pilothouse.db") as database,
    ):
        for name, server in (("main", one), ("spare", again), ("other", other)):
            (tmp_path / name).write_text(server.kubeconfig(), encoding="utf-8")
        config = load([tmp_path / "config.yaml"], {"TOKEN": "t0ken"})
        yield Sites(Identities(clusters, database, SystemClock()), lambda: config), config


async def test_a_release_that_is_anothers_too_is_refused_naming_both(found: tuple[Sites, Config]) -> None:
    sites, config = found
    uid = (await sites.of(config.target("shop", "elsewhere"), None)).cluster_uid
    with pytest.raises(
        PlanRefused, match="shop in staging and shop in production are one release"
    ) as refused:
        await sites.of(config.target("shop", "staging"), None)
    assert "Clusters main and spare are one: " in refused.value.where
    assert short(uid) not in refused.value.where
    assert refused.value.advice == "An admin gives one of them another namespace or release"


async def test_the_cluster_is_asked_in_the_persons_name_only_where_the_environment_says_so(
    found: tuple[Sites, Config],
) -> None:
    sites, config = found
    own = await sites.of(config.target("blog", "own"), DANA)
    assert (own.identity, own.namespace, own.release) == (DANA, "blog", "blog")
    assert own.access == config.target("blog", "own").access
    assert (await sites.of(config.target("blog", "elsewhere"), DANA)).identity is None
    with pytest.raises(PlanRefused, match="own asks the cluster in your name, and you have none") as refused:
        await sites.of(config.target("blog", "own"), None)
    assert refused.value.advice == "An admin adds `kubernetes: {user: ...}` to your entry under `people`"


async def test_whoever_cannot_be_asked_is_not_known_to_be_the_same(
    found: tuple[Sites, Config], tmp_path: Path
) -> None:
    sites, config = found
    (tmp_path / "spare").write_text("kind: Config\n", encoding="utf-8")
    assert (await sites.of(config.target("shop", "staging"), None)).release == "shop"
