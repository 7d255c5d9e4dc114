"""Hooks of charts: their order, what is left of them, how they fail, and what a killed upgrade leaves behind."""

import asyncio
import base64
from typing import Any

import pytest

from bot.cluster import Ref
from bot.helm.client import Helm
from bot.helm.unfinished import ended
from tests.contract.asking import Both, Object, Side
from tests.contract.releases import TIMEOUT, history, names, outcome
from tests.contract.waiting import until
from tests.helm.writing import Charts

JOB = """{{ range .Values.hooks }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  annotations:
    helm.sh/hook: {{ .on | default "pre-upgrade,pre-install" }}
    helm.sh/hook-weight: {{ .weight | default 0 | quote }}
    {{ with .policy }}helm.sh/hook-delete-policy: {{ . }}{{ end }}
spec:
  backoffLimit: 0
  template:
    metadata: {labels: {hook: {{ .name }}}}
    spec: {restartPolicy: Never, containers: [{name: it, image: "registry.example/hook:{{ .tag | default "v1" }}"}]}
{{ end }}"""
POD = """{{ with .Values.test }}
apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {helm.sh/hook: test}}
spec: {restartPolicy: Never, containers: [{name: it, image: "registry.example/hook:{{ . }}"}]}
{{ end }}"""
MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {value: {{ .Values.value | default 1 | quote }} }"""
FILES = {"templates/jobs.yaml": JOB, "templates/pod.yaml": POD, "templates/map.yaml": MAP}


def hook(name: str, **more: Any) -> Object:
    return {"name": name, **more}


async def finished(side: Side) -> list[str]:
    """The hooks that are left, in the order in which they ended."""
    jobs = (await side.get("batch/v1/jobs")).body["items"]
    jobs.sort(key=lambda job: int(job["metadata"]["resourceVersion"]))
    return [job["metadata"]["name"] for job in jobs]


async def test_hooks_run_by_weight_before_what_they_prepare(played: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)
    hooks = [
        hook("late", weight=5),
        hook("early", weight=-5),
        hook("after", on="post-install"),
        hook("b"),
        hook("a"),
    ]

    async def installed(side: Side) -> list[Any]:
        told = [await outcome(helm.upgrade(side.release(), chart, {"hooks": hooks}, timeout=TIMEOUT))]
        record = await helm.get(side.release())
        told.append(
            [[each.name, each.weight, each.phase, each.events, each.delete_policies] for each in record.hooks]
        )
        return [*told, await finished(side)]

    await played.agree(installed)


@pytest.mark.parametrize(
    "policy", ["before-hook-creation", "hook-succeeded", "hook-failed", "hook-succeeded,hook-failed"]
)
async def test_a_hook_stays_or_goes_by_its_policy(
    played: Both, helm: Helm, charts: Charts, policy: str
) -> None:
    chart = await charts.pack(FILES)

    async def lived(side: Side) -> list[Any]:
        told = []
        for tag in ("v1", "v2-crash"):
            hooks = [hook("migrate", policy=policy, tag=tag)]
            told.append(await outcome(helm.upgrade(side.release(), chart, {"hooks": hooks}, timeout=TIMEOUT)))
            told.append(await names(side, "batch/v1/jobs"))
        return told

    await played.agree(lived)


async def test_a_failing_hook_fails_the_upgrade_and_changes_nothing_else(
    played: Both, helm: Helm, charts: Charts
) -> None:
    chart = await charts.pack(FILES)

    async def upgraded(side: Side) -> list[Any]:
        at = side.release()
        await helm.upgrade(at, chart, {"value": 1}, timeout=TIMEOUT)
        values = {"value": 2, "hooks": [hook("migrate", tag="v2-crash")]}
        told = [await outcome(helm.upgrade(at, chart, values, timeout=TIMEOUT)), await history(helm, at)]
        told.append((await side.get("v1/configmaps/settings")).body["data"])
        fixed = {"value": 3, "hooks": [hook("migrate", tag="v3")]}
        told.append(await outcome(helm.upgrade(at, chart, fixed, timeout=TIMEOUT)))
        return told

    await played.agree(upgraded)


async def test_a_hook_that_takes_too_long_is_given_up(played: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)

    async def upgraded(side: Side) -> list[Any]:
        values = {"hooks": [hook("migrate", tag="v1-missing")]}
        return [
            await outcome(helm.upgrade(side.release(), chart, values, timeout=1)),
            await history(helm, side.release()),
        ]

    ((name, _), _) = await played.agree(upgraded)
    assert name == "HookFailed"


async def test_hooks_run_at_a_rollback_and_at_the_end(played: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)
    hooks = [hook("back", on="pre-rollback"), hook("bye", on="pre-delete"), hook("gone", on="post-delete")]

    async def lived(side: Side) -> list[Any]:
        at = side.release()
        for value in (1, 2):
            await helm.upgrade(at, chart, {"value": value, "hooks": hooks}, timeout=TIMEOUT)
        told = [await names(side, "batch/v1/jobs"), await outcome(helm.rollback(at, 1, timeout=TIMEOUT))]
        told.append(await names(side, "batch/v1/jobs"))
        told.append(await outcome(helm.uninstall(at, timeout=TIMEOUT)))
        return [*told, await finished(side)]

    await played.agree(lived)


@pytest.mark.parametrize("tag", ["v1", "v1-crash"])
async def test_a_chart_s_test_passes_or_fails_by_name(
    played: Both, helm: Helm, charts: Charts, tag: str
) -> None:
    chart = await charts.pack(FILES)

    async def tested(side: Side) -> Any:
        await helm.upgrade(side.release(), chart, {"test": tag}, timeout=TIMEOUT)
        answer = await outcome(helm.test(side.release(), timeout=TIMEOUT))
        return answer if isinstance(answer, list) else "passed"

    await played.agree(tested)


async def killed(side: Side, helm: Helm, charts: Charts) -> None:
    """A release whose second revision's worker died in the middle of a hook."""
    chart = await charts.pack(FILES)
    await helm.upgrade(side.release(), chart, {"value": 1}, timeout=TIMEOUT)
    values = {"value": 2, "hooks": [hook("migrate", tag="v1-missing")]}
    upgrading = asyncio.create_task(helm.upgrade(side.release(), chart, values, timeout=TIMEOUT))
    await until(side, "batch/v1/jobs", lambda jobs: bool(jobs))
    upgrading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upgrading


async def test_a_killed_upgrade_is_pending_and_refuses_the_next_until_a_rollback(
    played: Both, helm: Helm, charts: Charts
) -> None:
    async def stuck(side: Side) -> list[Any]:
        at = side.release()
        await killed(side, helm, charts)
        chart = await charts.pack(FILES)
        told = [
            await history(helm, at),
            await outcome(helm.upgrade(at, chart, {"value": 3}, timeout=TIMEOUT)),
        ]
        told.append(await outcome(helm.rollback(at, 1, timeout=TIMEOUT)))
        told.append(await outcome(helm.upgrade(at, chart, {"value": 3}, timeout=TIMEOUT)))
        return [*told, await history(helm, at)]

    _, (name, words), *_ = await played.agree(stuck)
    assert (name, words) == ("ReleaseBusy", "Release shop in (own) is pending-upgrade (revision 2)")


async def test_a_killed_upgrade_whose_record_is_closed_lets_the_next_one_in(
    played: Both, helm: Helm, charts: Charts
) -> None:
    async def closed(side: Side) -> list[Any]:
        at = side.release()
        await killed(side, helm, charts)
        ref = Ref("v1", "Secret", "sh.helm.release.v1.shop.v2", side.namespace)
        secret = await side.cluster.get(ref)
        assert secret is not None
        record = ended(secret["data"]["release"], "its run died")
        labels = {"status": "failed"}
        await side.cluster.patch(ref, {"metadata": {"labels": labels}, "data": {"release": record}})
        assert base64.b64decode(record)
        chart = await charts.pack(FILES)
        told = [
            await history(helm, at),
            await outcome(helm.upgrade(at, chart, {"value": 3}, timeout=TIMEOUT)),
        ]
        return [*told, await history(helm, at)]

    _, (number, status, *_), _ = await played.agree(closed)
    assert (number, status) == (3, "deployed")
