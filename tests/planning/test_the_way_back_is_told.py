"""Going back: to which revision, over which, and what does not come back with it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.helm.releases import Hook, ReleaseRecord, Revision
from bot.planning.errors import NoneHealthy, NothingThere
from bot.planning.going_back import Stage, Stopping, Way, destination, lasting, not_healthy, skipped
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


def test_what_was_never_deployed_has_no_way_back() -> None:
    with pytest.raises(NothingThere) as refused:
        destination(SITE, past(), None)
    assert refused.value.words == "shop in shop-staging is not deployed"


def test_a_revision_that_is_named_is_taken_whatever_its_verdict() -> None:
    known = past((5, "failed", "superseded"), (6, None, "superseded"), (7, "failed", "deployed"))
    assert [destination(SITE, known, number).number for number in (5, 6, 7)] == [5, 6, 7]


@pytest.mark.parametrize(("named", "more"), [(2, " any more"), (5, None), (6, ""), (9, "")])
def test_a_revision_that_never_was_or_never_finished_is_said_to_be_none(named: int, more: str | None) -> None:
    known = past((5, "healthy", "superseded"), (6, None, "pending-upgrade"), (7, "failed", "deployed"))
    if more is None:
        assert destination(SITE, known, named).number == named
        return
    with pytest.raises(NothingThere) as refused:
        destination(SITE, known, named)
    assert refused.value.words == f"shop has no revision {named}{more}"


def test_where_every_revision_is_unfinished_none_is_kept() -> None:
    with pytest.raises(NothingThere) as refused:
        destination(SITE, past((1, None, "pending-install")), 1)
    assert (refused.value.words, refused.value.advice) == ("shop has no revision 1", "Kept are: ")


def test_the_first_revision_s_refusal_says_what_to_do() -> None:
    with pytest.raises(NothingThere) as refused:
        destination(SITE, past((4, "healthy", "deployed")), None)
    assert refused.value.words == "Revision 4 of shop is the first that Helm keeps: nothing is before it"
    assert refused.value.advice == "Deploy a version that works"


def test_where_none_was_healthy_those_are_named_that_stood_before_the_deploy_that_is_stopped() -> None:
    known = past((3, "failed", "superseded"), (4, None, "deployed"), (5, None, "pending-upgrade"))
    with pytest.raises(NoneHealthy) as refused:
        destination(SITE, known, None, base=4)
    assert refused.value.revisions == [3, 4]
    assert refused.value.words == "No earlier revision of shop is known to have been healthy"


def stopping(base: int) -> Stopping:
    return Stopping("op", "Lee", "v2", base)


def test_what_the_deploy_that_is_stopped_has_made_is_not_skipped() -> None:
    known = past((5, "healthy", "superseded"), (6, "failed", "superseded"), (7, None, "failed"))
    found = way(stage(5), stage(6), stage(7), stage(8))
    assert skipped(found, known, stopping(6)) == ["Skips revision 6 (v1.6, failed)"]


def test_a_deploy_that_has_made_nothing_yet_leaves_the_newest_to_be_skipped() -> None:
    known = past((5, "healthy", "superseded"), (6, "unknown", "deployed"))
    assert skipped(way(stage(5), stage(6)), known, stopping(6)) == ["Skips revision 6 (v1.6, not judged)"]
    assert skipped(way(stage(6), stage(6)), known, stopping(6)) == []
    assert skipped(way(stage(5), stage(6)), known, stopping(5)) == []
    assert skipped(way(stage(5), stage(6)), known) == []


def test_three_are_skipped_by_name_and_a_fourth_is_counted() -> None:
    named = skipped(way(*map(stage, range(1, 6))), past())
    assert named == [f"Skips revision {number} (v1.{number}, not judged)" for number in (4, 3, 2)]
    counted = skipped(way(*map(stage, range(1, 7))), past())
    assert counted[2:] == ["Skips revision 3 (v1.3, not judged)", "Skips 1 earlier ones"]


def test_a_hook_is_told_with_the_last_two_versions_that_it_ran_for() -> None:
    found = way(
        *(stage(number, hooks=[migrate()]) for number in (1, 2, 3, 4)),
        stage(5, version="v1.4", hooks=[migrate()]),
    )
    assert lasting(found) == ["Job shop-migrate ran for v1.3 and v1.4: not undone"]


@pytest.mark.parametrize(
    ("hook", "ran"),
    [
        (Hook("a", "Job", "", "", ("pre-install",), phase="Succeeded"), True),
        (Hook("a", "Pod", "", "", ("post-install", "test"), phase="Failed"), True),
        (Hook("a", "Job", "", "", ("post-upgrade",), phase="Running"), True),
        (Hook("a", "ConfigMap", "", "", ("pre-upgrade",), phase="Succeeded"), False),
        (Hook("a", "Job", "", "", ("pre-upgrade",)), False),
        (Hook("a", "Job", "", "", ("pre-rollback",), phase="Succeeded"), False),
    ],
)
def test_hooks_that_only_declare_or_never_ran_are_nothing_to_undo(hook: Hook, ran: bool) -> None:
    assert bool(lasting(way(stage(5), stage(6, hooks=[hook])))) is ran


def test_keys_of_secrets_are_listed_up_to_four() -> None:
    old, new = secret(**dict.fromkeys("abcdef", "YQ==")), secret(**dict.fromkeys("abcdef", "Yg=="))
    assert lasting(way(stage(5, old), stage(6, new))) == [
        "Secret shop-db: a, b, c, d, 2 more return to older values"
    ]
    assert lasting(way(stage(5, secret(a="YQ==")), stage(6, secret(a="YQ==", b="Yg==", c="Yw==")))) == [
        "Secret shop-db: b, c go"
    ]
    assert lasting(way(stage(5, secret(a="YQ==")), stage(6, secret(a="YQ==", b="Yg==")))) == [
        "Secret shop-db: b goes"
    ]
    assert lasting(way(stage(5, secret(a="YQ==")), stage(6, secret(a="Yg==")))) == [
        "Secret shop-db: a returns to its older value"
    ]


def test_a_secret_that_only_one_of_them_has_turns_nothing_back() -> None:
    assert lasting(way(stage(5), stage(6, secret(a="YQ==")))) == []
    assert lasting(way(stage(5, secret(a="YQ==")), stage(6))) == []


def test_a_value_is_the_same_however_it_is_written() -> None:
    plain = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: shop-db}\nstringData: {a: a}\n"
    assert lasting(way(stage(5, secret(a="YQ==")), stage(6, plain))) == []
    broken = secret(a="'not base64'")
    assert lasting(way(stage(5, broken), stage(6, broken))) == []
    assert lasting(way(stage(5, secret(a="YQ==")), stage(6, broken))) == [
        "Secret shop-db: a returns to its older value"
    ]


def stateful(deleted: str = "Delete", *, templates: bool = True, keep: bool = False) -> str:
    kept = ", annotations: {helm.sh/resource-policy: keep}" if keep else ""
    claims = ", volumeClaimTemplates: [{metadata: {name: d}}]" if templates else ""
    policy = f"persistentVolumeClaimRetentionPolicy: {{whenDeleted: {deleted}}}"
    return f"---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db{kept}}}\nspec: {{{policy}{claims}}}\n"


@pytest.mark.parametrize(
    ("now", "lines"),
    [
        (claim(), ["Disk shop-data is removed, with its data"]),
        (claim(policy="keep"), []),
        (claim(policy="other"), ["Disk shop-data is removed, with its data"]),
        (stateful(), ["The disk of StatefulSet db is removed, with its data"]),
        (stateful(keep=True), []),
        (stateful("Retain"), []),
        (stateful(templates=False), []),
    ],
)
def test_disks_that_a_rollback_removes_are_named(now: str, lines: list[str]) -> None:
    assert lasting(way(stage(5), stage(6, now))) == lines


def test_a_disk_that_went_in_between_comes_back_empty() -> None:
    assert lasting(way(stage(5, claim()), stage(6), stage(7, claim()))) == [
        "Disk shop-data was removed: it comes back empty"
    ]
    assert lasting(way(stage(5, claim(policy="keep")), stage(6), stage(7))) == []
    assert lasting(way(stage(5, claim()), stage(6, claim()))) == []


def test_going_back_to_where_it_is_brings_back_all() -> None:
    assert lasting(way(stage(6, hooks=[migrate()]), stage(6, hooks=[migrate()]))) == []
