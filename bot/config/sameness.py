"""Whether two clusters of the configuration are one, as far as their kubeconfigs tell.

Two addresses may still lead to one cluster: that is known once both have answered, and left to bot.planning. A
kubeconfig that can't be read is no finding here: whoever connects says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.config.connections import Cluster

LARGEST = 4 << 20
"""Bytes; a kubeconfig is a few kilobytes."""

_TELLING = ("server", "tls-server-name", "proxy-url", "certificate-authority", "certificate-authority-data")
"""What of a kubeconfig's cluster tells it from others: one proxy's address may stand for many by name or authority."""

Mark = tuple[str, ...]


def mark_of(cluster: Cluster) -> Mark:
    """The same for two entries that lead to one cluster by the same way, whoever asks it."""
    if cluster.kubeconfig is None:
        return ("in_cluster",)
    path = cluster.kubeconfig.expanduser()
    entry = _entry(path, cluster.context)
    if not entry.get("server"):
        return str(path.resolve()), cluster.context or ""
    told = {field: str(entry.get(field) or "") for field in _TELLING}
    told["server"] = told["server"].rstrip("/").lower()
    if told["certificate-authority"]:
        told["certificate-authority"] = str(
            (path.absolute().parent / told["certificate-authority"]).resolve()
        )
    if cluster.proxy:
        told["proxy-url"] = cluster.proxy
    if cluster.ca_file:
        told |= {"certificate-authority": str(cluster.ca_file.resolve()), "certificate-authority-data": ""}
    return tuple(told.values())


def _entry(path: Path, context: str | None) -> dict[str, Any]:
    """The kubeconfig's cluster behind a context; {} where that can't be told."""
    try:
        with path.open("rb") as file:
            content = yaml.load(file.read(LARGEST), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError, RecursionError, ValueError):
        return {}
    name = context or (content.get("current-context") if isinstance(content, dict) else None)
    chosen = _named(content, "context", name)
    return _named(content, "cluster", chosen.get("cluster"))


def _named(content: Any, kind: str, name: Any) -> dict[str, Any]:
    entries = content.get(f"{kind}s") if isinstance(content, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(kind), dict):
            return dict(entry[kind])
    return {}
