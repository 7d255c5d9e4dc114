"""Where an API server is and who one is there, read from a kubeconfig: as much of it as a played node needs."""

import base64
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Entry = dict[str, Any]


class KubeconfigInvalid(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True)
class Access:
    """An API server and the credentials for it."""

    server: str
    """Its URL, without a slash at the end."""
    ssl: ssl.SSLContext | None
    """None for plain HTTP."""
    token: str


def read_access(path: Path, context: str | None = None) -> Access:
    """What the file says of `context` (None: of its current one).

    Client certificates and tokens are understood; programs that make tokens are not.
    Raises: KubeconfigInvalid, OSError.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise KubeconfigInvalid(f"{path} is not a kubeconfig")
    chosen = _named(content, "context", context or content.get("current-context") or "", path)
    cluster = _named(content, "cluster", chosen.get("cluster", ""), path)
    user = _named(content, "user", chosen.get("user", ""), path)
    if "exec" in user or "auth-provider" in user:
        raise KubeconfigInvalid(f"{path}: played nodes need a certificate or a token, not a program for one")
    server = str(cluster.get("server", "")).rstrip("/")
    token = str(user.get("token") or "")
    if not token and user.get("tokenFile"):
        token = (path.parent / user["tokenFile"]).read_text(encoding="utf-8").strip()
    return Access(server, _tls(cluster, user, path.parent) if server.startswith("https:") else None, token)


def _named(content: Entry, kind: str, name: str, path: Path) -> Entry:
    for entry in content.get(f"{kind}s") or ():
        if entry.get("name") == name:
            found: Entry = entry.get(kind) or {}
            return found
    raise KubeconfigInvalid(f"{path} has no {kind} {name!r}")


def _tls(cluster: Entry, user: Entry, folder: Path) -> ssl.SSLContext:
    authority = _data(cluster, "certificate-authority", folder)
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    certificate, key = (_data(user, name, folder) for name in ("client-certificate", "client-key"))
    if certificate and key:
        load_certificate(tls, certificate, key)
    return tls


def load_certificate(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Give the context a certificate and its key, both PEM, which it can only read from files."""
    with tempfile.TemporaryDirectory() as folder:  # which only its owner may enter
        paths = Path(folder, "certificate"), Path(folder, "key")
        for path, data in zip(paths, (certificate, key), strict=True):
            path.write_bytes(data)
        tls.load_cert_chain(*paths)


def _data(entry: Entry, name: str, folder: Path) -> bytes:
    if inline := entry.get(f"{name}-data"):
        return base64.b64decode(inline)
    return (folder / entry[name]).read_bytes() if entry.get(name) else b""
