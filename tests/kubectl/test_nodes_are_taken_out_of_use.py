"""Nodes are cordoned, tainted and drained, and pods that find none say why as the real scheduler does."""

import asyncio
import re
from typing import Any

from tests.kubectl.commands import Both, Shell

WEB = "create deployment web --image registry/web:v1 --replicas 2"
READY = "rollout status deployment/web --timeout 30s"
MESSAGE = "get pods -l app={} -o jsonpath='{{.items[0].status.conditions[0].message}}'"

NOWHERE: dict[str, dict[str, Any]] = {
    "picky": {"nodeSelector": {"disk": "ssd"}},
    "big": {
        "containers": [
            {"name": "app", "image": "registry/a:v1", "resources": {"requests": {"memory": "9Ti"}}}
        ]
    },
    "claims": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "nothing"}}]},
}


def hopes(message: str) -> str:
    """What the scheduler says of making room, for however many nodes there are."""
    return re.sub(r"\d+", "N", message.rpartition(". ")[2])


async def test_a_node_is_described(shell: Shell) -> None:
    text = await shell.must("describe node worker-1")
    assert "HolderIdentity:  worker-1" in text
    assert "KubeletReady" in text
    listed = (await shell.must("get nodes --no-headers -o wide")).splitlines()
    assert [line.split()[0] for line in listed] == ["worker-1", "worker-2", "worker-3"]


async def test_a_node_is_cordoned_and_tainted(shell: Shell) -> None:
    assert "node/worker-3 cordoned" in await shell.must("cordon worker-3")
    assert "already cordoned" in await shell.must("cordon worker-3")
    assert "Ready,SchedulingDisabled" in await shell.must("get node worker-3")
    assert "uncordoned" in await shell.must("uncordon worker-3")
    assert "node/worker-3 tainted" in await shell.must("taint node worker-3 only=gpu:NoSchedule")
    assert "already has" in await shell.refused("taint node worker-3 only=gpu:NoSchedule")
    assert "only=gpu:NoSchedule" in await shell.must("describe node worker-3")
    assert "untainted" in await shell.must("taint node worker-3 only-")


async def test_a_node_is_drained_but_for_what_a_budget_keeps(shell: Shell) -> None:
    await shell.must(WEB)
    await shell.must(READY)
    await shell.must("create poddisruptionbudget web --selector app=web --min-available 2")
    node = await shell.must("get pods -o jsonpath='{.items[0].spec.nodeName}'")
    refused = await shell.refused(f"drain {node} --ignore-daemonsets --force --timeout 1s")
    assert "Cannot evict pod as it would violate the pod's disruption budget" in refused
    await shell.must("delete poddisruptionbudget web")
    assert "drained" in await shell.must(f"drain {node} --ignore-daemonsets --force --timeout 20s")
    await shell.must(READY)
    assert node not in await shell.must("get pods -o wide")
    await shell.must(f"uncordon {node}")


async def test_pods_that_find_no_node_say_why(both: Both) -> None:
    for name, spec in NOWHERE.items():
        plain = {"containers": [{"name": "app", "image": "registry/a:v1"}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}}
        await both.must("create -f -", str(pod | {"spec": plain | spec}))
        await both.must(f"wait --for=jsonpath='{{.status.conditions[0].reason}}'=Unschedulable pod/{name}")
        words, real = await asyncio.gather(
            *(side.must(MESSAGE.format(name)) for side in (both.embedded, both.real))
        )
        found = re.search(r"0/3 nodes are available: (?:3 )?(.+?)\. ", words)
        assert found is not None, words
        assert found[1] in real
        assert hopes(words) == hopes(real)
    await both.agree("get pods")


async def test_a_namespace_goes_with_all_that_is_in_it(both: Both) -> None:
    await both.must(WEB)
    await both.agree("describe namespace {ns}")
    await both.agree("delete namespace {ns}")
    await both.agree("get namespace {ns}")
    await both.agree("get all")
