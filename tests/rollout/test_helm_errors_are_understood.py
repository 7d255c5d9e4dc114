"""What Helm prints when it fails, and the words for it."""

from __future__ import annotations

import pytest

from bot.rollout import from_helm_error

TEXTS = [
    (
        'admission webhook "validate.kyverno.svc-fail" denied the request: resource Deployment was blocked',
        "policy-denies",
        "Policy validate.kyverno.svc-fail refused it",
    ),
    (
        'Internal error occurred: failed calling webhook "mutate.example.org": connection refused',
        "policy-down",
        "The policy service mutate.example.org is down",
    ),
    (
        "pre-upgrade hooks failed: 1 error occurred:\n\t* job shop-migrate failed: BackoffLimitExceeded",
        "hook-failed",
        "Hook shop-migrate failed before the main apply",
    ),
    (
        "post-upgrade hooks failed: context deadline exceeded",
        "hook-failed",
        "A hook failed after the main apply",
    ),
    (
        'create: failed to create: Secret "sh.helm.release.v1.large.v1" is invalid: data: Too long: may not be more '
        "than 1048576 bytes",
        "record-too-large",
        "The release is too large for Helm to keep a record of it: that may have 1 MiB, packed",
    ),
    (
        "another operation (install/upgrade/rollback) is in progress",
        "stuck-release",
        "An earlier run did not finish",
    ),
    (
        'cannot patch "shop" with kind Deployment: Deployment.apps "shop" is invalid: spec.selector: Invalid value: '
        "{}: field is immutable",
        "immutable",
        "spec.selector cannot change in place",
    ),
    (
        'Service "shop" in namespace "shop" exists and cannot be imported into the current release: invalid ownership '
        'metadata; annotation validation error: key "meta.helm.sh/release-name" must equal "shop": current value is '
        '"blog"',
        "foreign-object",
        "It belongs to the release blog",
    ),
    (
        "deployments.apps \"shop\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: "
        "at most ten replicas",
        "policy-denies",
        "Policy few refused it",
    ),
    (
        'configmaps "x" is forbidden: exceeded quota: few, requested: count/configmaps=1, used: count/configmaps=1, '
        "limited: count/configmaps=1",
        "quota",
        "The namespace's quota of count/configmaps is used up",
    ),
    (
        'unable to build kubernetes objects from new release manifest: resource mapping not found for name: "x" '
        'namespace: "" from "": no matches for kind "Thing" in version "example.org/v1"',
        "kind-missing",
        "The cluster knows no Thing of example.org/v1",
    ),
    ('namespaces "shop" not found', "namespace-missing", "There is no namespace shop"),
    (
        'deployments.apps "shop" is forbidden: User "dana" cannot patch resource "deployments" in API group "apps" '
        'in the namespace "shop"',
        "forbidden",
        "dana may not patch deployments in shop",
    ),
    (
        "conflict occurred while applying object shop/shop apps/v1, Kind=Deployment: Apply failed with 1 conflict: "
        'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
        "field-conflict",
        "replicas is kept by kubectl",
    ),
    (
        "failed to create typed patch object (shop/shop; apps/v1, Kind=Deployment): errors:\n"
        '  .spec.template.spec.containers[name="web"].bar: field not declared in schema\n'
        "  .spec.foo: field not declared in schema",
        "unknown-field",
        'There is no field spec.template.spec.containers[name="web"].bar and 1 more',
    ),
    (
        "failed to create typed patch object (shop/shop; apps/v1, Kind=Deployment): .spec.replicas: expected numeric "
        "(int or float), got string",
        "wrong-type",
        "spec.replicas must be a number",
    ),
    (
        'Deployment.apps "x" is invalid: spec.template.spec.containers[0].image: Required value',
        "invalid",
        "spec.template.spec.containers[0].image is missing",
    ),
    (
        'Service "v" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.0.77"]: may not change once set',
        "immutable",
        "spec.clusterIPs[0] cannot change in place",
    ),
    (
        'PersistentVolumeClaim "d" is invalid: spec: Forbidden: spec is immutable after creation except '
        "resources.requests",
        "immutable",
        "spec cannot change in place",
    ),
]


@pytest.mark.parametrize(
    ("text", "cause", "words"), TEXTS, ids=[row[1] + str(i) for i, row in enumerate(TEXTS)]
)
def test_the_text_names_the_cause(text: str, cause: str, words: str) -> None:
    trouble = from_helm_error(text)
    assert trouble is not None
    assert (trouble.cause, trouble.words) == (cause, words)


def test_an_unknown_error_names_none() -> None:
    assert from_helm_error("the weather is bad") is None


def test_a_policy_service_that_is_down_is_not_the_versions_fault() -> None:
    trouble = from_helm_error('failed calling webhook "w": timeout')
    assert trouble is not None
    assert trouble.fault == "cluster"
