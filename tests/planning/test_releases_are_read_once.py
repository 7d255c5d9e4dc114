"""What Helm said of a revision is kept for as long as its Secret is the same one, and not a moment longer."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.access import ClusterAccess, Identity
from bot.clock import SystemClock
from bot.cluster.clusters import Clusters
from bot.helm.client import Helm
from bot.helm.releases import ReleaseRecord, Revision
from bot.planning.errors import ReleaseStuck
from bot.planning.going_back import read_way
from bot.planning.live import Live, read_live, values_of
from bot.planning.releases import FEW, Past, Releases
from bot.planning.site import Site
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key
from bot.store.database import Database
from tests.hands import let_do_anything
from tests.helm.writing import Charts


class Counted(Helm):
    """Counts what it is asked; what happens `meanwhile` does so once, before it looks."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def _happens(self) -> None:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()

    async def history(self, *args: Any, **kwargs: Any) -> list[Revision]:
        self.asked["history"] += 1
        await self._happens()
        return await super().history(*args, **kwargs)

    async def get(self, *args: Any, **kwargs: Any) -> ReleaseRecord:
        self.asked["get"] += 1
        await self._happens()
        return await super().get(*args, **kwargs)


@dataclass
class Place:
    """A release that has been deployed, and who reads it."""

    server: KubernetesServer
    helm: Counted
    clusters: Clusters
    database: Database
    releases: Releases
    site: Site
    charts: Charts
    numbers: list[int] = field(default_factory=list)

    async def deploy(self) -> None:
        """Make one more revision."""
        chart = await self.charts.pack({"templates/map.yaml": MAP, "templates/hook.yaml": HOOK})
        values = {"number": len(self.numbers)}
        await self.helm.upgrade(self.site.location, chart, values, timeout=30)
        self.numbers.append(len(self.numbers) + 1)
        self.helm.asked.clear()

    async def prune(self, number: int = 1) -> None:
        """Somebody removes a revision."""
        self.server.storage.delete(Key("", "secrets", "default", f"sh.helm.release.v1.it.v{number}"))

    async def seen(self) -> list[tuple[int, str, str]]:
        """The revisions as they are read now."""
        past = await self.releases.past(self.site)
        return [(each.number, each.status, each.description) for each in past.revisions]


MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: it}\ndata: {number: {{ .Values.number | quote }}}\n"
HOOK = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: after, annotations: {helm.sh/hook: post-upgrade}}\n"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as owned:
        server = await owned.enter_async_context(KubernetesServer(pace=Pace.instant()))
        helm = await owned.enter_async_context(Counted())
        clusters = await owned.enter_async_context(Clusters(SystemClock()))
        database = await owned.enter_async_context(Database(f"sqlite:///{tmp_path}/store.db"))
        (tmp_path / "kubeconfig").write_text(server.kubeconfig())
        access = ClusterAccess(tmp_path / "kubeconfig")
        site = Site(access=access, cluster_uid="it", namespace="default", release="it")
        releases = Releases(helm, clusters, database)
        place = Place(server, helm, clusters, database, releases, site, Charts(tmp_path))
        await place.deploy()
        yield place


async def test_helm_is_asked_again_only_of_revisions_that_changed(place: Place) -> None:
    assert await place.seen() == [(1, "deployed", "Install complete")]
    asked = place.helm.asked.copy()
    assert await place.seen() == [(1, "deployed", "Install complete")]
    assert place.helm.asked == asked
    await place.deploy()
    assert await place.seen() == [(1, "superseded", "Install complete"), (2, "deployed", "Upgrade complete")]
    assert place.helm.asked == {"get": 2}


async def test_a_long_history_is_read_in_one_go(place: Place) -> None:
    for _ in range(4):
        await place.deploy()
    assert [number for number, _, _ in await place.seen()] == place.numbers
    assert place.helm.asked == {"history": 1}


async def test_what_a_revision_says_is_read_once_and_a_revision_that_went_is_gone(place: Place) -> None:
    await place.deploy()
    past = await place.releases.past(place.site, brief=True)
    assert past.live is not None
    record, objects, hooks = await place.releases.texts(place.site, past.live)
    assert (record.values, [each.object["data"] for each in objects]) == ({"number": 1}, [{"number": "1"}])
    asked = place.helm.asked.copy()
    assert await place.releases.texts(place.site, past.live) == (record, objects, hooks)
    assert place.helm.asked == asked
    await place.prune()
    assert [number for number, _, _ in await place.seen()] == [2]


async def test_the_way_back_is_every_revision_from_the_wanted_one_on(place: Place) -> None:
    for _ in range(3):
        await place.deploy()
    past = await place.releases.past(place.site)
    way = await read_way(
        place.helm, place.site, past, past.revisions[1], lambda record: f"v{record.values['number']}"
    )
    stages = [way.wanted, *way.between, way.now]
    assert [(each.revision.number, each.version) for each in stages] == [(2, "v1"), (3, "v2"), (4, "v3")]
    assert [each.record.values for each in stages] == [{"number": number} for number in (1, 2, 3)]
    assert [each.object["data"]["number"] for stage in stages for each in stage.objects] == ["1", "2", "3"]
    assert {each.key.namespace for stage in stages for each in stage.objects} == {"default"}
    assert [each.key.name for stage in stages for each in stage.hooks] == ["after"] * 3


async def test_what_runs_is_read_with_its_objects_and_nothing_where_nothing_runs(place: Place) -> None:
    await place.deploy()
    live = await read_live(place.releases, place.site)
    assert live.past == await place.releases.past(place.site)
    assert live.revision is not None
    assert (live.revision.number, live.revision.description) == (2, "Upgrade complete")
    assert values_of(live.record) == {"number": 1}
    assert [each.key.name for each in (*live.objects, *live.hooks)] == ["it", "after"]
    nothing = await read_live(place.releases, place.site.model_copy(update={"release": "other"}))
    assert nothing == Live(Past([], {}), None, None, (), ())


async def test_a_release_that_is_stuck_is_not_read_on(place: Place) -> None:
    key = Key("", "secrets", "default", "sh.helm.release.v1.it.v1")
    secret = place.server.storage.get(key)
    assert secret is not None
    record = json.loads(gzip.decompress(b64decode(b64decode(secret["data"]["release"]))))
    record["info"]["status"] = secret["metadata"]["labels"]["status"] = "pending-upgrade"
    secret["data"]["release"] = b64encode(b64encode(gzip.compress(json.dumps(record).encode()))).decode()
    place.server.storage.put(key, secret)
    with pytest.raises(ReleaseStuck, match="pending-upgrade"):
        await read_live(place.releases, place.site, brief=True)


async def test_a_look_at_states_alone_asks_for_the_history_once(place: Place) -> None:
    for _ in range(2):
        (revision,) = (await place.releases.past(place.site, brief=True)).revisions
        assert (revision.number, revision.status, revision.description) == (1, "deployed", "")
    assert place.helm.asked == {"history": 1}
    assert await place.seen() == [(1, "deployed", "Install complete")]


async def test_what_is_made_between_two_looks_is_seen_at_the_next(place: Place) -> None:
    place.helm.meanwhile = place.deploy
    past = await place.releases.past(place.site, brief=True)
    assert [each.number for each in past.revisions] == [1]
    for _ in range(4):
        await place.deploy()
    place.helm.meanwhile = place.deploy
    assert [number for number, _, _ in await place.seen()] == [1, 2, 3, 4, 5, 6]
    assert [number for number, _, _ in await place.seen()] == place.numbers


async def test_what_is_pruned_between_two_looks_is_left_out(place: Place) -> None:
    await place.deploy()
    place.helm.meanwhile = place.prune
    assert [number for number, _, _ in await place.seen()] == [2]


async def test_what_a_revision_says_is_read_also_where_nobody_has_looked_yet(place: Place) -> None:
    (revision,) = (await place.releases.past(place.site)).revisions
    others = Releases(place.helm, place.clusters, place.database)
    record, objects, _ = await others.texts(place.site, revision)
    assert (record.revision, len(objects)) == (revision, 1)


async def test_an_older_revision_says_what_it_said(place: Place) -> None:
    """Whether it was looked at before, or by somebody else meanwhile."""
    await place.deploy()
    first, _ = (await place.releases.past(place.site)).revisions
    for releases in (place.releases, Releases(place.helm, place.clusters, place.database)):
        record, (of_it,), (hook,) = await releases.texts(place.site, first)
        assert record.revision.number == 1
        assert of_it.object["data"] == {"number": "0"}
        assert (of_it.key.namespace, hook.key.namespace) == ("default", "default")


async def test_releases_beside_it_are_others(place: Place) -> None:
    """One of the same name in another namespace, and another one in this."""
    key = Key("", "secrets", "default", "sh.helm.release.v1.it.v1")
    for namespace, release in (("elsewhere", "it"), ("default", "other")):
        item = place.server.storage.get(key)
        assert item is not None
        item["metadata"] |= {"namespace": namespace, "name": f"sh.helm.release.v1.{release}.v7"}
        item["metadata"]["labels"] |= {"name": release, "version": "7"}
        place.server.storage.put(key._replace(namespace=namespace, name=item["metadata"]["name"]), item)
    await place.releases.past(place.site)
    assert place.helm.asked == {"get": 1}


@pytest.mark.parametrize("revisions", [1, FEW, FEW + 1])
async def test_it_is_read_in_the_name_of_who_asks(place: Place, revisions: int) -> None:
    for _ in range(revisions - 1):
        await place.deploy()
    dana = Identity("dana@example.org")
    site = place.site.model_copy(update={"identity": dana})
    await let_do_anything(await place.clusters.at(site.access), dana.user)
    asked: list[str] = []
    place.server.gate.seen = lambda who, what: asked.append(who.user) if what.namespace else None
    await Releases(place.helm, place.clusters, place.database).past(site, brief=True)
    past = await place.releases.past(site)
    await place.releases.texts(site, past.revisions[0])
    assert set(asked) == {dana.user}
    assert place.helm.asked["history"] == (1 if revisions <= FEW else 2)
