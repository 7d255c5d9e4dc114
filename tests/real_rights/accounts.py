"""Accounts of a real cluster, and what they are given."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.access import Identity
from bot.rbac.printing import Account, Form, rbac
from tests.real_worlds import kubectl

DANA = Identity("dana@example.org", ("shop-devs", "night-shift", "on-call"))
WITHOUT = Identity("dana@example.org", ("shop-devs", "on-call"))
"""The same without the group that `granted` is for in these tests."""

RBAC = "rbac.authorization.k8s.io"


async def account(admin: Path, account: Account, folder: Path) -> Path:
    """Make the account; returns the kubeconfig by which it comes, with a token of its own."""
    for words in (
        ("create", "namespace", account.namespace),
        ("create", "serviceaccount", account.name, "--namespace", account.namespace),
    ):
        await kubectl(admin, *words)
    token = await kubectl(admin, "create", "token", account.name, "--namespace", account.namespace)
    content = json.loads(
        await kubectl(admin, "config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    )
    content["users"] = [{"name": each["name"], "user": {"token": token}} for each in content["users"]]
    path = folder / "kubeconfig-of-the-account"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


async def printed(configs: Sequence[Path], account: Account, form: Form = "bot") -> list[dict[str, Any]]:
    """What `pilothouse rbac` prints, without a secret in the environment."""
    out = io.StringIO()
    assert await rbac(configs, {}, account, "", form, out) == 0
    return list(yaml.safe_load_all(out.getvalue()))


def granted(namespace: str, role: str, *, group: str) -> list[Mapping[str, Any]]:
    """Everything in a namespace, for whoever is in a group."""
    metadata = {"name": role, "namespace": namespace}
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
        },
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": role},
            "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group}],
        },
    ]
