"""A copy of a kubeconfig in which servers are reached another way, with all that it needs from its own folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

Entry = dict[str, Any]

_FILES: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class KubeconfigUnfit(Exception):
    """The kubeconfig leads nowhere, or not directly; the text says why."""


def server_of(content: Mapping[str, Any], context: str) -> tuple[str, int]:
    """Host and port of a context's server. Raises: KubeconfigUnfit."""
    cluster = _cluster(content, context)
    if "proxy-url" in cluster:
        raise KubeconfigUnfit(f"the context {context} leads through a proxy, which is not gone through here")
    parts = urlsplit(str(cluster.get("server", "")))
    if not parts.hostname:
        raise KubeconfigUnfit(f"the context {context} names no server")
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def led_over(content: Mapping[str, Any], ports: Mapping[str, int], folder: Path) -> Entry:
    """The kubeconfig with these contexts alone, each of which leads to a port of loopback.

    What the server's certificate has to say stays what it was. `folder` is the original's.
    Raises: KubeconfigUnfit.
    """
    copy: Entry = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    copy["current-context"] = next(iter(ports))
    for context, port in ports.items():
        cluster = _absolute(_cluster(content, context), folder)
        parts = urlsplit(cluster["server"])
        cluster.setdefault("tls-server-name", parts.hostname)
        cluster["server"] = parts._replace(netloc=f"127.0.0.1:{port}").geturl()
        user = _absolute(_entry(content, "user", _entry(content, "context", context).get("user", "")), folder)
        copy["clusters"].append({"name": context, "cluster": cluster})
        copy["users"].append({"name": context, "user": user})
        copy["contexts"].append({"name": context, "context": {"cluster": context, "user": context}})
    return copy


def _cluster(content: Mapping[str, Any], context: str) -> Entry:
    return _entry(content, "cluster", _entry(content, "context", context).get("cluster", ""))


def _entry(content: Mapping[str, Any], kind: str, name: str) -> Entry:
    for each in content.get(f"{kind}s") or ():
        if each.get("name") == name:
            return dict(each.get(kind) or {})
    raise KubeconfigUnfit(f"there is no {kind} {name or 'chosen'}")


def _absolute(entry: Entry, folder: Path) -> Entry:
    return {key: str(folder / value) if key in _FILES else value for key, value in entry.items()}
