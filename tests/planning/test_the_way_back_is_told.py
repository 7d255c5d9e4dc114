"""Going back: to which revision, over which, and what does not come back with it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.helm.releases import Hook, ReleaseRecord, Revision
from bot.planning.errors import NothingThere
from bot.planning.going_back import Stage, Way, destination, lasting, not_healthy, skipped
from bot.planning.releases import Past
from bot.planning.site import Site
from bot.store.verdicts import Health, Judgement
from tests.planning.objects import deployment, objects

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
SITE = Site(
    access=ClusterAccess(kubeconfig=Path("/nowhere")),
    cluster_uid="uid",
    namespace="shop-staging",
    release="shop",
)


def revision(number: int, status: str = "superseded", description: str = "Upgrade complete") -> Revision:
    return Revision(number, status, NOW, "microservice", "1.4.0", "", description)


State = tuple[int, Health | None, str]


def past(*states: State) -> Past:
    """Revisions by number, our verdict, and Helm's status."""
    return Past(
        [revision(number, status) for number, _, status in states],
        {number: Judgement(number, health, NOW) for number, health, _ in states if health is not None},
    )


def stage(
    number: int,
    text: str = "",
    *,
    version: str = "",
    hooks: Sequence[Hook] = (),
    description: str = "Upgrade complete",
) -> Stage:
    of = revision(number, description=description)
    record = ReleaseRecord(of, text, tuple(hooks), {}, "", None)
    return Stage(of, record, version or f"v1.{number}", objects(text or deployment()), ())


def migrate(phase: str = "Succeeded", event: str = "pre-upgrade") -> Hook:
    return Hook("shop-migrate", "Job", "migrate.yaml", "", (event,), phase=phase)


def way(*stages: Stage) -> Way:
    return Way(stages[0], stages[1:-1], stages[-1])


def secret(**data: str) -> str:
    entries = "".join(f"\n  {key}: {value}" for key, value in data.items())
    return f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: shop-db}}\ndata:{entries}\n"


def claim(name: str = "shop-data", policy: str = "") -> str:
    kept = f", annotations: {{helm.sh/resource-policy: {policy}}}" if policy else ""
    return f"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}{kept}}}\nspec: {{}}\n"


def test_it_goes_to_the_last_that_was_healthy_by_our_verdict() -> None:
    older: list[State] = [(5, "healthy", "superseded"), (6, "healthy", "superseded")]
    known = past(*older, (7, "failed", "superseded"), (8, None, "deployed"))
    assert destination(SITE, known, None).number == 6


def test_a_failed_upgrade_leads_back_to_what_helm_still_calls_deployed() -> None:
    known = past((1, "healthy", "superseded"), (2, "healthy", "deployed"), (3, "failed", "failed"))
    assert destination(SITE, known, None).number == 2


def test_while_a_deploy_is_stopped_what_it_made_does_not_count() -> None:
    known = past((1, "healthy", "superseded"), (2, "healthy", "deployed"))
    assert destination(SITE, known, None, base=2).number == 2


def test_the_first_revision_has_nothing_before_it() -> None:
    with pytest.raises(NothingThere, match="is the first that Helm keeps"):
        destination(SITE, past((1, "healthy", "deployed")), None)


def test_where_none_was_healthy_the_others_are_named() -> None:
    known = past((3, "failed", "superseded"), (4, None, "superseded"), (5, "failed", "deployed"))
    with pytest.raises(NothingThere) as refused:
        destination(SITE, known, None)
    assert refused.value.advice == "Name one of /history's revisions: 3, 4"


def test_a_revision_that_helm_forgot_is_said_to_be_gone() -> None:
    known = past((5, "healthy", "superseded"), (6, None, "pending-upgrade"), (7, "failed", "deployed"))
    with pytest.raises(NothingThere, match="has no revision 2 any more") as refused:
        destination(SITE, known, 2)
    assert refused.value.advice == "Kept are: 5, 7"


def test_what_is_skipped_is_said_with_versions_and_verdicts() -> None:
    later: list[State] = [(8, None, "superseded"), (9, "failed", "deployed")]
    known = past((6, "healthy", "superseded"), (7, "failed", "superseded"), *later)
    found = way(stage(6), stage(7, version="v1.2"), stage(8, version="v1.3"), stage(9))
    assert skipped(found, known) == [
        "Skips revision 8 (v1.3, not judged)",
        "Skips revision 7 (v1.2, failed)",
    ]
    many = way(*map(stage, range(1, 9)))
    assert skipped(many, known)[-1] == "Skips 3 earlier ones"


def test_a_revision_that_was_named_and_had_failed_is_a_warning() -> None:
    known = past((6, "failed", "superseded"), (7, None, "superseded"), (8, "healthy", "deployed"))
    assert not_healthy(way(stage(6), stage(8)), known) == ["Revision 6 had failed"]
    assert not_healthy(way(stage(7), stage(8)), known) == ["Nobody knows whether revision 7 was healthy"]
    assert not_healthy(way(stage(8), stage(8)), known) == []


def test_hooks_that_ran_are_not_undone() -> None:
    found = way(
        stage(5, hooks=[migrate()]),
        stage(6, version="v1.2", hooks=[migrate("Failed")]),
        stage(7, version="v1.3", hooks=[migrate(), migrate("", "post-upgrade"), migrate(event="test")]),
    )
    assert lasting(found) == ["Job shop-migrate ran for v1.2 and v1.3: not undone"]


def test_a_rollbacks_copies_of_hooks_did_not_run() -> None:
    assert lasting(way(stage(5), stage(6, hooks=[migrate()], description="Rollback to 4"))) == []


def test_secret_keys_that_turn_back_are_named_and_values_never() -> None:
    old = secret(password="b2xk", user="c2hvcA==")
    new = secret(password="bmV3", user="c2hvcA==", token="dG9rZW4=")
    lines = lasting(way(stage(5, old), stage(6, new)))
    assert lines == ["Secret shop-db: password returns to its older value", "Secret shop-db: token goes"]


def test_a_secret_written_the_other_way_is_the_same() -> None:
    plain = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: shop-db}\nstringData: {password: old}\n"
    assert lasting(way(stage(5, plain), stage(6, secret(password="b2xk")))) == []


def test_disks_that_go_and_disks_that_come_back_empty_are_told() -> None:
    assert lasting(way(stage(5), stage(6, claim()))) == ["Disk shop-data is removed, with its data"]
    assert lasting(way(stage(5), stage(6, claim(policy="keep")))) == []
    empty = ["Disk shop-data was removed: it comes back empty"]
    assert lasting(way(stage(5, claim()), stage(6))) == empty
    assert lasting(way(stage(5, claim()), stage(6), stage(7, claim()))) == empty
    assert lasting(way(stage(5, claim(policy="keep")), stage(6))) == []


def test_a_set_whose_disks_go_with_it_is_told() -> None:
    text = """
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db}
    spec:
      persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}
      volumeClaimTemplates: [{metadata: {name: data}}]
    """
    assert lasting(way(stage(5), stage(6, text))) == ["The disk of StatefulSet db is removed, with its data"]
