"""What a plan knows of what is deployed beside Helm's record: the objects, the marks on them, and how they stand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.access import ClusterAccess, Identity
from bot.cluster import Cluster
from bot.helm.releases import Revision
from bot.planning.errors import OwnedByOthers
from bot.planning.live import Live
from bot.planning.manifests import GENERATED, Manifest
from bot.planning.plan import ObjectRef, refs
from bot.planning.releases import Past
from bot.planning.site import Site
from bot.planning.surveying import found_of, judged_now, marked, record_of, refuse_owned, surveyed
from bot.store.verdicts import Judgement
from tests.planning.objects import NAMESPACE, deployment, objects

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
SITE = Site(access=ClusterAccess(Path("unread")), cluster_uid="", namespace=NAMESPACE, release="shop")
STRANGER = Identity("nobody@example.org")
OWNED = {"argocd.argoproj.io/instance": "shop"}
CONFIG = """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: env}
"""
ROLE = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
"""


def live(made: Sequence[Manifest], *, judged: bool = False) -> Live:
    """A release whose revision 7 has these objects."""
    revision = Revision(7, "deployed", NOW, "shop", "1.4.0", "v1.1")
    verdicts = {7: Judgement(7, "healthy", NOW)} if judged else {}
    return Live(Past([revision], verdicts), revision, None, made, ())


async def put(cluster: Cluster, made: Sequence[Manifest], labels: dict[str, str] | None = None) -> None:
    """Make the objects, each with these labels."""
    for each in made:
        item = {**each.object, "metadata": {**each.object["metadata"], "labels": labels or {}}}
        space = each.key.namespace or None
        await cluster.create(str(each.object["apiVersion"]), each.key.kind, space, item)


async def recorded(cluster: Cluster, labels: dict[str, str] | None = None) -> None:
    """Helm's record of revision 7."""
    secret = {"metadata": {"name": "sh.helm.release.v1.shop.v7", "labels": labels or {}}}
    await cluster.create("v1", "Secret", NAMESPACE, secret)


def named(items: Sequence[Any]) -> list[str]:
    return [f"{item['kind']} {item['metadata']['name']}" for item in items]


async def survey(cluster: Cluster, there: Live) -> Live:
    return await surveyed(there, SITE, cluster, now=NOW, mask=lambda text: text.replace("shop", "····"))


def test_a_revision_is_kept_in_a_secret_of_its_own() -> None:
    assert record_of(SITE, 7) == ObjectRef("v1", "Secret", NAMESPACE, "sh.helm.release.v1.shop.v7")


async def test_a_release_is_marked_by_its_record_and_the_objects_that_are_there(cluster: Cluster) -> None:
    made = objects(deployment() + CONFIG + ROLE)
    await put(cluster, [made[0], made[2]])
    await recorded(cluster)
    found = await marked(live(made), SITE, cluster)
    assert named(found.marks) == [
        "Secret sh.helm.release.v1.shop.v7",
        "Deployment shop",
        "ClusterRole reader",
    ]
    assert {key.kind: item is not None for key, item in found.found.items()} == {
        "Deployment": True,
        "ConfigMap": False,
        "ClusterRole": True,
    }


async def test_where_nothing_is_deployed_nothing_is_looked_at(cluster: Cluster) -> None:
    nothing = Live(Past([], {}), None, None, objects(CONFIG), ())
    assert await marked(nothing, SITE, cluster.as_(STRANGER)) is nothing
    assert await survey(cluster.as_(STRANGER), nothing) is nothing


@pytest.mark.parametrize(
    ("of_record", "of_object", "what"),
    [(OWNED, {}, "Secret sh.helm.release.v1.shop.v7"), ({}, OWNED, "ConfigMap env")],
)
async def test_what_another_tool_manages_is_refused_by_name(
    cluster: Cluster, of_record: dict[str, str], of_object: dict[str, str], what: str
) -> None:
    made = objects(CONFIG)
    await put(cluster, made, of_object)
    await recorded(cluster, of_record)
    with pytest.raises(OwnedByOthers) as owned:
        await marked(live(made), SITE, cluster)
    assert (str(owned.value.owner), owned.value.where) == ("Argo CD's application shop", what)


async def test_new_objects_must_not_be_anothers_either(cluster: Cluster) -> None:
    made = objects(CONFIG + ROLE + CONFIG.replace("env", f"x-{GENERATED}") + CONFIG.replace("env", "gone"))
    await put(cluster, made[:2])
    assert named(await refuse_owned(cluster, refs(made))) == ["ConfigMap env", "ClusterRole reader"]
    other = objects(CONFIG.replace("env", "theirs"))
    await put(cluster, other, OWNED)
    with pytest.raises(OwnedByOthers):
        await refuse_owned(cluster, refs(other))


async def test_what_one_may_not_read_is_left_out_and_what_is_not_served_is_not_there(
    cluster: Cluster,
) -> None:
    made = objects(CONFIG + "---\n{apiVersion: example.org/v1, kind: Thing, metadata: {name: x}}\n")
    await put(cluster, made[:1])
    assert await refuse_owned(cluster.as_(STRANGER), refs(made)) == []
    assert await found_of(cluster.as_(STRANGER), made) == {made[1].key: None}
    assert set(await found_of(cluster, made)) == {each.key for each in made}


async def test_a_name_that_is_made_up_at_every_render_is_not_looked_for(cluster: Cluster) -> None:
    assert await found_of(cluster, objects(CONFIG.replace("env", f"x-{GENERATED}"))) == {}


async def test_what_we_never_judged_is_judged_now(cluster: Cluster) -> None:
    made = objects(deployment(replicas=0))
    await put(cluster, made)
    found = await survey(cluster, live(made))
    assert found.past.verdicts == {7: Judgement(7, "healthy", NOW, reason="")}
    assert found.found.keys() == {made[0].key}


async def test_why_something_is_not_healthy_is_said_without_its_secrets(cluster: Cluster) -> None:
    judged = await judged_now(
        live(objects(deployment())), SITE, cluster, now=NOW, mask=lambda text: text.replace("shop", "····")
    )
    assert judged is not None
    assert (judged.revision, judged.health, judged.at) == (7, "failed", NOW)
    assert "····" in judged.reason
    assert "shop" not in judged.reason


async def test_a_verdict_of_ours_stands(cluster: Cluster) -> None:
    there = live(objects(deployment()), judged=True)
    found = await survey(cluster, there)
    assert found.past is there.past


async def test_whoever_may_not_look_judges_nothing(cluster: Cluster) -> None:
    found = await survey(cluster.as_(STRANGER), live(objects(deployment())))
    assert found.past.verdicts == {}
