"""What people do to the embedded cluster beside the bot: the calls that kubectl makes for them."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.cluster import Cluster
from tests.worlds import World

_HEADERS = {"Authorization": "Bearer sandbox"}
_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def edited(
    world: World,
    path: str,
    body: Mapping[str, Any],
    *,
    manager: str = "kubectl-edit",
    way: str = "strategic-merge",
) -> None:
    """Patch the object at a path of the API, as `kubectl edit` and its like do.

    Raises: aiohttp.ClientError where the API refuses.
    """
    headers = {**_HEADERS, "Content-Type": f"application/{way}-patch+json"}
    async with (
        _session(headers) as session,
        session.patch(f"{world.cluster.url}{path}?fieldManager={manager}&fieldValidation=Strict", json=body),
    ):
        pass


async def scaled(world: World, deployment: str, namespace: str, replicas: int) -> None:
    """`kubectl scale deployment`.

    Raises: aiohttp.ClientError where the API refuses.
    """
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}/scale"
    await edited(world, path, {"spec": {"replicas": replicas}}, manager="kubectl", way="merge")


async def let_do_anything(cluster: Cluster, user: str) -> None:
    """`kubectl create clusterrolebinding`, for a role that may do all there is."""
    group, name = "rbac.authorization.k8s.io", {"metadata": {"name": "all"}}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    await cluster.create(f"{group}/v1", "ClusterRole", None, {**name, "rules": rules})
    role = {"apiGroup": group, "kind": "ClusterRole", "name": "all"}
    subjects = [{"apiGroup": group, "kind": "User", "name": user}]
    binding = {**name, "roleRef": role, "subjects": subjects}
    await cluster.create(f"{group}/v1", "ClusterRoleBinding", None, binding)


def _session(headers: Mapping[str, str]) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT, raise_for_status=True, trust_env=False)
