"""A release's revisions beside our verdicts: which one runs, which was healthy, whose it is, and of what version."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.access import ClusterAccess
from bot.config import Target, load
from bot.helm.releases import ReleaseRecord, Revision
from bot.planning.errors import ReleaseStuck
from bot.planning.live import Live, refuse_stuck, values_of, version_of
from bot.planning.manifests import Manifest
from bot.planning.releases import OPERATION_LABEL, Past
from bot.planning.site import Site
from bot.store.verdicts import Health, Judgement, ReleaseId
from tests.planning.objects import objects

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
SITE = Site(access=ClusterAccess(in_cluster=True), cluster_uid="uid", namespace="shop", release="web")
CONFIG = """\
telegram: {token: "${TOKEN}"}
clusters: {main: {in_cluster: true}}
environments: {staging: {cluster: main, namespace: shop}}
apps:
  shop: {chart: c, environments: [staging], APP}
"""


def target(folder: Path, app: str) -> Target:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("APP", app), encoding="utf-8")
    return load([path], {"TOKEN": "t0ken"}).target("shop", "staging")


def revision(number: int, status: str = "superseded", label: str = "") -> Revision:
    labels = {OPERATION_LABEL: label} if label else {}
    return Revision(number, status, NOW, "shop", "1.4.0", f"v0.{number}", "", labels)


def past(*statuses: str, verdicts: dict[int, Health] | None = None) -> Past:
    """Revisions from 1 on."""
    judged = {number: Judgement(number, health, NOW) for number, health in (verdicts or {}).items()}
    return Past([revision(number, each) for number, each in enumerate(statuses, 1)], judged)


def number(found: Revision | None) -> int | None:
    return found.number if found is not None else None


@pytest.mark.parametrize(
    ("statuses", "newest", "live"),
    [
        ([], None, None),
        (["deployed"], 1, 1),
        (["superseded", "deployed", "failed"], 3, 2),
        (["deployed", "deployed"], 2, 2),
        (["superseded", "failed"], 2, 2),
        (["failed", "pending-upgrade"], 2, 1),
        (["superseded", "unknown"], 2, 2),
        (["uninstalled"], 1, None),
        (["pending-install"], 1, None),
    ],
)
def test_the_revision_that_runs_is_helm_s_deployed_one_or_the_newest_that_touched_the_cluster(
    statuses: list[str], newest: int | None, live: int | None
) -> None:
    found = past(*statuses)
    assert (number(found.newest), number(found.live)) == (newest, live)


def test_only_our_own_verdict_makes_a_revision_healthy() -> None:
    found = past(*["deployed"] * 5, verdicts={1: "healthy", 2: "healthy", 3: "failed", 5: "healthy"})
    assert [number(found.healthy_before(each)) for each in (6, 5, 3, 2, 1)] == [5, 2, 2, 1, None]


def test_the_way_out_of_an_unfinished_one_is_the_last_healthy_one_else_the_last_that_ran() -> None:
    states = ("superseded", "deployed", "failed", "pending-upgrade")
    assert number(past(*states, verdicts={1: "healthy"}).way_out(4)) == 1
    assert number(past(*states).way_out(4)) == 2
    assert number(past(*states).way_out(2)) == 1
    assert number(past("superseded", "failed").way_out(2)) == 1
    assert past("failed", "pending-upgrade").way_out(2) is None
    assert past("pending-install").way_out(1) is None


def test_a_revision_s_version_is_ours_else_the_chart_s() -> None:
    found = Past([revision(1), revision(2), revision(3)], {
        1: Judgement(1, "healthy", NOW, version="v1.1"), 2: Judgement(2, "healthy", NOW),
    })  # fmt: skip
    assert [found.version(each) for each in (*found.revisions, None)] == ["v1.1", "v0.2", "v0.3", ""]


def test_who_made_a_revision_is_a_person_of_ours_or_somebody_else() -> None:
    found = Past([revision(1), revision(2), revision(3)], {
        1: Judgement(1, "healthy", NOW, author="Dana"), 2: Judgement(2, "healthy", NOW),
    })  # fmt: skip
    assert [found.maker(each) for each in found.revisions] == ["Dana", "someone else", "someone else"]


@pytest.mark.parametrize(
    ("revisions", "verdicts", "ours"),
    [
        ([revision(1)], {}, False),
        ([revision(1)], {1: Judgement(1, "healthy", NOW, operation_id="a")}, True),
        ([revision(1)], {1: Judgement(1, "healthy", NOW)}, False),
        ([revision(1, label="a")], {}, True),
        ([revision(1, label="a"), revision(2, label="a")], {}, False),
        ([revision(1, label="a"), revision(2, label="b")], {}, True),
        ([revision(1), revision(2, label="a")], {1: Judgement(1, "healthy", NOW, operation_id="a")}, False),
        ([revision(1, label="a")], {1: Judgement(1, "healthy", NOW)}, True),
    ],
)
def test_a_label_that_helm_handed_on_makes_a_revision_nobody_s(
    revisions: list[Revision], verdicts: dict[int, Judgement], ours: bool
) -> None:
    assert Past(revisions, verdicts).is_ours(revisions[-1]) is ours


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_an_earlier_run_holds_is_stuck_and_says_whose(status: str) -> None:
    found = Past([revision(6), revision(7, status)], {7: Judgement(7, "unknown", NOW, author="Dana")})
    with pytest.raises(ReleaseStuck) as stuck:
        refuse_stuck(SITE, found)
    error = stuck.value
    assert str(error) == error.words == f"An earlier run of web did not finish ({status})"
    assert (error.site, error.revision, error.status, error.since, error.maker) == (
        SITE, 7, status, NOW, "Dana",
    )  # fmt: skip


@pytest.mark.parametrize("statuses", [[], ["deployed"], ["pending-upgrade", "deployed"]])
def test_a_release_whose_newest_revision_is_finished_is_not_stuck(statuses: list[str]) -> None:
    refuse_stuck(SITE, past(*statuses))


def record(**values: Any) -> ReleaseRecord:
    return ReleaseRecord(revision(1), "", (), values, "", None)


def test_where_there_is_no_revision_there_are_no_values() -> None:
    assert values_of(None) == {}
    assert values_of(record(a=1)) == {"a": 1}


WHOLE = "image: registry.example.org/shop, image_value: {single: image}"
PARTS = "image: registry.example.org/shop, image_value: {tag: web.tag}"
DIGEST_ALONE = "image: registry.example.org/shop, image_value: {digest: web.digest}"


@pytest.mark.parametrize(
    ("app", "values", "version"),
    [
        ("release: shop", {}, "1.4.0"),
        (WHOLE, {"image": "registry.example.org/shop:v2@sha256:4f"}, "v2"),
        (WHOLE, {"image": "registry.example.org:5000/shop:v2"}, "v2"),
        (WHOLE, {"image": ""}, "v0.1"),
        (WHOLE, {}, "v0.1"),
        (PARTS, {"web": {"tag": "v3"}}, "v3"),
        (PARTS, {"web": {"tag": 3}}, "3"),
        (PARTS, {"web": {"tag": ""}}, "v0.1"),
        (PARTS, {}, "v0.1"),
        (DIGEST_ALONE, {"web": {"tag": "v3"}}, "v0.1"),
    ],
)
def test_the_version_is_read_where_the_app_puts_it(
    tmp_path: Path, app: str, values: dict[str, Any], version: str
) -> None:
    assert (
        version_of(
            target(tmp_path, app),
            past(),
            record(**values),
        )
        == version
    )


def test_what_we_recorded_goes_before_what_the_values_say(tmp_path: Path) -> None:
    known = Past([revision(1)], {1: Judgement(1, "healthy", NOW, version="v9")})
    assert version_of(target(tmp_path, PARTS), known, record(web={"tag": "v3"})) == "v9"
    unsaid = Past([revision(1)], {1: Judgement(1, "healthy", NOW)})
    assert version_of(target(tmp_path, PARTS), unsaid, record(web={"tag": "v3"})) == "v3"
    assert version_of(target(tmp_path, PARTS), known, None) == ""


def test_a_deploy_installs_where_nothing_is_but_what_was_kept() -> None:
    nothing = Live(past(), None, None, (), ())
    assert nothing.is_install
    assert Live(past("uninstalled"), None, None, (), ()).is_install
    assert not Live(past("failed"), None, None, (), ()).is_install


def test_what_is_there_are_the_objects_that_were_found() -> None:
    one, two = objects(
        "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Secret, metadata: {name: b}}"
    )
    found = Live(past(), None, None, [one, two], (), (), {one.key: {"kind": "Secret"}, two.key: None})
    assert found.there == [Manifest(one.key, {"kind": "Secret"})]


def test_a_site_is_known_to_the_store_and_to_helm() -> None:
    assert SITE.id == ReleaseId("uid", "shop", "web")
    assert SITE.id.subject == "uid/shop/web"
    assert (SITE.location.access, SITE.location.namespace, SITE.location.release) == (
        SITE.access,
        "shop",
        "web",
    )
