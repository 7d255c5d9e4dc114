"""What an update may not do to an object that is there, in the words that a failed deploy shows."""

import pytest

from tests.contract import objects
from tests.contract.asking import Both, Object, Side, unquoted

UPDATES: dict[str, tuple[str, Object, Object]] = {
    "a service's address": (
        "v1/services",
        objects.service(),
        {"spec": {"clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.1"]}},
    ),
    "a service that gets node ports": ("v1/services", objects.service(), {"spec": {"type": "NodePort"}}),
    "a stateful set's service": (
        "apps/v1/statefulsets",
        objects.stateful_set(replicas=0),
        {"spec": {"serviceName": "b"}},
    ),
    "a stateful set's order": (
        "apps/v1/statefulsets",
        objects.stateful_set(replicas=0),
        {"spec": {"podManagementPolicy": "Parallel"}},
    ),
    "a stateful set's claims": (
        "apps/v1/statefulsets",
        objects.stateful_set(replicas=0),
        {"spec": {"volumeClaimTemplates": [objects.claim()]}},
    ),
    "a stateful set's selector": (
        "apps/v1/statefulsets",
        objects.stateful_set(replicas=0),
        {
            "spec": {
                "selector": {"matchLabels": {"app": "b"}},
                "template": {"metadata": {"labels": {"app": "b"}}},
            }
        },
    ),
    "a running job's template": (
        "batch/v1/jobs",
        objects.job(),
        {"spec": {"template": {"spec": {"containers": [objects.container("other")]}}}},
    ),
    "a daemon set's selector": (
        "apps/v1/daemonsets",
        objects.workload(),
        {
            "spec": {
                "selector": {"matchLabels": {"app": "b"}},
                "template": {"metadata": {"labels": {"app": "b"}}},
            }
        },
    ),
    "a secret's type": ("v1/secrets", {"metadata": {"name": "web"}}, {"type": "other"}),
    "an immutable config map": (
        "v1/configmaps",
        {**objects.config_map(), "immutable": True},
        {"data": {"colour": "red"}},
    ),
    "an immutable secret": (
        "v1/secrets",
        {"metadata": {"name": "web"}, "immutable": True},
        {"stringData": {"a": "b"}},
    ),
    "an immutable config map made mutable": (
        "v1/configmaps",
        {**objects.config_map(), "immutable": True},
        {"immutable": False},
    ),
    "a claim's class": (
        "v1/persistentvolumeclaims",
        objects.claim(),
        {"spec": {"storageClassName": "other"}},
    ),
    "a claim's size before it is bound": (
        "v1/persistentvolumeclaims",
        objects.claim(),
        {"spec": {"resources": {"requests": {"storage": "2Gi"}}}},
    ),
    "a role binding's role": (
        "rbac.authorization.k8s.io/v1/rolebindings",
        objects.binding(),
        {"roleRef": {"name": "other"}},
    ),
    "a job's template": (
        "batch/v1/jobs",
        objects.job(suspend=True),
        {"spec": {"template": {"spec": {"containers": [objects.container("other")]}}}},
    ),
    "a job's completions": ("batch/v1/jobs", objects.job(suspend=True), {"spec": {"completions": 2}}),
    "a job's parallelism": ("batch/v1/jobs", objects.job(suspend=True), {"spec": {"parallelism": 2}}),
}


@pytest.mark.parametrize("what", UPDATES)
async def test_what_may_not_change_does_not_in_the_same_words(both: Both, what: str) -> None:
    place, body, patch = UPDATES[what]

    async def updated(side: Side) -> tuple[int, str]:
        answer = await side.create(place, body)
        assert answer.code == 201, answer
        answer = await side.patch(f"{place}/web", patch)
        return answer.code, unquoted(answer.message) if answer.code >= 400 else ""

    await both.agree(updated)
