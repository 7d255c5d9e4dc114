"""What of an operator's kubeconfig reaches the SDK."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.helm.kubeconfigs import Kubeconfig, KubeconfigRefused

ACCESS: dict[str, Any] = {
    "kubeconfig": None,
    "context": None,
    "in_cluster": False,
    "proxy": None,
    "ca_file": None,
    "allow_exec": False,
}


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    content = {
        "current-context": "staging",
        "contexts": [
            {"name": "staging", "context": {"cluster": "s", "user": "dana"}},
            {"name": "prod", "context": {"cluster": "p", "user": "plugin", "namespace": "other"}},
        ],
        "clusters": [
            {"name": "s", "cluster": {"server": "https://s.example", "certificate-authority": "ca.pem"}},
            {"name": "p", "cluster": {"server": "https://p.example", "certificate-authority-data": "QQ=="}},
        ],
        "users": [
            {"name": "dana", "user": {"client-certificate": "dana.crt", "client-key": "/abs/dana.key"}},
            {"name": "plugin", "user": {"exec": {"command": "bin/login", "apiVersion": "v1"}}},
        ],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


def read(access: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cluster and user of the one context that is passed on."""
    with Kubeconfig.of(ACCESS | access) as passed:
        content = json.loads(Path(passed.path).read_text())
    assert not os.path.exists(passed.path)
    (cluster,), (user,) = content["clusters"], content["users"]
    return cluster["cluster"], user["user"]


def test_only_the_chosen_context_is_passed_on_with_paths_that_hold_anywhere(kubeconfig: Path) -> None:
    cluster, user = read({"kubeconfig": str(kubeconfig)})
    folder = kubeconfig.parent
    assert cluster == {"server": "https://s.example", "certificate-authority": str(folder / "ca.pem")}
    assert user == {"client-certificate": str(folder / "dana.crt"), "client-key": "/abs/dana.key"}


def test_a_proxy_and_a_bundle_take_the_place_of_the_file_s(kubeconfig: Path) -> None:
    more = {"context": "prod", "allow_exec": True, "proxy": "socks5://p:1", "ca_file": "/etc/ca.pem"}
    cluster, user = read({"kubeconfig": str(kubeconfig), **more})
    assert cluster == {
        "server": "https://p.example",
        "proxy-url": "socks5://p:1",
        "certificate-authority": "/etc/ca.pem",
    }
    assert user["exec"]["command"] == str(kubeconfig.parent / "bin/login")


def test_a_plugin_needs_the_operator_s_word(kubeconfig: Path) -> None:
    with pytest.raises(KubeconfigRefused, match="allow_exec: true"):
        Kubeconfig.of(ACCESS | {"kubeconfig": str(kubeconfig), "context": "prod"})


def test_inside_a_cluster_the_pod_s_account_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    cluster, user = read({"in_cluster": True})
    assert cluster["server"] == "https://[fd00::1]:443"
    assert user == {"tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token"}


def test_outside_a_cluster_in_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(KubeconfigRefused, match="this is no pod"):
        Kubeconfig.of(ACCESS | {"in_cluster": True})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "not valid YAML"),
        ("- a", "must be a mapping"),
        ("{}", "no current-context"),
        ("current-context: x", "no context named x"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]", "no cluster named c"),
    ],
)
def test_what_is_wrong_with_a_kubeconfig_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(KubeconfigRefused, match=words):
        Kubeconfig.of(ACCESS | {"kubeconfig": str(path)})
