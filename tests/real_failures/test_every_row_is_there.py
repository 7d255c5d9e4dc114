"""The table of causes is complete here: every row, and every cause that a pod or workload can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.rollout.assessing import CAUSE_MODULES
from bot.rollout.causes import POD_CAUSES, WORKLOAD_CAUSES
from tests.real_failures import (
    test_the_api_server_refuses_pods,
    test_what_healthy_workloads_lack,
    test_what_helm_says,
    test_workloads_that_stand_still,
)
from tests.real_failures.test_each_cause_is_named import ROWS

assert CAUSE_MODULES

LAST = 52
"""The table's last row."""

BESIDE: dict[int, Callable[..., Any]] = {
    35: test_the_api_server_refuses_pods.test_a_quota_that_is_used_up,
    36: test_the_api_server_refuses_pods.test_a_policy_that_the_server_keeps,
    37: test_the_api_server_refuses_pods.test_a_webhook_that_is_down,
    38: test_the_api_server_refuses_pods.test_a_namespace_that_forbids_such_settings,
    42: test_workloads_that_stand_still.test_a_deadline_that_is_over_is_told_where_pods_say_nothing,
    43: test_workloads_that_stand_still.test_a_job_that_fails_says_why,
    44: test_what_healthy_workloads_lack.test_a_chart_and_an_autoscaler_that_disagree,
    45: test_what_healthy_workloads_lack.test_an_autoscaler_without_metrics,
    46: test_what_healthy_workloads_lack.test_an_ingress_whose_class_nobody_has,
    47: test_what_healthy_workloads_lack.test_a_service_whose_selector_fits_no_pod,
    48: test_what_helm_says.test_a_hook_that_fails,
    49: test_what_helm_says.test_a_run_that_did_not_finish,
    50: test_what_helm_says.test_a_field_that_cannot_change,
    51: test_what_helm_says.test_an_object_of_another_release,
    52: test_workloads_that_stand_still.test_a_bad_pod_of_a_stateful_set_blocks_the_rest,
}
"""Rows that have a test of their own."""


def test_no_row_is_left_out() -> None:
    assert {row.number for row in ROWS} | BESIDE.keys() == set(range(1, LAST + 1))


def test_no_cause_is_left_out() -> None:
    causes = {**POD_CAUSES, **WORKLOAD_CAUSES}
    tried = {row.cause for row in ROWS}
    assert {name for name, cause in causes.items() if name not in tried and cause.row not in BESIDE} == set()
    assert tried <= causes.keys()
