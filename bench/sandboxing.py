"""The sandbox's sizes: how soon its servers listen, what its sample world takes, and how fast it lists many pods."""

import asyncio
import json
import sys
import time

import aiohttp

from bench.measuring import Figure, Goal, timed_async
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key, copied

PODS = 5000
AGAIN = 7
PATH = "/api/v1/namespaces/default/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
"""What `kubectl get pods` asks for."""
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "registry/web:v1"}]},
}


async def measure() -> list[Figure]:
    """The process's figures, and the list's."""
    return [*await _process(), *await _listing()]


async def _process() -> list[Figure]:
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.sandboxed"), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    took = time.perf_counter() - start
    found = json.loads(told)
    listen = Figure(
        "sandbox: its three servers listen",
        found["started"],
        "s",
        "schemas read, the cluster seeded, its controllers at work; not the interpreter and imports",
        goal=Goal(most=1),
    )
    filled = Figure(
        "sandbox: the sample world is there", found["filled"], "s", "with six installs and upgrades by Helm"
    )
    memory = Figure(
        "sandbox: memory with the sample world",
        found["memory"],
        "MB",
        "resident, of the process of the three servers; the bot and Helm's workers are others",
        goal=Goal(most=150),
    )
    whole = Figure("sandbox: process with both, from its start to its end", took, "s")
    return [listen, filled, memory, whole]


async def _listing() -> list[Figure]:
    async with KubernetesServer(pace=Pace.instant()) as server, aiohttp.ClientSession() as session:
        await _fill(server, session)

        async def table() -> None:
            async with session.get(server.url + PATH, headers={"Accept": TABLE}) as answer:
                assert answer.status == 200
                await answer.read()

        times = await timed_async(table, AGAIN)
    row = times.figure(f"sandbox: {PODS} pods as a Table", "over HTTP, whole")
    return [Figure(row.what, row.value, row.unit, row.note, slow=row.slow, goal=Goal(most=0.3))]


async def _fill(server: KubernetesServer, session: aiohttp.ClientSession) -> None:
    """One pod that runs, and its like so often."""
    key = Key("", "pods", "default", "web")
    with server.storage.changes() as changes:
        async with session.post(server.url + PATH, json=POD) as answer:
            assert answer.status == 201
        async for change in changes:
            if change.key == key and (change.object.get("status") or {}).get("phase") == "Running":
                break
    for number in range(PODS - 1):
        pod = copied(server.storage.peek(key) or {})
        pod["metadata"] |= {"name": f"web-{number}", "uid": f"{number}"}
        server.storage.put(key._replace(name=f"web-{number}"), pod)
    await asyncio.sleep(0)  # the controllers hear of them
    await server.settled()
