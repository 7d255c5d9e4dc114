"""Logins and ways to registries in the forms that container tools read.

`auth.json` is containers-auth.json(5) and Docker's config.json alike, `registries.conf` is
containers-registries.conf(5), `buildkitd.toml` is told in BuildKit's docs/buildkitd.toml.md, and the headers of
Docker's API in https://docs.docker.com/reference/api/engine/ ("Authentication").
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.images.builders.building import RegistryLogin

_HUB = "docker.io"
_HUB_KEY = "https://index.docker.io/v1/"


def auth_json(logins: Iterable[RegistryLogin]) -> bytes:
    """Names and passwords by host; a host that is asked anonymously is left out."""
    entries = {}
    for each in logins:
        if each.identity_token:
            entry = {"identitytoken": each.identity_token}
        elif each.username:
            pair = f"{each.username}:{each.password}".encode()
            entry = {"auth": base64.b64encode(pair).decode()}
        else:
            continue
        entries[_HUB_KEY if each.host == _HUB else each.host] = entry
    return json.dumps({"auths": entries}).encode()


def registry_auth(login: RegistryLogin) -> dict[str, str]:
    """What X-Registry-Auth says of us at one registry; without name and password where it is asked anonymously."""
    address = {"serveraddress": _HUB_KEY if login.host == _HUB else login.host}
    if login.identity_token:
        return {**address, "identitytoken": login.identity_token}
    if login.username:
        return {**address, "username": login.username, "password": login.password}
    return address


def registry_config(logins: Iterable[RegistryLogin]) -> str:
    """The header X-Registry-Config: what registries know us by that an image may begin from."""
    entries = {auth["serveraddress"]: auth for auth in map(registry_auth, logins)}
    return base64.urlsafe_b64encode(json.dumps(entries).encode()).decode()


def registries_conf(logins: Iterable[RegistryLogin]) -> str:
    """Which registries are spoken to without TLS; short names mean Docker Hub, and nobody is asked which."""
    lines = ['unqualified-search-registries = ["docker.io"]', 'short-name-mode = "disabled"']
    for each in logins:
        if each.plain_http:
            lines += ["[[registry]]", f"location = {json.dumps(each.host)}", "insecure = true"]
    return "\n".join(lines) + "\n"


def buildkitd_toml(logins: Iterable[RegistryLogin], ca_path: Callable[[Path], str]) -> str:
    """Which registries are spoken to without TLS, or by authorities of their own, found where `ca_path` says."""
    lines = []
    for each in logins:
        if each.plain_http or each.ca_file is not None:
            lines.append(f"[registry.{json.dumps(each.host)}]")
        if each.plain_http:
            lines.append("http = true")
        elif each.ca_file is not None:
            lines.append(f"ca = [{json.dumps(ca_path(each.ca_file))}]")
    return "\n".join(lines) + "\n"


def write_certificates(folder: Path, logins: Iterable[RegistryLogin]) -> None:
    """A folder of the authorities that registries have of their own, as `--cert-dir` of buildah takes it."""
    folder.mkdir(exist_ok=True)
    files = {each.ca_file for each in logins if each.ca_file is not None}
    for number, file in enumerate(sorted(files)):
        (folder / f"{number}.crt").write_bytes(file.read_bytes())
