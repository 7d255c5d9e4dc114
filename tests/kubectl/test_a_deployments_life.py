"""A Deployment from its creation to its end, by the commands of every day."""

import asyncio

import pytest

from tests.contract.asking import unquoted
from tests.kubectl.commands import Both, Shell, last_line, nothing, unordered, whole

WEB = "create deployment web --image registry/{ns}/web:v1 --replicas 2 --port 80"
"""Its image is on no node yet: whether one has it is told in Events."""
SECOND = """{"metadata":{"annotations":{"kubernetes.io/change-cause":"second"}},"spec":{"template":{"spec":
    {"containers":[{"name":"web","image":"registry/web:v2"}]}}}}"""
READY = "rollout status deployment/web --timeout 30s"


async def test_it_is_made_and_looked_at(both: Both) -> None:
    await both.agree(WEB)
    assert "successfully rolled out" in await both.agree(READY, look=last_line)
    await both.agree("get deployments,replicasets,pods -o wide")
    await both.agree("get all --show-labels")
    await both.agree("get deployment web -o yaml")
    await both.agree("get pods -l app=web -o jsonpath='{.items[*].status.phase}'")
    await both.agree("get pods -l app!=web")
    await both.agree("get pods --field-selector status.phase=Running -o name")
    await both.agree("get pods --field-selector nonsense=1")
    await both.agree("get pods -A --field-selector metadata.namespace={ns}")
    await both.agree("get pods --chunk-size 1 --no-headers")
    await both.agree("get deployment web -o custom-columns=N:.metadata.name,R:.spec.replicas")
    await both.agree("get deployment web -o go-template='{{.spec.replicas}}'")
    await both.agree("get deployment nothing")
    await both.agree("get nonsense")
    await both.agree("expose deployment web --port 80 --target-port 8080")
    await both.agree("get services,endpointslices")
    for kind in ("deployment", "replicaset", "pod", "service"):
        await both.agree(f"describe {kind}", look=unordered)
    await both.agree("events", look=unordered)
    await both.agree("events --for deployment/web", look=unordered)


async def test_it_is_changed_undone_and_paused(both: Both) -> None:
    await both.must(WEB)
    await both.must(READY)
    await both.must(f"patch deployment web -p '{SECOND}'")
    await both.agree(READY, look=last_line)
    await both.agree("rollout history deployment/web")
    await both.agree("rollout history deployment/web --revision 2")
    await both.agree("set image deployment/web web=registry/web:v3")
    await both.must(READY)
    await both.agree("rollout undo deployment/web --to-revision 1")
    await both.agree(READY, look=last_line)
    await both.agree("rollout history deployment/web")
    await both.agree("get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'")
    await both.agree("rollout undo deployment/web --to-revision 9")
    for words in ("rollout pause", "rollout pause", "rollout restart", "rollout resume", "rollout resume"):
        await both.agree(f"{words} deployment/web")
    await both.agree("rollout restart deployment/web")
    await both.agree(READY, look=last_line)
    await both.agree("set resources deployment/web --requests cpu=100m")
    await both.agree("set env deployment/web A=1")
    await both.agree("set env deployment/web --list")


async def test_it_is_scaled_and_waited_for(both: Both) -> None:
    await both.must(WEB)
    await both.agree("scale deployment/web --replicas 3")
    await both.agree("scale deployment/web --replicas 1 --current-replicas 7")
    await both.agree("wait --for=jsonpath='{.status.readyReplicas}'=3 deployment/web --timeout 20s")
    await both.agree("wait --for=condition=Available deployment/web --timeout 20s")
    await both.agree("wait --for=condition=Nonsense deployment/web --timeout 0s")
    await both.agree("autoscale deployment web --max 3 --cpu 50%")
    await both.agree("get hpa -o jsonpath='{.items[0].spec}'")


async def test_its_labels_are_set_and_it_is_patched_in_three_ways(both: Both) -> None:
    await both.must(WEB)
    for words in ("a=b", "a=c", "a=c --overwrite", "a-", "a-"):
        await both.agree(f"label deployment/web {words}")
    container = (
        '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}'
    )
    await both.agree(f"patch deployment web -p '{container}'")
    await both.agree("""patch deployment web --type merge -p '{"metadata":{"labels":{"q":"r"}}}'""")
    replicas = '[{"op":"replace","path":"/spec/replicas","value":1}]'
    await both.agree(f"patch deployment web --type json -p '{replicas}'")
    await both.agree("""patch deployment web --type json -p '[{"op":"remove","path":"/spec/nothing"}]'""")
    many = """patch deployment web --type merge -p '{"spec":{"replicas":"many"}}'"""
    await both.agree(many, look=unquoted)
    scale = 'patch deployment web --subresource scale --type merge -p \'{"spec":{"replicas":2}}\''
    await both.agree(scale)
    await both.agree("get deployment web -o jsonpath='{.spec.replicas}{.metadata.labels}'")


async def test_it_is_edited(edited: Both) -> None:
    await edited.must(WEB)
    await edited.must("label deployment/web place=first")
    await edited.agree("edit deployment web")
    await edited.agree("get deployment web -o jsonpath='{.metadata.labels.place}'")
    await edited.agree("edit deployment web")


async def test_its_logs_are_read(both: Both) -> None:
    await both.must(WEB.replace("--replicas 2", "--replicas 1"))
    await both.must(READY)
    for words in ("--tail 1", "--since 1h", "--timestamps --tail 1"):
        await both.agree(f"logs deployment/web {words}", look=nothing)
    assert len((await both.embedded.must("logs -l app=web --tail 1")).splitlines()) == 1
    await both.agree("logs nothing")
    await both.agree("logs deployment/web -c nothing")
    assert "previous terminated container" in await both.agree("logs deployment/web --previous")


async def test_its_logs_are_followed(shell: Shell) -> None:
    await shell.must(WEB.replace("--replicas 2", "--replicas 1"))
    await shell.must(READY)
    async with shell.following("logs --follow deployment/web") as process:
        assert process.stdout is not None
        assert await process.stdout.readline()
        await shell.must("delete deployment web")
        await process.communicate()
        assert process.returncode == 0


async def test_the_last_words_of_one_that_crashes_are_read(both: Both) -> None:
    await both.must("create deployment web --image registry/web:v1-crash")
    await both.must(
        "wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod -l app=web --timeout 30s"
    )
    assert await both.embedded.must("logs deployment/web --previous")
    await both.agree("logs deployment/web --previous", look=nothing)


async def test_its_pods_are_watched(shell: Shell) -> None:
    await shell.must(WEB.replace("--replicas 2", "--replicas 1"))
    await shell.must(READY)
    async with shell.following("get pods --watch") as process:
        assert process.stdout is not None
        shown = [(await process.stdout.readline()).decode().split()[2] for _ in range(2)]
        assert shown == ["STATUS", "Running"]
        await shell.must("scale deployment web --replicas 2")
        assert (await process.stdout.readline()).decode().split()[1:3] == ["0/1", "Pending"]


@pytest.mark.parametrize("cascade", ["background", "foreground"])
async def test_what_is_its_own_goes_with_it(both: Both, cascade: str) -> None:
    await both.must(WEB)
    await both.must(READY)
    await both.agree(f"delete deployment web --cascade={cascade}")
    await both.must("wait --for=delete replicasets,pods -l app=web --timeout 30s")
    await both.agree("get all")


async def test_what_is_its_own_stays_when_told_so(both: Both) -> None:
    await both.must(WEB)
    await both.must(READY)
    await both.agree("delete deployment web --cascade=orphan")
    await both.agree("get replicasets,pods -l app=web")
    await both.agree("delete replicasets --all", look=whole)
    await both.must("wait --for=delete pods -l app=web --timeout 30s")


async def test_two_people_work_at_once(shell: Shell) -> None:
    await shell.must(WEB)
    told = [shell.must(f"label deployment/web who{number}=there") for number in range(3)]
    await asyncio.gather(*told)
    labels = await shell.must("get deployment web -o jsonpath='{.metadata.labels}'")
    assert all(f"who{number}" in labels for number in range(3))
