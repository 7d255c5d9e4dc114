"""A look at a cluster that does not answer is an error, whatever the release consists of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster, ClusterUnreachable
from bot.rollout import ObjectRef, judge

NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(("api_version", "kind"), [("apps/v1", "Deployment"), ("example.org/v1", "Thing")])
async def test_it_is_told_and_not_taken_for_health(tmp_path: Path, api_version: str, kind: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    content = {
        "clusters": [{"name": "away", "cluster": {"server": NOBODY}}],
        "users": [{"name": "away", "user": {}}],
        "contexts": [{"name": "away", "context": {"cluster": "away", "user": "away"}}],
        "current-context": "away",
    }
    kubeconfig.write_text(json.dumps(content), encoding="utf-8")
    async with Cluster(ClusterAccess(kubeconfig)) as cluster:
        with pytest.raises(ClusterUnreachable):
            await judge(cluster, "shop", [ObjectRef(api_version, kind, "one")])
