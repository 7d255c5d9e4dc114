"""Release actions of the real SDK against the embedded cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.access import ClusterAccess, Identity
from bot.helm.charts import ChartArchive, FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.errors import (
    ChartInvalid,
    ClusterRefused,
    FieldConflict,
    ForeignObject,
    HookFailed,
    OutcomeUnknown,
    ReleaseBusy,
    ReleaseMissing,
    ValuesInvalid,
)
from bot.helm.releases import Location
from bot.sandbox.kubernetes.behaviour import Behaviour, Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.helm.processes import workers
from tests.helm.writing import Charts

CHART = Path(__file__).parents[2] / "charts" / "microservice"
TIMEOUT = 30.0


class Cluster:
    """The embedded cluster, and its API as plain JSON."""

    def __init__(self, server: KubernetesServer, http: aiohttp.ClientSession, at: Location) -> None:
        self.server = server
        self.http = http
        self.at = at

    async def get(self, path: str) -> dict[str, Any] | None:
        async with self.http.get(f"{self.server.url}{path}") as response:
            return None if response.status == 404 else await response.json()

    async def send(
        self, method: str, path: str, body: Mapping[str, Any], kind: str = "application/json"
    ) -> None:
        headers = {"Content-Type": kind}
        async with self.http.request(
            method, f"{self.server.url}{path}", json=body, headers=headers
        ) as response:
            assert response.status < 300, await response.text()


def behaves(image: str) -> Behaviour:
    return "crash" if "-crash" in image else "ok"


@pytest.fixture
def pace() -> Pace:
    return Pace.instant()


@pytest.fixture
async def cluster(tmp_path: Path, pace: Pace) -> AsyncIterator[Cluster]:
    async with KubernetesServer(behaviour=behaves, pace=pace) as server, aiohttp.ClientSession() as http:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(server.kubeconfig())
        yield Cluster(server, http, Location(ClusterAccess(kubeconfig), "shop-staging", "shop"))


@pytest.fixture
async def chart() -> ChartArchive:
    return await fetch(FolderChart(CHART))


def values(tag: str = "v1.1", **more: Any) -> dict[str, Any]:
    return {"image": {"repository": "registry.example.org/shop", "tag": tag}, **more}


DEPLOYMENT = "/apis/apps/v1/namespaces/shop-staging/deployments/shop"
CONFIG = "/api/v1/namespaces/shop-staging/configmaps"


async def install(helm: Helm, cluster: Cluster, chart: ChartArchive, **more: Any) -> None:
    await helm.upgrade(cluster.at, chart, values(**more), timeout=TIMEOUT, create_namespace=True)


async def test_a_release_is_installed_upgraded_rolled_back_and_removed(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    migrating: dict[str, Any] = {"migration": {"enabled": True}, "secrets": {"KEY": "canary"}}
    first = await helm.upgrade(
        cluster.at,
        chart,
        values(**migrating),
        timeout=TIMEOUT,
        create_namespace=True,
        description="v1.1 by Dana",
        labels={"team": "blue"},
    )
    assert (first.number, first.status, first.description, first.labels) == (
        1,
        "deployed",
        "v1.1 by Dana",
        {"team": "blue"},
    )
    second = await helm.upgrade(cluster.at, chart, values("v1.2", **migrating), timeout=TIMEOUT)
    third = await helm.rollback(cluster.at, 1, timeout=TIMEOUT)
    assert (second.number, third.number) == (2, 3)
    assert [(one.number, one.status) for one in await helm.history(cluster.at)] == [
        (1, "superseded"),
        (2, "superseded"),
        (3, "deployed"),
    ]
    record = await helm.get(cluster.at)
    assert record.values == values(**migrating)
    assert [hook.name for hook in record.hooks] == ["shop-migrate", "shop-migrate"]
    live = await cluster.get(DEPLOYMENT)
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":v1.1")
    await helm.uninstall(cluster.at, timeout=TIMEOUT)
    assert await helm.history(cluster.at) == []
    assert await cluster.get(DEPLOYMENT) is None


async def test_the_field_manager_is_the_command_line_s(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await install(helm, cluster, chart)
    live = await cluster.get(DEPLOYMENT)
    assert live is not None
    managers = {
        entry["manager"] for entry in live["metadata"]["managedFields"] if not entry.get("subresource")
    }
    assert managers == {"helm"}


async def test_values_of_an_earlier_revision_do_not_linger(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await install(helm, cluster, chart, config={"A": "1"})
    await helm.upgrade(cluster.at, chart, values(), timeout=TIMEOUT)
    assert await cluster.get(f"{CONFIG}/shop-env") is None


async def test_history_is_kept_as_long_as_asked(helm: Helm, cluster: Cluster, chart: ChartArchive) -> None:
    await install(helm, cluster, chart)
    for number in range(4):
        await helm.upgrade(cluster.at, chart, values(f"v{number}"), timeout=TIMEOUT, history_max=3)
    assert [one.number for one in await helm.history(cluster.at, brief=True)] == [3, 4, 5]


async def test_an_uninstalled_release_whose_history_was_kept_can_be_installed_again(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await install(helm, cluster, chart)
    await helm.uninstall(cluster.at, keep_history=True, timeout=TIMEOUT)
    assert (await helm.history(cluster.at))[-1].status == "uninstalled"
    again = await helm.upgrade(cluster.at, chart, values(), timeout=TIMEOUT)
    assert (again.number, again.status) == (2, "deployed")


async def test_what_is_not_installed_is_said_to_be_missing(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    with pytest.raises(ReleaseMissing, match="no release shop in shop-staging"):
        await helm.upgrade(cluster.at, chart, values(), timeout=TIMEOUT, install=False)
    with pytest.raises(ReleaseMissing, match="no release shop in shop-staging"):
        await helm.rollback(cluster.at, 3, timeout=TIMEOUT)
    with pytest.raises(ReleaseMissing):
        await helm.uninstall(cluster.at, timeout=TIMEOUT)
    with pytest.raises(ReleaseMissing, match="no release shop in shop-staging"):
        await helm.get(cluster.at)


async def test_a_failing_hook_changes_nothing_else_and_is_told(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await install(helm, cluster, chart)
    with pytest.raises(HookFailed, match="shop-migrate"):
        await helm.upgrade(
            cluster.at, chart, values("v1.2-crash", migration={"enabled": True}), timeout=TIMEOUT
        )
    assert [one.status for one in await helm.history(cluster.at)] == ["deployed", "failed"]
    live = await cluster.get(DEPLOYMENT)
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":v1.1")


async def test_a_failed_install_can_be_tried_again(helm: Helm, cluster: Cluster, chart: ChartArchive) -> None:
    with pytest.raises(HookFailed):
        await install(helm, cluster, chart, tag="v1-crash", migration={"enabled": True})
    fixed = await helm.upgrade(cluster.at, chart, values(migration={"enabled": True}), timeout=TIMEOUT)
    assert (fixed.number, fixed.status) == (2, "deployed")


async def test_tests_of_the_chart_run_when_asked(helm: Helm, cluster: Cluster, chart: ChartArchive) -> None:
    await install(helm, cluster, chart, test={"command": ["/bin/check"]})
    await helm.test(cluster.at, timeout=TIMEOUT)


async def test_a_failing_test_of_the_chart_is_named(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await install(helm, cluster, chart, tag="v1.1-crash", test={"command": ["/bin/check"]})
    with pytest.raises(HookFailed, match="shop-test"):
        await helm.test(cluster.at, timeout=TIMEOUT)


class TestAHookThatTakesLong:
    @pytest.fixture
    def pace(self) -> Pace:
        return replace(Pace.instant(), job=60.0)

    async def test_is_given_up_at_the_time_out(
        self, helm: Helm, cluster: Cluster, chart: ChartArchive
    ) -> None:
        with pytest.raises(HookFailed):
            await helm.upgrade(
                cluster.at, chart, values(migration={"enabled": True}), timeout=1, create_namespace=True
            )

    async def test_leaves_a_pending_release_when_cancelled_that_a_rollback_mends(
        self, helm: Helm, cluster: Cluster, chart: ChartArchive
    ) -> None:
        await install(helm, cluster, chart)
        migrating = values("v1.2", migration={"enabled": True})
        upgrading = asyncio.create_task(helm.upgrade(cluster.at, chart, migrating, timeout=TIMEOUT))
        async with asyncio.timeout(300):
            while await cluster.get("/apis/batch/v1/namespaces/shop-staging/jobs/shop-migrate") is None:
                await asyncio.sleep(0.02)
        upgrading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upgrading
        assert workers() == [] or (await helm.history(cluster.at))[-1].status == "pending-upgrade"
        with pytest.raises(ReleaseBusy, match="pending-upgrade") as caught:
            await helm.upgrade(cluster.at, chart, values("v1.3"), timeout=TIMEOUT)
        assert (caught.value.status, caught.value.revision) == ("pending-upgrade", 2)
        mended = await helm.rollback(cluster.at, 1, timeout=TIMEOUT)
        assert (mended.number, mended.status) == (3, "deployed")
        assert (await helm.upgrade(cluster.at, chart, values("v1.3"), timeout=TIMEOUT)).number == 4


SHARED = """{{ if .Values.shared }}
apiVersion: v1
kind: ConfigMap
metadata: {name: shared}
{{ end }}"""


@pytest.mark.parametrize("how", ["upgrade", "rollback", "uninstall"])
@pytest.mark.parametrize("keep", [False, True])
async def test_what_is_removed_goes_by_its_name_whoever_owns_it_by_now(
    helm: Helm, cluster: Cluster, charts: Charts, how: str, keep: bool
) -> None:
    chart = await charts.template(SHARED)
    for shared in (False, True):
        await helm.upgrade(cluster.at, chart, {"shared": shared}, timeout=TIMEOUT, create_namespace=True)
    path = "/api/v1/namespaces/shop-staging/configmaps/shared"
    marks = {"meta.helm.sh/release-name": "blog"} | ({"helm.sh/resource-policy": "keep"} if keep else {})
    await cluster.send("PATCH", path, {"metadata": {"annotations": marks}}, "application/merge-patch+json")
    match how:
        case "upgrade":
            await helm.upgrade(cluster.at, chart, {"shared": False}, timeout=TIMEOUT)
        case "rollback":
            await helm.rollback(cluster.at, 1, timeout=TIMEOUT)
        case "uninstall":
            await helm.uninstall(cluster.at, timeout=TIMEOUT)
    # This is why bot.planning.claims looks first; that an uninstall asks the manifest alone is Helm's way, too.
    assert (await cluster.get(path) is not None) == (keep and how != "uninstall")


async def test_an_object_of_someone_else_is_left_alone_unless_taken_over(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await cluster.send("POST", "/api/v1/namespaces", {"metadata": {"name": "shop-staging"}})
    await cluster.send("POST", CONFIG, {"metadata": {"name": "shop-env"}, "data": {"THEIRS": "1"}})
    with pytest.raises(ForeignObject, match="shop-env"):
        await install(helm, cluster, chart, config={"A": "1"})
    taken = await helm.upgrade(
        cluster.at,
        chart,
        values(config={"A": "1"}),
        timeout=TIMEOUT,
        take_ownership=True,
        force_conflicts=True,
    )
    assert taken.status == "deployed"


async def test_a_field_of_another_manager_is_left_alone_unless_forced(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await install(helm, cluster, chart)
    edit = {"spec": {"replicas": 5}}
    await cluster.send(
        "PATCH", f"{DEPLOYMENT}?fieldManager=kubectl-edit", edit, "application/merge-patch+json"
    )
    with pytest.raises(FieldConflict, match="kubectl-edit"):
        await helm.upgrade(cluster.at, chart, values(web={"replicas": 3}), timeout=TIMEOUT)
    forced = await helm.upgrade(
        cluster.at, chart, values(web={"replicas": 3}), timeout=TIMEOUT, force_conflicts=True
    )
    assert forced.status == "deployed"


async def test_a_person_without_rights_is_refused_in_the_cluster_s_words(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    vic = Identity("vic@example.org", ("viewers",))
    with pytest.raises(ClusterRefused, match=r"vic@example\.org"):
        await helm.upgrade(cluster.at, chart, values(), as_=vic, timeout=TIMEOUT)
    with pytest.raises(ClusterRefused, match=r"vic@example\.org"):
        await helm.history(cluster.at, vic)


async def test_an_unknown_field_is_refused(helm: Helm, cluster: Cluster, charts: Charts) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}], colour: red}"
    chart = await charts.template(service)
    with pytest.raises(ClusterRefused, match="colour"):
        await helm.upgrade(cluster.at, chart, {}, timeout=TIMEOUT, create_namespace=True)


async def test_invalid_yaml_and_values_stop_a_write_before_it_starts(
    helm: Helm, cluster: Cluster, chart: ChartArchive, charts: Charts
) -> None:
    with pytest.raises(ValuesInvalid, match="replcas"):
        await helm.upgrade(cluster.at, chart, values(web={"replcas": 1}), timeout=TIMEOUT)
    with pytest.raises(ChartInvalid) as caught:
        await helm.upgrade(cluster.at, await charts.template("a: 1\nb: c: d"), {}, timeout=TIMEOUT)
    assert caught.value.file == "demo/templates/x.yaml"
    assert await helm.history(cluster.at) == []


async def test_a_template_that_eats_memory_during_a_write_is_an_unknown_outcome(
    helm: Helm, cluster: Cluster, charts: Charts
) -> None:
    bomb = '{{ $s := "x" }}{{ range until 40 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}'
    with pytest.raises(OutcomeUnknown, match="out of memory"):
        await helm.upgrade(cluster.at, await charts.template(bomb), {}, timeout=TIMEOUT)
    assert await helm.history(cluster.at) == []


async def test_different_releases_are_written_at_once(
    helm: Helm, cluster: Cluster, chart: ChartArchive
) -> None:
    await cluster.send("POST", "/api/v1/namespaces", {"metadata": {"name": "shop-staging"}})
    places = [replace(cluster.at, release=f"app-{number}") for number in range(6)]
    done = await asyncio.gather(*(helm.upgrade(at, chart, values(), timeout=TIMEOUT) for at in places))
    assert {one.status for one in done} == {"deployed"}
    assert len(await helm.list(cluster.at.access, "shop-staging")) == 6
