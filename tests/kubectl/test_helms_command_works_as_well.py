"""Helm's own command line, from a release's first revision to its end."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helm_cli.commands import CHART
from tests.kubectl.commands import Both, unordered

TEST = """
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-test", annotations: {helm.sh/hook: test}}
spec:
  restartPolicy: Never
  containers: [{name: test, image: "registry/test:v1", command: ["true"]}]
"""


@pytest.fixture
def helm(both: Both) -> Both:
    return Both(*(replace(side, program="helm") for side in (both.embedded, both.real)))


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart with a test."""
    shutil.copytree(CHART, tmp_path / "chart")
    (tmp_path / "chart" / "templates" / "test.yaml").write_text(TEST)
    return tmp_path / "chart"


async def test_a_release_is_made_changed_and_put_back(helm: Both, both: Both, chart: Path) -> None:
    await helm.agree(f"install shop {chart} --set replicas=1 --wait --timeout 60s")
    await helm.agree("list")
    await helm.agree("status shop --show-resources", look=unordered)
    for part in ("values --all", "manifest", "hooks", "notes", "metadata"):
        await helm.agree(f"get {part} shop")
    await helm.agree(f"upgrade shop {chart} --set replicas=2 --wait --timeout 60s")
    await helm.agree(f"upgrade shop {chart} --set replicas=3 --dry-run=server")
    await both.agree("get deployment shop -o jsonpath='{.spec.replicas}'")
    await helm.agree("rollback shop 1 --wait --timeout 60s")
    await helm.agree("history shop")
    await both.agree("get deployment shop -o jsonpath='{.spec.replicas}'")
    await helm.agree("rollback shop 9")


async def test_a_release_is_tested_and_uninstalled(helm: Both, both: Both, chart: Path) -> None:
    await helm.agree(f"upgrade --install shop {chart}")
    await helm.agree(f"install shop {chart}")
    await helm.agree(f"upgrade nothing {chart}")
    await helm.agree("test shop --timeout 60s --filter name=shop-test", look=unordered)
    await helm.agree("uninstall shop --wait --keep-history")
    await helm.agree("list --all")
    await helm.agree("uninstall shop")
    await helm.agree("uninstall shop")
    await both.agree("get configmaps,services,deployments,secrets")
