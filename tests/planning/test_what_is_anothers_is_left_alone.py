"""What belongs to another release is neither removed nor taken, and the plan says whose it is."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.access import ClusterAccess
from bot.planning.claims import is_owned, other_owner, refused_removals, with_claims
from bot.planning.live import Live
from bot.planning.manifests import Manifest
from bot.planning.releases import Past
from bot.planning.site import Site
from bot.planning.trial import Trial
from tests.planning.objects import objects

SITE = Site(
    access=ClusterAccess(in_cluster=True), cluster_uid="uid", namespace="shop-staging", release="shop"
)

MANAGED: Mapping[str, str] = {"app.kubernetes.io/managed-by": "Helm"}
NONE: Mapping[str, str] = {}

KEPT = "kubectl annotate configmap shared -n shop-staging helm.sh/resource-policy=keep"


def config_map(name: str = "shared") -> Manifest:
    return objects(f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}")[0]


def owned(
    release: str,
    namespace: str = "shop-staging",
    *,
    labels: Mapping[str, str] = MANAGED,
    annotations: Mapping[str, str] = NONE,
) -> dict[str, Any]:
    """The ConfigMap as the cluster has it."""
    marks = {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
    metadata = {
        "name": "shared",
        "labels": dict(labels),
        "annotations": {**marks, **annotations},
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def live(item: dict[str, Any] | None) -> Live:
    """A release with that ConfigMap."""
    manifest = config_map()
    return Live(Past([], {}), None, None, [manifest], (), (), {manifest.key: item})


@pytest.mark.parametrize("item", [None, owned("shop")])
def test_what_is_ones_own_or_gone_is_removed(item: dict[str, Any] | None) -> None:
    assert with_claims(Trial(), live(item), [], [], SITE) == Trial()
    assert refused_removals(live(item), SITE) == Trial()


@pytest.mark.parametrize("item", [owned("blog"), owned("shop", "elsewhere")])
def test_what_another_release_owns_by_now_is_not_removed(item: dict[str, Any]) -> None:
    (refusal,) = with_claims(Trial(), live(item), [], [], SITE).refusals
    marks = item["metadata"]["annotations"]
    whose = f"{marks['meta.helm.sh/release-name']} in {marks['meta.helm.sh/release-namespace']}"
    assert refusal.sentence == (
        f"ConfigMap shared: It belongs to another release by now: {whose}. Helm would remove it"
    )
    assert refusal.advice == f"It stays with: {KEPT}"
    assert with_claims(Trial(), live(item), [], [], SITE).is_refused


def test_what_is_marked_to_be_kept_stays_in_an_upgrade_and_not_in_an_uninstall() -> None:
    item = owned("blog", annotations={"helm.sh/resource-policy": "keep"})
    other = config_map("other")
    assert with_claims(Trial(), live(item), [other], [], SITE) == Trial()
    (refusal,) = refused_removals(live(item), SITE).refusals
    assert refusal.advice == f"First deploy without it, then uninstall. It stays with: {KEPT}"


def test_what_stays_in_the_release_is_said_to_be_taken_back() -> None:
    found = with_claims(Trial(), live(owned("blog")), [config_map()], [], SITE)
    assert found.warnings == (
        "ConfigMap shared: It belongs to another release by now: blog in shop-staging. This takes it back",
    )
    assert not found.is_refused


def test_what_is_added_is_not_taken_from_another_release() -> None:
    found = with_claims(Trial(), live(None), [config_map()], [owned("blog", "blog")], SITE)
    assert [(each.sentence, each.advice) for each in found.refusals] == [
        (
            "ConfigMap shared: It belongs to another release: blog in blog",
            "Give it another name, or take it out there",
        )
    ]


def test_what_is_added_and_belongs_to_nobody_says_how_it_is_handed_over() -> None:
    (refusal,) = with_claims(Trial(), live(None), [config_map()], [owned("", "", labels=NONE)], SITE).refusals
    assert refusal.sentence == "ConfigMap shared: It is there already, and belongs to no release"
    assert refusal.advice == (
        "Remove it, rename it, or hand it over: label app.kubernetes.io/managed-by=Helm, annotations "
        "meta.helm.sh/release-name=shop and meta.helm.sh/release-namespace=shop-staging"
    )


def test_hooks_of_the_last_time_are_in_nobodys_way() -> None:
    assert with_claims(Trial(), live(None), [], [owned("", "", labels=NONE)], SITE) == Trial()


def test_ones_own_that_comes_back_is_taken() -> None:
    assert with_claims(Trial(), live(None), [config_map()], [owned("shop")], SITE) == Trial()


def test_an_object_of_another_release_is_told_with_where_that_is_known_to_be() -> None:
    assert other_owner(owned("blog", "blog-staging"), SITE) == "blog in blog-staging"
    assert other_owner(owned("blog", ""), SITE) == "blog"
    assert other_owner(owned("", "blog-staging"), SITE) == ""


@pytest.mark.parametrize(
    ("item", "is_so"),
    [
        (owned("blog"), True),
        (owned("blog", labels=NONE), False),
        (owned("blog", labels={"app.kubernetes.io/managed-by": "somebody"}), False),
        (owned("", ""), False),
        (owned("blog", ""), False),
        (owned("", "blog"), False),
        ({"metadata": None}, False),
    ],
)
def test_an_object_is_owned_where_it_has_all_the_marks_that_helm_goes_by(
    item: dict[str, Any], is_so: bool
) -> None:
    assert is_owned(item) is is_so


def test_each_object_of_the_release_is_looked_at() -> None:
    role, both = objects(
        """
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: shared}}
        """
    )
    found = {config_map("gone").key: None, role.key: owned("blog"), both.key: owned("blog")}
    refusals = refused_removals(Live(Past([], {}), None, None, [role, both], (), (), found), SITE).refusals
    assert [each.advice for each in refusals] == [
        "First deploy without it, then uninstall. It stays with: "
        "kubectl annotate clusterrole reader helm.sh/resource-policy=keep",
        f"First deploy without it, then uninstall. It stays with: {KEPT}",
    ]
