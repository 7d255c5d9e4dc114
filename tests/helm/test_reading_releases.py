from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import ClusterAccess, Identity
from bot.helm.client import Helm
from bot.helm.errors import ClusterRefused, ClusterUnreachable, OutcomeUnknown, ReleaseBusy
from bot.helm.releases import Hook, Location
from tests.helm.processes import workers
from tests.helm.recording import Recorder, recorder
from tests.helm.writing import Charts


@pytest.fixture
async def cluster() -> AsyncIterator[Recorder]:
    async with recorder() as recording:
        yield recording


@pytest.fixture
def at(cluster: Recorder, tmp_path: Path) -> Location:
    access = ClusterAccess(cluster.kubeconfig(tmp_path / "kubeconfig"))
    return Location(access, "shop-staging", "shop")


@pytest.fixture
async def deaf(tmp_path: Path) -> AsyncIterator[Location]:
    """A release in a cluster that accepts connections and says nothing."""
    closing = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await closing.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        recording = Recorder()
        recording.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield Location(ClusterAccess(recording.kubeconfig(tmp_path / "deaf")), "n", "r")
        closing.set()


async def test_a_history_has_its_revisions_oldest_first_with_words_and_labels(
    helm: Helm, at: Location
) -> None:
    first, second = await helm.history(at)
    assert (first.number, first.status, second.number, second.status) == (1, "superseded", 2, "deployed")
    assert second.updated == datetime(2026, 11, 25, 11, 2, tzinfo=UTC)
    assert (second.chart, second.chart_version, second.app_version) == ("micro", "0.1.0", "v9")
    assert second.description == "number 2"
    assert second.labels == {"team": "blue"}


async def test_a_release_that_is_not_there_has_no_history(helm: Helm, at: Location) -> None:
    assert await helm.history(Location(at.access, at.namespace, "other")) == []


async def test_a_revision_is_read_with_manifest_hooks_and_values(helm: Helm, at: Location) -> None:
    record = await helm.get(at, 1)
    assert record.revision.number == 1
    assert record.manifest == "kind: ConfigMap\n"
    assert record.values == {"image": {"tag": "v1.1"}}
    assert record.notes == "Read me"
    assert record.first_deployed == datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=UTC)
    assert record.hooks == (
        Hook(
            name="shop-migrate",
            kind="Job",
            path="micro/templates/job.yaml",
            manifest="kind: Job\n",
            events=("pre-upgrade",),
            weight=-5,
            delete_policies=("before-hook-creation",),
            phase="Succeeded",
        ),
    )


async def test_a_namespace_s_releases_are_listed_by_their_newest_revision(helm: Helm, at: Location) -> None:
    (release,) = await helm.list(at.access, "shop-staging")
    assert (release.release, release.namespace, release.number) == ("shop", "shop-staging", 2)


async def test_every_call_carries_the_person_s_user_and_all_groups(
    helm: Helm, at: Location, cluster: Recorder, charts: Charts
) -> None:
    dana = Identity("dana@example.org", ("shop-devs", "on call", "a,b"))
    await helm.history(at, dana)
    with pytest.raises(ClusterRefused):
        await helm.upgrade(at, await charts.template("kind: ConfigMap"), {}, as_=dana, timeout=60)
    assert len(cluster.requests) > 4
    for request in cluster.requests:
        assert request.headers.getall("Impersonate-User") == ["dana@example.org"]
        assert request.headers.getall("Impersonate-Group") == ["shop-devs", "on call", "a,b"]


async def test_the_bot_s_own_calls_impersonate_no_one(helm: Helm, at: Location, cluster: Recorder) -> None:
    await helm.history(at)
    assert not any(name.startswith("Impersonate") for request in cluster.requests for name in request.headers)


async def test_a_held_release_says_since_when_and_in_what_state(
    helm: Helm, at: Location, cluster: Recorder, charts: Charts
) -> None:
    cluster.status = "pending-upgrade"
    with pytest.raises(ReleaseBusy) as caught:
        await helm.upgrade(at, await charts.template("kind: ConfigMap"), {}, timeout=60)
    busy = caught.value
    assert (busy.status, busy.revision) == ("pending-upgrade", 2)
    assert busy.since == datetime(2026, 11, 25, 11, 2, tzinfo=UTC)


async def test_a_refusal_keeps_the_cluster_s_words(helm: Helm, at: Location, cluster: Recorder) -> None:
    cluster.refusal = (403, 'secrets is forbidden: User "dana" cannot list resource "secrets"')
    with pytest.raises(ClusterRefused, match='User "dana" cannot list'):
        await helm.history(at)


async def test_errors_are_masked(at: Location, cluster: Recorder) -> None:
    cluster.refusal = (403, "password is hunter2")
    async with Helm(mask=lambda text: text.replace("hunter2", "•••")) as helm:
        with pytest.raises(ClusterRefused) as caught:
            await helm.history(at)
    assert "hunter2" not in str(caught.value)


async def test_a_cluster_that_is_not_there_is_unreachable(
    helm: Helm, tmp_path: Path, unused_tcp_port: int
) -> None:
    nowhere = Recorder()
    nowhere.url = f"http://127.0.0.1:{unused_tcp_port}"
    at = Location(ClusterAccess(nowhere.kubeconfig(tmp_path / "kubeconfig")), "n", "r")
    with pytest.raises(ClusterUnreachable):
        await helm.history(at)


async def test_a_cluster_that_never_answers_a_read_is_given_up(helm: Helm, deaf: Location) -> None:
    with pytest.raises(ClusterUnreachable, match="did not answer"):
        await helm.history(deaf, timeout=0.5)
    assert workers() == []


async def test_a_write_whose_worker_dies_has_an_unknown_outcome(
    helm: Helm, deaf: Location, charts: Charts
) -> None:
    writing = asyncio.create_task(helm.upgrade(deaf, await charts.template(""), {}, timeout=60))
    while not workers():
        await asyncio.sleep(0.01)
    os.kill(workers()[0], signal.SIGKILL)
    with pytest.raises(OutcomeUnknown, match="upgrade of r was cut short"):
        await writing


async def test_a_cancelled_write_takes_its_worker_along(helm: Helm, deaf: Location, charts: Charts) -> None:
    writing = asyncio.create_task(helm.upgrade(deaf, await charts.template(""), {}, timeout=60))
    while not workers():
        await asyncio.sleep(0.01)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert workers() == []


async def test_a_credential_plugin_is_refused_unless_allowed(
    helm: Helm, cluster: Recorder, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/touch", "args": [str(mark)]}
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", exec=plugin | {"interactiveMode": "Never"})
    with pytest.raises(ClusterUnreachable, match="allow_exec"):
        await helm.history(Location(ClusterAccess(kubeconfig), "n", "r"))
    assert not mark.exists()


async def test_a_kubeconfig_s_faults_are_told(helm: Helm, tmp_path: Path, cluster: Recorder) -> None:
    missing = ClusterAccess(tmp_path / "none")
    with pytest.raises(ClusterUnreachable, match="cannot be read: No such file"):
        await helm.history(Location(missing, "n", "r"))
    other = ClusterAccess(cluster.kubeconfig(tmp_path / "kubeconfig"), context="prod")
    with pytest.raises(ClusterUnreachable, match="no context named prod"):
        await helm.history(Location(other, "n", "r"))


@pytest.mark.parametrize("user", ["", " dana", "system:admin"])
def test_nobody_is_an_identity_without_a_name_or_with_the_system_s(user: str) -> None:
    with pytest.raises(ValueError, match="user"):
        Identity(user)
    with pytest.raises(ValueError, match="group"):
        Identity("dana", (user,))


@pytest.mark.parametrize("name", ["", "Shop", "shop,owner=other", "../x", "-x", "x" * 64, "a b", "shop\n"])
def test_a_location_has_names_that_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    access = ClusterAccess(tmp_path / "kubeconfig")
    with pytest.raises(ValueError, match="is no name"):
        Location(access, name, "shop")
    with pytest.raises(ValueError, match="is no name"):
        Location(access, "shop-staging", name)
