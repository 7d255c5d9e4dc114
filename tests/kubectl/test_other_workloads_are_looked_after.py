"""StatefulSets, DaemonSets, Jobs, CronJobs and single pods, and the disks and Services they use."""

from tests.kubectl.commands import Both, Shell, last_line, nothing, unordered
from tests.kubectl.manifests import AGENT, APP

IMAGES = "-o custom-columns=N:.metadata.name,I:.spec.containers[0].image"


async def test_a_stateful_set_goes_one_by_one_and_up_to_its_partition(both: Both) -> None:
    await both.must("apply -f -", APP)
    await both.agree("rollout status statefulset/db --timeout 30s", look=last_line)
    await both.agree("get statefulsets,pvc,pv -o wide", look=nothing)
    await both.agree("get statefulset,pvc -o wide")
    await both.agree("describe statefulset db", look=unordered)
    await both.must(
        'patch statefulset db -p \'{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}\''
    )
    await both.agree("set image statefulset/db db=registry/db:v2")
    await both.agree("rollout status statefulset/db --timeout 30s", look=last_line)
    await both.agree(f"get pods -l app=db {IMAGES}")
    await both.agree("rollout history statefulset/db")
    await both.agree("rollout undo statefulset/db", look=nothing)
    await both.agree("scale statefulset db --replicas 1")
    await both.must("wait --for=delete pod/db-1 --timeout 20s")
    await both.agree("get pvc data-db-1")
    await both.agree("delete pvc data-db-0 --wait=false")
    await both.agree("get pvc data-db-0")
    await both.agree("delete statefulset db")
    await both.must("wait --for=delete pod/db-0 --timeout 20s")
    await both.must("wait --for=delete pvc/data-db-0 --timeout 20s")


async def test_a_daemon_set_is_rolled_out(both: Both) -> None:
    await both.must("apply -f -", AGENT)
    await both.agree("rollout status daemonset/agent --timeout 30s", look=last_line)
    await both.agree("describe daemonset agent", look=unordered)
    await both.agree("rollout restart daemonset/agent")
    await both.agree("rollout status daemonset/agent --timeout 30s", look=last_line)
    await both.agree("rollout history daemonset/agent")
    await both.agree("get controllerrevisions --no-headers --sort-by .revision")


async def test_a_job_runs_to_its_end(both: Both) -> None:
    await both.agree("create job once --image registry/job:v1 -- echo hello")
    await both.agree("wait --for=condition=complete job/once --timeout 20s")
    await both.agree("get jobs,pods -o wide")
    await both.agree("describe job once", look=unordered)
    assert await both.embedded.must("logs job/once")
    await both.agree("create cronjob every --image registry/job:v1 --schedule '0 0 1 1 *'")
    await both.agree("create job now --from=cronjob/every")
    await both.must("wait --for=condition=complete job/now --timeout 20s")
    await both.agree("get cronjobs -o wide")
    await both.agree("get job now -o jsonpath='{.spec}{.metadata.annotations}'", look=nothing)
    await both.agree("create cronjob never --image registry/job:v1 --schedule '0 0 * *'")
    await both.agree("create cronjob never --image registry/job:v1 --schedule @sometimes")
    await both.agree('patch cronjob every -p \'{"spec":{"timeZone":"Mars/Olympus"}}\'', look=nothing)
    await both.agree("delete cronjob every")
    await both.must("wait --for=delete job/now --timeout 20s")


async def test_a_pod_is_run_and_deleted(both: Both) -> None:
    await both.agree("run alone --image registry/{ns}/web:v1 --port 80 --labels a=b")
    await both.agree("wait --for=condition=Ready pod/alone --timeout 20s")
    await both.agree("run once --image registry/web:v1 --restart=Never --expose --port 80")
    await both.must("wait --for=jsonpath='{.status.phase}'=Succeeded pod/once --timeout 20s")
    await both.agree("get pods,services")
    await both.agree("describe pod alone", look=unordered)
    await both.agree("delete pod alone --now")
    await both.agree("delete pod once --force", look=last_line)


async def test_no_process_can_be_started_in_a_container(shell: Shell) -> None:
    await shell.must("run alone --image registry/web:v1")
    await shell.must("wait --for=condition=Ready pod/alone --timeout 20s")
    for words in ("exec alone -- ls", "port-forward alone 8080:80", "attach alone"):
        assert "not possible here: containers of the sandbox run nothing" in await shell.refused(words)
