"""What a chart renders, on its way into a plan."""

from contextlib import suppress
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import Masker
from bot.planning.comparing import compared
from bot.planning.errors import PlanRefused
from bot.planning.manifests import images, parse
from tests.fuzz.making import fuzzed, nested, paths, replaced

CANARY = "canary-secret-0001"
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"key": CANARY}}
OBJECTS: list[Any] = yaml.safe_load("""
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, labels: {app: shop}, annotations: {helm.sh/hook: pre-upgrade}}
  spec:
    replicas: 2
    selector: {matchLabels: {app: shop}}
    template:
      metadata: {labels: {app: shop}}
      spec:
        initContainers: [{name: first, image: "shop:v1"}]
        containers:
        - name: web
          image: shop:v1
          ports: [{containerPort: 80, name: http}]
          env: [{name: A, value: b}, {name: C, valueFrom: {secretKeyRef: {name: key, key: key}}}]
          resources: {limits: {memory: 1Gi, cpu: 500m}}
          livenessProbe: {httpGet: {path: /, port: http}}
        volumes: [{name: x, configMap: {name: settings}}]
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: b}, binaryData: {c: ZA==}}
- apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {ports: [{port: 80, targetPort: http}], type: NodePort}
- apiVersion: v1
  kind: List
  items: [{apiVersion: v1, kind: Pod, metadata: {generateName: x-}, spec: {containers: []}}]
- apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  metadata: {name: web}
  spec: {minReplicas: 1, maxReplicas: 3}
- {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}
""")
KEYS = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "labels",
        "spec",
        "template",
        "containers",
        "image",
        "data",
        "items",
    ]
)
CHANGED = st.builds(replaced, st.just(OBJECTS), st.sampled_from(paths(OBJECTS)[1:]), nested(KEYS))


def rendered(objects: list[Any]) -> dict[str, str]:
    return {"x/templates/all.yaml": yaml.safe_dump_all([SECRET, *objects])}


@fuzzed
@given(CHANGED, CHANGED)
def test_any_objects_are_compared_or_refused_and_tell_no_secret(old: list[Any], new: list[Any]) -> None:
    with suppress(PlanRefused):
        before, after = parse(rendered(old), "shop"), parse(rendered(new), "shop")
        assert all(isinstance(each, str) for item in after for each in images(item.object))
        without = [item for item in after if item.key.kind != "Secret"]
        for one, other in ((before, after), (before, without), ([], after)):
            found = compared(one, other, mask=Masker([]).mask_object, hooks=after, again=other)
            assert CANARY not in repr(found)
