"""The kubeconfig that a worker hands to the Helm SDK: one context, from memory.

The operator's file is read once, reduced to the chosen context, and passed through an anonymous file, so
that what was checked is what is used and a killed worker leaves nothing behind. It also carries what the SDK
has no option for (a proxy) and says "in the cluster" without the SDK's fallback to ~/.kube/config.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from bot.foreign_yaml import is_endless, load

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_PATHS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}
"""Fields that hold paths, relative to the kubeconfig's own folder."""

_LARGEST = 4 << 20


class KubeconfigRefused(Exception):
    """The kubeconfig cannot be used; its words say why and how to mend it."""


class Kubeconfig:
    """An anonymous file with one context; `path` is valid until it is closed."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._descriptor = os.memfd_create("kubeconfig", os.MFD_CLOEXEC)
        self.path = f"/proc/self/fd/{self._descriptor}"
        with open(self._descriptor, "wb", closefd=False) as file:
            file.write(json.dumps(content).encode())  # JSON is YAML

    @classmethod
    def of(cls, access: Mapping[str, Any]) -> Self:
        """From the fields of a `ClusterAccess`.

        Raises: KubeconfigRefused.
        """
        if access["in_cluster"]:
            cluster, user = _in_cluster()
        else:
            cluster, user = _chosen(Path(access["kubeconfig"]), access["context"], access["allow_exec"])
        if access["proxy"]:
            cluster["proxy-url"] = access["proxy"]
        if access["ca_file"]:
            cluster.pop("certificate-authority-data", None)
            cluster["certificate-authority"] = str(Path(access["ca_file"]).absolute())
        return cls(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "it", "cluster": cluster}],
                "users": [{"name": "it", "user": user}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "current-context": "it",
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _in_cluster() -> tuple[dict[str, Any], dict[str, Any]]:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise KubeconfigRefused("in_cluster is set, but this is no pod: KUBERNETES_SERVICE_HOST is not there")
    name = f"[{host}]" if ":" in host else host
    cluster = {"server": f"https://{name}:{port}", "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")}
    return cluster, {"tokenFile": str(SERVICE_ACCOUNT / "token")}


def _chosen(path: Path, context: str | None, allow_exec: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cluster and user of one context, with absolute paths."""
    content = _read(path)
    name = context or content.get("current-context")
    if not name:
        raise KubeconfigRefused(f"{path} has no current-context: name a context")
    chosen = _named(content, "context", name, path)
    cluster = dict(_named(content, "cluster", chosen.get("cluster"), path))
    user = dict(_named(content, "user", chosen.get("user"), path)) if chosen.get("user") else {}
    if ("exec" in user or "auth-provider" in user) and not allow_exec:
        raise KubeconfigRefused(
            f"the user of context {name} in {path} starts a credential plugin: set allow_exec: true on the "
            "cluster if you trust that file, or give the bot a token"
        )
    folder = path.absolute().parent
    for entry, fields in ((cluster, _PATHS["cluster"]), (user, _PATHS["user"])):
        for field in fields:
            if entry.get(field):
                entry[field] = str(folder / str(entry[field]))
    _anchor_plugin(user, folder)
    return cluster, user


def _anchor_plugin(user: dict[str, Any], folder: Path) -> None:
    """A plugin's relative path starts at its kubeconfig; a bare name is looked up in PATH."""
    plugin = user.get("exec")
    if isinstance(plugin, dict) and "/" in str(plugin.get("command", "")):
        user["exec"] = plugin | {"command": str(folder / str(plugin["command"]))}


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            content = load(file.read(_LARGEST))
    except OSError as error:
        raise KubeconfigRefused(f"the kubeconfig {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise KubeconfigRefused(f"the kubeconfig {path} is not valid YAML") from error
    if not isinstance(content, dict):
        raise KubeconfigRefused(f"the kubeconfig {path} must be a mapping")
    if is_endless(content):
        raise KubeconfigRefused(f"the kubeconfig {path} has too many parts once its aliases are followed")
    return content


def _named(content: Mapping[str, Any], kind: str, name: object, path: Path) -> dict[str, Any]:
    entries = content.get(f"{kind}s")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(kind), dict):
            return dict(entry[kind])
    raise KubeconfigRefused(f"{path} has no {kind} named {name}")
