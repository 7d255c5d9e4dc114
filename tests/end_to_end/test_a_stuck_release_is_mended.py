"""A release that another tool left unfinished, because it was killed: the chat explains and mends it."""

import asyncio
import io
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.sandbox.world import CHART
from tests.control_plane.running import ControlPlane
from tests.end_to_end.conftest import QUICK, Running, configured, given, goes_as_told, started

INSTALLED = r"""
- {as: dana, in: private, say: "/deploy shop v1.1 staging"}
- {as: dana, in: private, expect: {text: "shop → staging v1\\.1", buttons: ["Deploy to staging"], within: 60s}}
- {as: dana, in: private, press: "Deploy to staging"}
- {as: dana, in: private, expect: {text: "✅ shop → staging v1\\.1", within: 60s}}
"""
MENDED = r"""
- {as: dana, in: private, say: "/deploy shop v1.2 staging"}
- {as: dana, in: private, expect: {text: "(?s)shop: deploy unfinished.*may still be running", buttons: ["Look again"]}}
- {wait: 9s}  # past the environment's time-out, whoever began it must be dead
- {as: dana, in: private, press: "Look again"}
- {as: dana, in: private, expect: {text: "is pending-upgrade", buttons: ["Mend it"]}}
- {as: dana, in: private, press: "Mend it"}
- {as: dana, in: private, expect: {text: "(?s)by someone else.*If that run is dead", buttons: ["Roll back to 1"]}}
- {as: dana, in: private, press: "Roll back to 1"}
- {as: dana, in: private, expect: {text: "(?s)✅ shop → staging is mended.*v1\\.1 is back", within: 60s}}
- {as: dana, in: private, say: "/deploy shop v1.2 staging"}
- {as: dana, in: private, expect: {text: "shop → staging v1\\.2", buttons: ["Deploy to staging"]}}
- {as: dana, in: private, press: "Deploy to staging"}
- {as: dana, in: private, expect: {text: "✅ shop → staging v1\\.2", within: 60s}}
"""


@pytest.mark.long(30)
async def test_the_helm_command_line_was_killed_in_the_middle_of_an_upgrade(
    bare_plane: ControlPlane, tmp_path: Path
) -> None:
    config = configured(tmp_path, {"staging": {"cluster": "main"}})
    there = given(bare_plane, folder=tmp_path)
    async with started(tmp_path, configs=[config], given=there, pace=QUICK, out=io.StringIO()) as running:
        await goes_as_told(running, INSTALLED)
        running.servers.behaviours.order("registry/shop:v1.3", "slow", task=True)
        await upgraded_until_killed(bare_plane, running)
        await goes_as_told(running, MENDED)


async def upgraded_until_killed(plane: ControlPlane, running: Running) -> None:
    """Upgrade the release to v1.3 with Helm itself, which is killed while it waits for the migration."""
    async with Cluster(ClusterAccess(plane.kubeconfig)) as cluster:
        (job,) = await cluster.metadata("batch/v1", "Job")
        namespace = job["metadata"]["namespace"]
        helm = await asyncio.create_subprocess_exec(
            *(str(plane.programs["helm"]), "--kubeconfig", str(plane.kubeconfig), "--namespace", namespace),
            *("upgrade", "shop", str(CHART), "--reuse-values", "--set", "image.tag=v1.3,image.digest="),
        )
        async with aclosing(cluster.watch("v1", "Secret", namespace, labels="version=2")) as secrets:
            async for change in secrets:
                if change.object.get("metadata", {}).get("labels", {}).get("status") == "pending-upgrade":
                    break
        helm.kill()
        await helm.wait()
