"""What of a kubeconfig is used, and what is refused before anything runs."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cluster import Cluster, ClusterAccess, KubeconfigUnsafe, KubeconfigUnusable
from bot.cluster.kubeconfigs import one_context


def written(folder: Path, user: dict[str, Any], cluster: dict[str, Any] | None = None) -> Path:
    content = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "clusters": [{"name": "it", "cluster": {"server": "https://127.0.0.1:1"} | (cluster or {})}],
        "users": [{"name": "me", "user": user}, {"name": "evil", "user": {"exec": {"command": "evil"}}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


async def test_a_plugin_does_not_run_unless_it_is_allowed(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [str(marker)]}
    path = written(tmp_path, {"exec": plugin})
    with pytest.raises(KubeconfigUnsafe, match="allow_exec: true"):
        async with Cluster(ClusterAccess(path)):
            pass
    assert not marker.exists()


async def test_an_allowed_plugin_without_credentials_is_named(tmp_path: Path) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}
    path = written(tmp_path, {"exec": plugin})
    with pytest.raises(KubeconfigUnusable, match="gave no credentials"):
        async with Cluster(ClusterAccess(path, allow_exec=True)):
            pass


async def test_an_allowed_plugins_token_is_used(tmp_path: Path) -> None:
    script = tmp_path / "plugin"
    answer = '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}'
    script.write_text(f"#!/bin/sh\necho '{answer}'\n")
    script.chmod(0o700)
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin"}
    path = written(tmp_path, {"exec": plugin})
    async with Cluster(ClusterAccess(path, allow_exec=True)):
        pass


def test_plugins_of_other_contexts_do_not_matter(tmp_path: Path) -> None:
    with one_context(ClusterAccess(written(tmp_path, {"token": "t"}))) as content:
        assert content["users"][0]["user"] == {"token": "t"}


def test_inline_keys_leave_no_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"client-key-data": base64.b64encode(b"the key").decode()})
    with one_context(ClusterAccess(path)) as content:
        key = Path(content["users"][0]["user"]["client-key"])
        assert key.read_bytes() == b"the key"
        assert os.readlink(key).startswith("/memfd:")
    assert not key.exists()


def test_relative_paths_start_at_the_kubeconfig(tmp_path: Path) -> None:
    with one_context(ClusterAccess(written(tmp_path, {"tokenFile": "token"}))) as content:
        assert content["users"][0]["user"]["tokenFile"] == str(tmp_path / "token")


@pytest.mark.parametrize(
    ("context", "words"), [("other", "has no context named other. It has: it"), (None, None)]
)
def test_a_wrong_context_is_answered_with_the_right_ones(
    tmp_path: Path, context: str | None, words: str | None
) -> None:
    access = ClusterAccess(written(tmp_path, {}), context)
    if words is None:
        with one_context(access) as content:
            assert content["current-context"] == "it"
        return
    with pytest.raises(KubeconfigUnusable, match=words), one_context(access):
        pass


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(KubeconfigUnusable, match="nowhere cannot be read"),
        one_context(ClusterAccess(tmp_path / "nowhere")),
    ):
        pass


def test_in_cluster_outside_of_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with (
        pytest.raises(KubeconfigUnusable, match="this is no pod"),
        one_context(ClusterAccess(in_cluster=True)),
    ):
        pass


def test_a_path_that_is_none_and_a_plugin_of_any_shape_are_no_traceback(tmp_path: Path) -> None:
    with one_context(ClusterAccess(written(tmp_path, {"tokenFile": 5}))) as content:
        assert content["users"][0]["user"]["tokenFile"] == str(tmp_path / "5")
    for user in ({"exec": "evil"}, {"auth-provider": "gcp"}, {"exec": None}, {"exec": {"command": 5}}):
        with pytest.raises(KubeconfigUnsafe), one_context(ClusterAccess(written(tmp_path, user))):
            pass
