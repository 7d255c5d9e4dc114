"""A template may do its worst: its worker dies, the bot and the other callers go on."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.helm.client import MIB, Helm
from bot.helm.errors import WorkerLost
from bot.helm.workers import Pool
from tests.helm.processes import alive, workers
from tests.helm.writing import Charts, render, text

BOMB = '{{ $s := "x" }}{{ range until 40 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}'
ENDLESS = "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"


async def test_a_template_that_eats_memory_loses_only_its_own_worker(helm: Helm, tmp_path: Path) -> None:
    good = await Charts(tmp_path / "good").template("a: 1")
    bomb = await Charts(tmp_path / "bomb").template(BOMB)
    with capture_logs():
        lost, rendered = await asyncio.gather(render(helm, bomb), render(helm, good), return_exceptions=True)
    assert isinstance(lost, WorkerLost)
    assert (lost.because, lost.words) == ("memory", "Rendering chart demo ran out of memory")
    assert not isinstance(rendered, BaseException)
    assert (await render(helm, good)).files["demo/templates/x.yaml"] == "a: 1"


async def test_an_endless_template_is_stopped_at_its_time_out(helm: Helm, charts: Charts) -> None:
    with pytest.raises(WorkerLost) as caught:
        await text(helm, charts, ENDLESS, timeout=0.5)
    assert caught.value.because == "time"
    assert workers() == []


async def test_a_cancelled_caller_takes_its_worker_along(helm: Helm, charts: Charts) -> None:
    endless = await charts.template(ENDLESS)
    task = asyncio.create_task(render(helm, endless))
    while not workers():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert workers() == []


async def test_a_worker_that_nobody_needs_any_more_ends_and_another_comes_when_somebody_does(
    charts: Charts,
) -> None:
    chart = await charts.template("a")
    async with Pool(1, idle=1, memory=700 * MIB, mask=str, rest=0.05) as pool:
        for _ in range(2):
            await pool.call({"do": "merge", "values": {}}, chart.data, timeout=60)
            while workers():
                await asyncio.sleep(0.01)


async def test_workers_are_gone_when_helm_is_closed(charts: Charts) -> None:
    async with Helm() as helm:
        await text(helm, charts, "a")
        assert len(workers()) == 1
    assert workers() == []


async def test_a_call_that_runs_when_helm_is_closed_is_said_to_be_cut_short(charts: Charts) -> None:
    endless = await charts.template(ENDLESS)
    async with Helm() as helm:
        task = asyncio.create_task(render(helm, endless))
        while not workers():
            await asyncio.sleep(0.01)
    with pytest.raises(WorkerLost) as caught:
        await task
    assert caught.value.because == "crash"
    assert workers() == []


@pytest.mark.parametrize("turns", [1, 2, 5, 20])
async def test_a_worker_that_starts_while_helm_is_closed_does_not_live_on(charts: Charts, turns: int) -> None:
    endless = await charts.template(ENDLESS)
    async with Helm() as helm:
        task = asyncio.create_task(render(helm, endless))
        for _ in range(turns):  # of the loop, so that closing meets each stage of the start
            await asyncio.sleep(0)
    with pytest.raises(WorkerLost) as caught:
        await task
    assert caught.value.because == "crash"
    assert workers() == []


async def test_workers_inherit_no_secret_and_are_told_none_by_argument(
    charts: Charts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "123:canary")
    async with Helm() as helm:
        await text(helm, charts, "a: {{ .Values.password }}", {"password": "canary"})
        (worker,) = workers()
        for file in ("environ", "cmdline"):
            assert b"canary" not in Path(f"/proc/{worker}/{file}").read_bytes()
        assert Path(f"/proc/{worker}/cmdline").read_bytes().split(b"\0")[0].endswith(b"/helm")


async def test_what_a_crashing_worker_prints_is_masked_and_cut_short(charts: Charts) -> None:
    with capture_logs() as logs:
        async with Helm(mask=lambda text: text.replace("memory", "***")) as helm:
            with pytest.raises(WorkerLost, match="memory"):
                await text(helm, charts, BOMB)
    said = [str(entry["said"]) for entry in logs if entry["event"] == "helm worker"]
    assert any("***" in line for line in said)
    assert not any("memory" in line for line in said)
    assert len(said) <= 25


async def test_a_killed_bot_leaves_no_worker_behind(charts: Charts) -> None:
    folder = charts.write({"templates/x.yaml": ENDLESS})
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from bot.helm.client import Helm\n"
        "from bot.helm.charts import FolderChart, fetch\n"
        "async def main():\n"
        "    async with Helm() as helm:\n"
        "        await helm.render(await fetch(FolderChart(Path(sys.argv[1]))), {}, release='r', namespace='n',\n"
        "                          kube_version='v1.31.0', api_versions=[])\n"
        "asyncio.run(main())\n"
    )
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(folder))
    async with asyncio.timeout(300):
        while not (left := workers(bot.pid)):
            await asyncio.sleep(0.02)
        bot.send_signal(signal.SIGKILL)
        await bot.wait()
        while any(alive(worker) for worker in left):
            await asyncio.sleep(0.02)


async def test_more_callers_than_workers_take_turns(helm: Helm, charts: Charts) -> None:
    chart = await charts.template("a: {{ .Values.n }}")
    rendered = await asyncio.gather(*(render(helm, chart, {"n": n}) for n in range(50)))
    assert [one.files["demo/templates/x.yaml"] for one in rendered] == [f"a: {n}" for n in range(50)]
    assert len(workers()) <= 2


async def test_callers_that_come_together_share_the_worker_that_starts(
    helm: Helm, charts: Charts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.helm.workers._AS_LONG_AS_A_START", 60)  # on a machine however slow
    chart = await charts.template("a: {{ .Values.n }}")
    await asyncio.gather(*(render(helm, chart, {"n": n}) for n in range(2)))
    assert len(workers()) == 1


async def test_a_worker_that_is_busy_for_long_holds_nobody_up(helm: Helm, tmp_path: Path) -> None:
    good = await Charts(tmp_path / "good").template("a: 1")
    endless = await Charts(tmp_path / "endless").template(ENDLESS)
    task = asyncio.create_task(render(helm, endless, timeout=300))
    while not workers():
        await asyncio.sleep(0.01)
    assert (await render(helm, good, timeout=300)).files["demo/templates/x.yaml"] == "a: 1"
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_worker_that_prints_without_end_is_not_held_up(helm: Helm, charts: Charts) -> None:
    noisy = await charts.template(
        '{{ range until 5000 }}{{ fail "a line of the worker\'s own output" }}{{ end }}'
    )
    with capture_logs() as logs:
        await helm.lint(noisy, {}, namespace="n", kube_version="v1.31.0", timeout=20)
    assert sum(len(str(entry.get("said"))) for entry in logs) > 200_000
