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
