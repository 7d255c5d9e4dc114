"""`plan` and `render` where the environment asks the cluster in a person's name."""

from io import StringIO
from pathlib import Path

import pytest

from bot.planning.errors import PlanRefused
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.world import SandboxWorld
from bot.terminal import plan, render

EXTRA = """\
environments: {staging: {impersonate: true}}
people:
  dana: {kubernetes: {user: dana@example.org, groups: [shop-devs]}}
"""
RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def configs(sandbox: SandboxWorld, tmp_path: Path) -> list[Path]:
    """The sample world's, with staging asked in names; Dana's group may do everything."""
    group = {"kind": "Group", "name": "shop-devs", "apiGroup": RBAC}
    role = {"kind": "ClusterRole", "name": "all", "apiGroup": RBAC}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    for plural, kind, more in (
        ("clusterroles", "ClusterRole", {"rules": rules}),
        ("clusterrolebindings", "ClusterRoleBinding", {"subjects": [group], "roleRef": role}),
    ):
        made = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": {"name": "all", "uid": kind}, **more}
        sandbox.servers.cluster.storage.put(Key(RBAC, plural, "", "all"), made)
    path = tmp_path / "names.yaml"
    path.write_text(EXTRA, encoding="utf-8")
    return [*sandbox.configs, path]


async def test_a_plan_is_made_in_the_name_that_is_given(sandbox: SandboxWorld, configs: list[Path]) -> None:
    out = StringIO()
    assert await plan(configs, sandbox.secrets, "shop", "v1.2", "staging", "dana", out) == 0
    assert "Plan: shop → staging v1.2" in out.getvalue()


async def test_manifests_are_rendered_in_the_name_that_is_given(
    sandbox: SandboxWorld, configs: list[Path]
) -> None:
    out = StringIO()
    assert await render(configs, sandbox.secrets, "shop", "staging", "", (), "dana", out) == 0
    assert "kind: Deployment" in out.getvalue()


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ("", "nobody was named"),
        ("lee", "lee has no `kubernetes` there"),
        ("nobody", "There is no nobody under `people`"),
    ],
)
async def test_who_has_no_name_there_is_told_who_has(
    sandbox: SandboxWorld, configs: list[Path], person: str, told: str
) -> None:
    with pytest.raises(PlanRefused, match=told) as refused:
        await plan(configs, sandbox.secrets, "shop", "v1.2", "staging", person, StringIO())
    assert "dana" in refused.value.advice
