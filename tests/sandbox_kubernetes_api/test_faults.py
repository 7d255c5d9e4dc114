"""A cluster that is down or answers nonsense, on demand."""

import aiohttp
import pytest

from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.sandbox_kubernetes_api.conftest import Http


async def test_a_cluster_that_is_down_refuses_and_comes_back(cluster: KubernetesServer, http: Http) -> None:
    await http.get("/version")
    await cluster.down(0.2)
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get("/version")
    await cluster.returned()
    await http.get("/version")


async def test_a_cluster_that_is_down_cuts_its_watches(cluster: KubernetesServer, http: Http) -> None:
    async with http.session.get(http.url + "/api/v1/namespaces?watch=true") as answer:
        await answer.content.readline()
        await cluster.down(0.0)
        with pytest.raises(aiohttp.ClientError):
            await answer.content.read()
    await cluster.returned()


async def test_a_failing_cluster_answers_in_status(cluster: KubernetesServer, http: Http) -> None:
    cluster.fail(503, 30)
    status, answer = await http.ask("GET", "/api/v1/pods")
    assert (status, answer["reason"]) == (503, "ServiceUnavailable")
    cluster.fail(503, 0)
    assert (await http.ask("GET", "/api/v1/pods"))[0] == 200
