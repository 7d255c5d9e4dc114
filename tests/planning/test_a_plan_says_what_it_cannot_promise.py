"""What a plan says beside its changes: the way back, what stays, what runs, and how the last deploy ended."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.config import Target, load
from bot.helm.releases import ReleaseRecord, Revision
from bot.masking import HIDDEN, Masker
from bot.planning.foreign import Foreign, LostValue
from bot.planning.going_back import Stage, Stopping, Way
from bot.planning.live import Live
from bot.planning.manifests import Manifest
from bot.planning.releases import Past
from bot.planning.telling import (
    deploy_notes,
    rollback_notes,
    running_hooks,
    unhealthy,
    uninstall_notes,
    way_back,
    with_lost_values,
)
from bot.planning.values import Layered
from bot.store.verdicts import Health, Judgement
from tests.planning.objects import objects

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
CONFIG = """\
telegram: {token: "${TOKEN}"}
clusters: {main: {in_cluster: true}}
environments:
  staging: {cluster: main, namespace: shop, on_failure: rollback}
  quiet: {cluster: main, namespace: quiet, on_failure: leave, disclose: summary}
apps:
  shop: {chart: c, image: registry.example.org/shop, IMAGE_VALUE environments: [staging, quiet]}
"""


def target(folder: Path, environment: str = "staging", image_value: str = "") -> Target:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("IMAGE_VALUE", image_value), encoding="utf-8")
    return load([path], {"TOKEN": "t0ken"}).target("shop", environment)


def revision(number: int, status: str = "superseded", description: str = "Upgrade complete") -> Revision:
    return Revision(number, status, NOW, "shop", "1.4.0", f"v0.{number}", description)


def live(*states: tuple[int, str, Health | None], reason: str = "", **more: Any) -> Live:
    """Revisions by number, Helm's status and our verdict; the last one is deployed."""
    revisions = [revision(number, status, more.pop("description", "")) for number, status, _ in states]
    judged = {
        number: Judgement(number, health, NOW, reason, version=f"v1.{number}")
        for number, _, health in states
        if health is not None
    }
    past = Past(revisions, judged)
    return Live(past, past.live, more.get("record"), more.get("objects", ()), more.get("hooks", ()))


def test_a_deployed_revision_that_does_not_work_is_no_way_back() -> None:
    found = live((7, "deployed", "failed"), reason="Deployment/shop: image does not exist.")
    assert unhealthy(found, "v1.7") == (
        "v1.7 is unhealthy already: Deployment/shop: image does not exist; no way back to it"
    )
    long = live((7, "deployed", "failed"), reason="x" * 121)
    assert unhealthy(long, "v1.7") == f"v1.7 is unhealthy already: {'x' * 120}; no way back to it"


def test_it_is_told_without_a_reason_where_none_is_known() -> None:
    assert (
        unhealthy(live((7, "deployed", "failed")), "v1.7") == "v1.7 is unhealthy already; no way back to it"
    )


@pytest.mark.parametrize("health", ["healthy", "unknown", None])
def test_what_works_or_nobody_judged_is_not_called_unhealthy(health: Health | None) -> None:
    assert unhealthy(live((7, "deployed", health)), "v1.7") == ""


def test_nothing_is_unhealthy_where_nothing_is_deployed() -> None:
    assert unhealthy(live(), "") == ""


def test_the_way_back_leads_to_what_is_deployed_where_that_is_healthy(tmp_path: Path) -> None:
    found = live((6, "superseded", "healthy"), (7, "deployed", "healthy"))
    assert way_back(target(tmp_path), found, "v9") == "If it fails: back to v9"


def test_else_to_the_last_healthy_one_by_the_version_that_we_know(tmp_path: Path) -> None:
    found = live((6, "superseded", "healthy"), (7, "deployed", "failed"))
    assert way_back(target(tmp_path), found, "v9") == "If it fails: back to v1.6"


def test_a_revision_without_a_version_is_named_by_its_number(tmp_path: Path) -> None:
    found = live((6, "deployed", "healthy"))
    assert way_back(target(tmp_path), found, "") == "If it fails: back to revision 6"


def test_where_none_is_healthy_or_nothing_is_there_that_is_said(tmp_path: Path) -> None:
    assert way_back(target(tmp_path), live((7, "deployed", "failed")), "v9") == (
        "If it fails: it stays, no healthy revision to go back to"
    )
    assert way_back(target(tmp_path), live(), "") == "If it fails: removed, disks kept"


def test_nothing_is_said_of_a_way_back_where_the_environment_does_not_go_back(tmp_path: Path) -> None:
    assert way_back(target(tmp_path, "quiet"), live((7, "deployed", "healthy")), "v9") == ""


def test_a_chart_that_takes_no_digest_is_deployed_by_tag(tmp_path: Path) -> None:
    by_tag = target(tmp_path, image_value="image_value: {repository: image.repository, tag: image.tag},")
    assert deploy_notes(by_tag, live(), Masker()) == ["Deployed by tag: the chart takes no digest"]
    pinned = target(tmp_path, image_value="image_value: {single: image},")
    assert deploy_notes(pinned, live(), Masker()) == []


def test_how_the_last_deploy_failed_is_told_masked_and_cut(tmp_path: Path) -> None:
    found = live((7, "failed", None), description="key hunter2! " + "x" * 200)
    (note,) = deploy_notes(
        target(tmp_path, image_value="image_value: {single: image},"), found, Masker(["hunter2!"])
    )
    assert note == f"Revision 7 failed: {(f'key {HIDDEN} ' + 'x' * 200)[:120]}"


@pytest.mark.parametrize(("status", "health"), [("deployed", None), ("failed", "failed")])
def test_what_did_not_fail_or_is_called_unhealthy_already_is_not_told_again(
    tmp_path: Path, status: str, health: Health | None
) -> None:
    found = live((7, status, health), description="Upgrade complete")
    assert deploy_notes(target(tmp_path, image_value="image_value: {single: image},"), found, Masker()) == []


def hook(name: str, events: str) -> Manifest:
    metadata = f"{{name: {name}, annotations: {{helm.sh/hook: '{events}'}}}}"
    (found,) = objects(f"{{apiVersion: batch/v1, kind: Job, metadata: {metadata}}}")
    return found


HOOKS = [
    hook("before", "pre-upgrade"),
    hook("after", "post-upgrade"),
    hook("first", "pre-install"),
    hook("last", "post-install"),
    hook("back", "pre-rollback"),
    hook("forth", "post-rollback,test"),
]


def test_an_upgrade_runs_its_hooks_and_an_install_its_own() -> None:
    assert [each.key.name for each in running_hooks(HOOKS, live((7, "deployed", None)))] == [
        "before",
        "after",
    ]
    assert [each.key.name for each in running_hooks(HOOKS, live())] == ["first", "last"]


def way(*hooks: Manifest) -> Way:
    record = ReleaseRecord(revision(5), "", (), {}, "", None)
    stages = {n: Stage(revision(n), record, f"v1.{n}", (), hooks if n == 5 else ()) for n in (5, 6, 7)}
    return Way(stages[5], [stages[6]], stages[7])


def test_a_rollback_tells_what_it_skips_and_which_hooks_run() -> None:
    past = Past([revision(5), revision(6), revision(7, "deployed")], {6: Judgement(6, "failed", NOW)})
    notes = rollback_notes(way(*HOOKS), past, None, named=False)
    assert notes == ["Skips revision 6 (v1.6, failed)", "Job back runs", "Job forth runs"]


def test_a_rollback_to_a_revision_that_somebody_named_tells_whether_it_was_healthy() -> None:
    past = Past([revision(5), revision(6), revision(7, "deployed")], {})
    assert rollback_notes(way(), past, None, named=True) == ["Nobody knows whether revision 5 was healthy"]


def test_the_deploy_that_is_stopped_first_is_told_first() -> None:
    past = Past([revision(5), revision(6), revision(7, "deployed")], {})
    notes = rollback_notes(way(), past, Stopping("op", "Lee", "v2", 5), named=False)
    assert notes == ["Stops Lee's deploy of v2 first"]


def test_what_is_kept_stays_when_the_release_goes() -> None:
    kept, gone = objects(
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data, annotations: {helm.sh/resource-policy: keep}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: env}
        """
    )
    assert uninstall_notes(live(objects=[kept, gone])) == ["PersistentVolumeClaim data stays"]


FOREIGN = Foreign(7, "helm", 60.0)


@pytest.mark.parametrize(("environment", "value"), [("staging", "5"), ("quiet", HIDDEN)])
def test_what_another_s_revision_was_given_is_named_and_shown_where_it_may_be(
    tmp_path: Path, environment: str, value: str
) -> None:
    given = {"web": {"replicas": 5, "port": 80}, "shown": "tell-tale-word"}
    record = ReleaseRecord(revision(7, "deployed"), "", (), given, "", None)
    (secret,) = objects(
        "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {k: tell-tale-word}}"
    )
    ours = Layered(values={"web": {"port": 80}}, secrets=(), hidden=frozenset())
    found = live((7, "deployed", None), record=record, objects=[secret])
    shown = with_lost_values(FOREIGN, target(tmp_path, environment), found, ours, Masker())
    assert shown == replace(FOREIGN, lost=(LostValue("web.replicas", value), LostValue("shown", HIDDEN)))


def test_where_no_revision_is_anothers_nothing_is_lost(tmp_path: Path) -> None:
    ours = Layered(values={}, secrets=(), hidden=frozenset())
    assert with_lost_values(None, target(tmp_path), live(), ours, Masker()) is None
    assert with_lost_values(FOREIGN, target(tmp_path), live(), ours, Masker()) is None
