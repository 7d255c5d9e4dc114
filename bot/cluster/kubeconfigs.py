"""From a `ClusterAccess` to one cluster and one user: what of a kubeconfig is used, and what is refused.

Only the chosen context is looked at, so that a program named by another one can never start. Inline
certificates go through anonymous files: the client library would write them to /tmp, where a killed process
leaves them. Reads files: call it in a thread.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.access import ClusterAccess
from bot.cluster.errors import KubeconfigUnsafe, KubeconfigUnusable
from bot.foreign_yaml import is_endless, load

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_FILES = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}
"""Fields that hold paths, relative to the kubeconfig's own folder."""

_INLINE = ("certificate-authority", "client-certificate", "client-key")

_LARGEST = 4 << 20
"""Bytes; a kubeconfig is a few kilobytes, and whatever is larger is something else."""


@contextlib.contextmanager
def one_context(access: ClusterAccess) -> Iterator[dict[str, Any]]:
    """A kubeconfig with a single context named "it"; its anonymous files live as long as the `with` block.

    Raises: KubeconfigUnusable, KubeconfigUnsafe.
    """
    if access.in_cluster:
        cluster, user = _in_cluster()
    else:
        assert access.kubeconfig is not None
        cluster, user = _chosen(access.kubeconfig, access.context, access.allow_exec)
    if access.proxy:
        cluster["proxy-url"] = access.proxy
    if access.ca_file:
        cluster.pop("certificate-authority-data", None)
        cluster["certificate-authority"] = str(access.ca_file.absolute())
    with contextlib.ExitStack() as files:
        for entry in (cluster, user):
            _unfold(entry, files)
        yield {
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": user}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }


def _unfold(entry: dict[str, Any], files: contextlib.ExitStack) -> None:
    """Put inline certificates into anonymous files."""
    for field in _INLINE:
        inline = entry.pop(f"{field}-data", None)
        if not inline:
            continue
        try:
            content = base64.b64decode(inline)
        except (binascii.Error, TypeError, ValueError) as error:
            raise KubeconfigUnusable(f"{field}-data of the kubeconfig is not base64") from error
        descriptor = os.memfd_create(field, os.MFD_CLOEXEC)
        files.callback(os.close, descriptor)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        entry[field] = f"/proc/self/fd/{descriptor}"


def _in_cluster() -> tuple[dict[str, Any], dict[str, Any]]:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise KubeconfigUnusable(
            "in_cluster is set, but this is no pod: KUBERNETES_SERVICE_HOST is not there. Name a kubeconfig"
        )
    name = f"[{host}]" if ":" in host else host
    cluster = {"server": f"https://{name}:{port}", "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")}
    return cluster, {"tokenFile": str(SERVICE_ACCOUNT / "token")}


def _chosen(path: Path, context: str | None, allow_exec: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cluster and user of one context, with absolute paths."""
    path = path.expanduser().absolute()
    content = _read(path)
    name = context or content.get("current-context")
    if not name:
        raise KubeconfigUnusable(f"{path} has no current-context: name a context")
    chosen = _named(content, "context", name, path)
    cluster = _named(content, "cluster", chosen.get("cluster"), path)
    user = _named(content, "user", chosen.get("user"), path) if chosen.get("user") else {}
    if ("exec" in user or "auth-provider" in user) and not allow_exec:
        raise KubeconfigUnsafe(
            f"the user of context {name} in {path} starts a credential plugin, {_program(user)}. If you trust that "
            "file and that program, add `allow_exec: true` to the cluster; else give the bot a token"
        )
    for entry, fields in ((cluster, _FILES["cluster"]), (user, _FILES["user"])):
        for field in fields:
            if entry.get(field):
                entry[field] = str(path.parent / str(entry[field]))
    plugin = user.get("exec")
    if isinstance(plugin, dict) and "/" in str(plugin.get("command", "")):
        user["exec"] = plugin | {"command": str(path.parent / str(plugin["command"]))}
    return cluster, user


def _program(user: Mapping[str, Any]) -> str:
    """What a user's credentials come from: the command, or the provider of the older form."""
    plugin, older = user.get("exec"), user.get("auth-provider")
    names = (each.get(key) for each, key in ((plugin, "command"), (older, "name")) if isinstance(each, dict))
    name = next(names, None)
    return f"`{name}`" if name else "which it does not name"


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = load(file.read(_LARGEST))
    except OSError as error:
        raise KubeconfigUnusable(f"the kubeconfig {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise KubeconfigUnusable(f"the kubeconfig {path} is not valid YAML") from error
    if not isinstance(content, dict):
        raise KubeconfigUnusable(f"the kubeconfig {path} must be a mapping")
    if is_endless(content):
        raise KubeconfigUnusable(f"the kubeconfig {path} has too many parts once its aliases are followed")
    return content


def _named(content: Mapping[str, Any], kind: str, name: object, path: Path) -> dict[str, Any]:
    entries = content.get(f"{kind}s")
    names = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get(kind), dict):
            if entry.get("name") == name:
                return dict(entry[kind])
            names.append(str(entry.get("name")))
    raise KubeconfigUnusable(f"{path} has no {kind} named {name}. It has: {', '.join(names) or 'none'}")
