"""A plan of a large chart: 200 objects read, compared, masked and put into words."""

import yaml

from bench.measuring import Figure, timed
from bot.masking import Masker
from bot.planning.comparing import compared
from bot.planning.manifests import parse

WORKLOADS = 100
"""Each has a Deployment and a ConfigMap."""


async def measure() -> list[Figure]:
    """Parse and compare, with an image, an environment variable and a key that change everywhere."""
    old, new = rendered("v1.1"), rendered("v1.2")
    before, after = parse(old, "shop"), parse(new, "shop")
    mask = Masker(["hunter2-hunter2"]).mask_object
    comparing = timed(lambda: compared(before, after, mask=mask, again=after), 5)
    comparison = compared(before, after, mask=mask, again=after)
    changed = f"{len(comparison.lines)} lines of summary, {len(comparison.diff) // 1024} kB of diff"
    return [
        timed(lambda: parse(new, "shop"), 5).figure("plan: parse 200 objects", "in a thread, twice a plan"),
        comparing.figure("plan: compare 200 objects that all change", f"in a thread; {changed}"),
    ]


def rendered(version: str) -> dict[str, str]:
    """A chart's output: template path to text, a file for each workload."""
    return {
        f"templates/{number}.yaml": yaml.safe_dump_all(
            [_deployment(number, version), _config(number, version)]
        )
        for number in range(WORKLOADS)
    }


def _deployment(number: int, version: str) -> dict[str, object]:
    name = f"part-{number}"
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/version": version}
    container = {
        "name": name,
        "image": f"registry.example.org/{name}:{version}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": f"KEY_{each}", "value": f"{each}-{version}"} for each in range(10)],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def _config(number: int, version: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"part-{number}-env"},
        "data": {f"KEY_{each}": f"value {each} of {version}" for each in range(20)},
    }
