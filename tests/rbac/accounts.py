"""A cluster that holds the bot to its rights: its account comes by token, over TLS, as clients demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml

from bot.rbac.needs import plural_of
from bot.sandbox.kubernetes.authorization import Attributes, Identity
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.images.git_server import certified
from tests.modes.relays import tls_front

TOKEN = "token-of-the-bots-account"
USER = "system:serviceaccount:pilothouse:pilothouse"


@dataclass
class Account:
    """The bot's account in an embedded cluster, and what it was seen to ask for."""

    kubeconfig: Path
    asked: set[tuple[str, Attributes]] = field(default_factory=set)
    """User and question, the bot's own and those in people's names."""


@asynccontextmanager
async def account(cluster: KubernetesServer, folder: Path) -> AsyncIterator[Account]:
    """Register the account and write its kubeconfig into `folder`."""
    async with tls_front(certified(folder), urlsplit(cluster.url).netloc) as front:
        mine = Account(folder / "kubeconfig-of-the-account")
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": cluster.name,
            "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": "bot"}}],
            "clusters": [
                {
                    "name": cluster.name,
                    "cluster": {
                        "server": f"https://{front}",
                        "certificate-authority": str(folder / "certificate.pem"),
                    },
                }
            ],
            "users": [{"name": "bot", "user": {"token": TOKEN}}],
        }
        mine.kubeconfig.write_text(yaml.safe_dump(content), encoding="utf-8")

        def note(who: Identity, what: Attributes) -> None:
            if "system:masters" not in who.groups:
                mine.asked.add((who.user, what))

        cluster.gate.accounts[TOKEN] = Identity(USER)
        cluster.gate.seen = note
        yield mine


async def apply(cluster: KubernetesServer, documents: Iterable[Mapping[str, Any]]) -> None:
    """What `kubectl apply -f -` does, as the cluster's administrator."""
    async with aiohttp.ClientSession() as session:
        for each in documents:
            group, _, version = each["apiVersion"].rpartition("/")
            path = f"/apis/{group}/{version}" if group else f"/api/{version}"
            namespace = each["metadata"].get("namespace")
            path += f"/namespaces/{namespace}" if namespace else ""
            path += f"/{plural_of(each['kind'])}/{each['metadata']['name']}?fieldManager=kubectl&force=true"
            kind = {"Content-Type": "application/apply-patch+yaml"}
            async with session.patch(cluster.url + path, json=each, headers=kind) as answer:
                assert answer.status in (200, 201), await answer.text()
