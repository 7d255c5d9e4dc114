"""Charts that can't be planned are answered in their own words, and odd ones are planned as they are."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.config import ChartFolder
from tests.worlds import World, open_bot_world, spaced

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: %s}
data: {key: %s}
"""

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {size: {type: %s}}}}
"""

CHARTS = {
    "calls-nothing": {"templates/app.yaml": "kind: ConfigMap\nname: {{ .Values.a.b.c }}\n"},
    "wants-more": {
        "templates/app.yaml": 'kind: {{ required "set the colour of the door" .Values.colour }}\n'
    },
    "has-schema": {
        "templates/app.yaml": CONFIG_MAP % ("app", "one"),
        "values.yaml": "replicas: many\n",
        "values.schema.json": '{"properties": {"replicas": {"type": "integer"}}}',
    },
    "no-yaml": {"templates/app.yaml": CONFIG_MAP % ("app", "[one, two")},
    "doubles": {
        "templates/one.yaml": CONFIG_MAP % ("app", "one"),
        "templates/two.yaml": CONFIG_MAP % ("app", "two"),
    },
    "many": {
        "templates/app.yaml": "{{- range $i := until 200 }}\n---\n"
        + CONFIG_MAP % ("many-{{ $i }}", "one")
        + "{{- end }}\n"
    },
    "random": {
        "templates/app.yaml": CONFIG_MAP % ("app", '"{{ randAlphaNum 12 }}"'),
    },
    "disk": {
        "templates/app.yaml": """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: disk}
spec:
  selector: {matchLabels: {app: disk}}
  template:
    metadata: {labels: {app: disk}}
    spec:
      containers:
        - {name: disk, image: "registry/disk:v1"}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
"""
    },
    "defines": {
        "crds/widgets.yaml": DEFINITION % "integer",
        "templates/app.yaml": CONFIG_MAP % ("app", "{{ .Chart.Version }}")
        + "---\napiVersion: example.org/v1\nkind: Widget\nmetadata: {name: one}\nsize: 1\n",
    },
    "tested": {
        "templates/app.yaml": CONFIG_MAP % ("app", "one"),
        "templates/tests/test.yaml": """\
apiVersion: v1
kind: Pod
metadata:
  name: tested-smoke
  annotations: {helm.sh/hook: test}
spec:
  restartPolicy: Never
  containers:
    - {name: smoke, image: "registry/smoke:v1", command: [smoke]}
""",
    },
}


def _write(folder: Path) -> str:
    """Write the charts into `folder`; returns a configuration with an app for each."""
    lines = ["apps:"]
    for name, files in CHARTS.items():
        for path, content in {
            "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n",
            **files,
        }.items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        tests = ", tests: true" if name == "tested" else ""
        lines.append(f"  {name}: {{chart: {folder / name}, environments: [staging]{tests}}}")
    return "\n".join(lines)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    async with open_bot_world(folder, _write(folder / "charts")) as world:
        yield world


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ("calls-nothing", r"templates/app\.yaml, line 2"),
        ("wants-more", "set the colour of the door"),
        ("has-schema", "replicas"),
        ("no-yaml", r"templates/app\.yaml"),
        ("doubles", "ConfigMap app"),
    ],
)
async def test_a_chart_that_makes_no_sense_changes_nothing(world: World, app: str, words: str) -> None:
    world.dana.says(f"/deploy {app} staging", "private")
    problem = await world.sees("^🚫", chat="private dana")
    assert "Nothing has changed" in problem.text
    assert re.search(words, problem.text)


async def test_two_hundred_objects_are_summed_up_and_deployed(world: World) -> None:
    world.dana.says("/deploy many staging", "private")
    plan = await world.sees("Plan: many → staging", chat="private dana")
    assert "200 ConfigMaps added" in plan.text
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("✅ many → staging", chat="private dana")
    assert world.history("many", "many-staging") == ["deployed"]


async def test_random_values_do_not_move_the_plan(world: World) -> None:
    world.dana.says("/deploy random staging", "private")
    await world.sees("Plan: random → staging", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("✅ random → staging", chat="private dana")
    world.dana.says("/deploy random staging", "private")
    await world.sees("random in staging already is 1.0.0", chat="private dana")


async def test_what_is_deployed_already_may_be_deployed_again(world: World) -> None:
    world.dana.says("/deploy shop v1.1 staging", "private")
    await world.sees(
        "shop in staging already is v1.1", chat="private dana", buttons=["Deploy again", "Close"]
    )
    await world.dana.presses("Deploy again", "private")
    await world.sees("Plan: shop → staging v1.1", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("✅ shop → staging v1.1", chat="private dana")
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_a_first_install_that_fails_is_removed_without_its_disk(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/disk:v1", "crash")
    world.dana.says("/deploy disk staging", "private")
    await world.sees("Plan: disk → staging", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    end = await world.sees("❌ disk → staging", chat="private dana")
    assert "First install removed, disks kept" in end.text
    assert world.history("disk", "disk-staging") == []
    assert not world.cluster.storage.list("apps", "deployments", "disk-staging")
    claims = world.cluster.storage.list("", "persistentvolumeclaims", "disk-staging")
    assert [claim["metadata"]["name"] for claim in claims] == ["data"]


async def test_a_first_install_that_died_is_removed_by_a_button_without_its_disk(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/disk:v1", "ok")
    world.dana.says("/deploy disk staging", "private")
    await world.sees("Plan: disk → staging", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("✅ disk → staging", chat="private dana")
    world.leave_unfinished("disk", "disk-staging", 1, "pending-install")
    world.clock.move(minutes=10)
    world.dana.says("/deploy disk staging", "private")
    await world.sees("disk: deploy unfinished", chat="private dana", buttons=["Remove it"])
    await world.dana.presses("Remove it", "private")
    end = await world.sees("✅ disk → staging is mended", chat="private dana")
    assert "The unfinished install was removed, disks kept" in end.text
    assert world.history("disk", "disk-staging") == []
    claims = world.cluster.storage.list("", "persistentvolumeclaims", "disk-staging")
    assert [claim["metadata"]["name"] for claim in claims] == ["data"]


async def test_a_release_whose_test_fails_is_taken_back(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/smoke:v1", "ok", task=True)
    world.dana.says("/deploy tested staging", "private")
    await world.sees("Plan: tested → staging", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("✅ tested → staging", chat="private dana")
    world.sandbox.servers.behaviours.order("registry/smoke:v1", "crash", task=True)
    world.dana.says("/deploy tested staging", "private")
    await world.sees("tested in staging already is", chat="private dana")
    await world.dana.presses("Deploy again", "private")
    await world.sees("Plan: tested → staging", chat="private dana")
    await world.dana.presses("Deploy to staging", "private")
    end = await world.sees("tested → staging 1.0.0 is back", chat="private dana")
    assert "A test failed" in end.text


async def test_a_definition_that_helm_leaves_as_it_is_is_named_with_what_changes_it(
    world: World,
) -> None:
    world.dana.says("/deploy defines staging", "private")
    plan = await world.sees("📋 Plan: defines → staging", chat="private dana")
    assert "CRD" not in plan.text
    await world.dana.presses("Deploy to staging", "private")
    await world.sees("defines → staging 1.0.0 applied", chat="private dana")
    source = world.parts.current.config.apps["defines"].chart
    assert isinstance(source, ChartFolder)
    (source.path / "Chart.yaml").write_text("apiVersion: v2\nname: defines\nversion: 1.1.0\n")
    (source.path / "crds" / "widgets.yaml").write_text(DEFINITION % "number")
    world.dana.says("/deploy defines staging", "private")
    plan = await world.sees("📋 Plan: defines → staging", chat="private dana")
    assert (
        "⚠️ CRD widgets.example.org differs from the cluster's, which Helm leaves as it is. "
        "To change that: kubectl apply --server-side -f crds/widgets.yaml"
    ) in spaced(plan.text)
