"""Builds in a cluster take exactly the rights that `pilothouse rbac` prints for them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cluster import Cluster, ClusterAccess
from bot.images.errors import BuildFailed
from bot.rbac.printing import Account as ServiceAccount
from bot.rbac.printing import Form, rbac
from bot.sandbox.kubernetes import KubernetesServer
from tests.builds.played import DIGEST, build_task
from tests.builds.test_a_cluster_builds import builder_in, request_for
from tests.rbac.accounts import USER, account, apply
from tests.rbac.test_printed_rights_are_enough_and_least import granted
from tests.worlds import QUICK


async def printed(folder: Path, form: Form = "bot") -> str:
    """For a cluster in which images are built and no app runs."""
    content: dict[str, Any] = {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": f"sqlite:///{folder}/it.db",
        "clusters": {"yard": {"kubeconfig": "none"}},
        "builds": {"job": {"cluster": "yard", "namespace": "builds"}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    out = io.StringIO()
    mine = ServiceAccount("pilothouse", "pilothouse")
    assert await rbac([folder / "config.yaml"], {}, mine, "", form, out) == 0
    return out.getvalue()


async def test_they_are_enough_and_each_of_them_is_used(tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all(await printed(tmp_path)))
    async with (
        KubernetesServer(tasks=build_task, pace=QUICK) as server,
        account(server, tmp_path) as mine,
    ):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "builds"}}
        await apply(server, [namespace, *documents])
        async with Cluster(ClusterAccess(mine.kubeconfig)) as cluster:
            assert await builder_in(cluster).missing() == ""
            assert await builder_in(cluster).build(request_for(tmp_path), lambda _: None) == DIGEST
            with pytest.raises(BuildFailed, match="Exit 3"):
                await builder_in(cluster).build(request_for(tmp_path, target="broken"), lambda _: None)
    wanted = {(each.group, each.resource, each.verb) for each in granted(documents) if each.namespace}
    asked = {
        (what.group, what.full_resource, what.verb)
        for user, what in mine.asked
        if user == USER and what.namespace == "builds"
    }
    assert asked == wanted


async def test_the_namespace_is_named_and_the_chart_takes_them_too(tmp_path: Path) -> None:
    assert "builds: Jobs in namespace builds" in await printed(tmp_path)
    values = yaml.safe_load(await printed(tmp_path, "values"))
    (rule,) = (each for each in values["rbac"]["namespaces"]["builds"] if each["resources"] == ["jobs"])
    assert set(rule["verbs"]) == {"create", "get", "list", "watch", "delete"}
