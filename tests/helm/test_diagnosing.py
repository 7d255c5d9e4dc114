"""Helm's words, recorded, and the error that each becomes."""

from __future__ import annotations

import pytest

from bot.helm.diagnosing import diagnose
from bot.helm.errors import (
    ChartInvalid,
    ClusterRefused,
    ClusterUnreachable,
    FieldConflict,
    ForeignObject,
    HelmError,
    HookFailed,
    ReleaseBusy,
    ReleaseMissing,
    ValuesInvalid,
)


@pytest.mark.parametrize(
    ("kind", "words", "error"),
    [
        ("ReleaseError", "another operation (install/upgrade/rollback) is in progress", ReleaseBusy),
        ("NotFoundError", "release: not found", ReleaseMissing),
        ("ReleaseError", '"shop" has no deployed releases', ReleaseMissing),
        (
            "ReleaseError",
            'Unable to continue with install: ConfigMap "a" in namespace "n" exists and cannot be imported into '
            "the current release: invalid ownership metadata; label validation error",
            ForeignObject,
        ),
        (
            "ReleaseError",
            'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
            FieldConflict,
        ),
        ("ReleaseError", "pre-upgrade hooks failed: 1 error occurred: job failed", HookFailed),
        ("ReleaseError", "failed pre-install: resource Job/n/j not ready. status: Failed", HookFailed),
        ("CancelledError", "context deadline exceeded", HookFailed),
        (
            "KubeError",
            "Kubernetes cluster unreachable: Get https://x: connection refused",
            ClusterUnreachable,
        ),
        (
            "KubeError",
            "Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
            ClusterUnreachable,
        ),
        ("ReleaseError", 'deployments.apps "x" is forbidden: User "d" cannot patch resource', ClusterRefused),
        ("ReleaseError", 'admission webhook "policy" denied the request: no latest tag', ClusterRefused),
        ("ReleaseError", 'cannot patch "x": spec.selector: field is immutable', ClusterRefused),
        ("ReleaseError", "something that nobody has seen before", ClusterRefused),
        ("ChartLoadError", "Chart.yaml file is missing", ChartInvalid),
    ],
)
def test_each_saying_becomes_the_error_that_says_what_to_do(
    kind: str, words: str, error: type[HelmError]
) -> None:
    assert type(diagnose(kind, words)) is error


def test_invalid_yaml_at_an_upgrade_names_its_file_and_line() -> None:
    words = "YAML parse error on demo/templates/x.yaml: error converting YAML to JSON: yaml: line 3: mapping values"
    error = diagnose("ReleaseError", words)
    assert isinstance(error, ChartInvalid)
    assert (error.file, error.line) == ("demo/templates/x.yaml", 3)


def test_a_schema_s_complaints_are_told_path_by_path() -> None:
    words = (
        "values don't meet the specifications of the schema(s) in the following chart(s):\nshop:\n"
        "- at '/web': additional properties 'replcas' not allowed\n- at '': missing property 'image'"
    )
    error = diagnose("ValuesError", words)
    assert isinstance(error, ValuesInvalid)
    assert error.words == (
        "The values break the schema of chart shop:\n"
        "- /web: additional properties 'replcas' not allowed\n- at the top: missing property 'image'"
    )
