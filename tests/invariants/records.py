"""What the bot's store and the cluster hold, read from beside it: rows and revisions as plain values."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.helm import records
from bot.planning.releases import OPERATION_LABEL
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key

BY_HAND = "made by hand"
"""The description of revisions that others make."""


@dataclass(frozen=True)
class Operation:
    """A row of the table of operations."""

    id: str
    kind: str
    subject: str
    app: str
    environment: str
    version: str
    state: str
    author_id: int
    author: str
    chat_id: int
    message_id: int
    begun: str
    ended: str
    outcome: dict[str, Any]

    @property
    def waits(self) -> bool:
        """Whether it only waits for a change to be possible."""
        return self.kind in ("turn", "call")

    @property
    def place(self) -> tuple[str, str]:
        return self.app, self.environment


@dataclass(frozen=True)
class Revision:
    """One of a release, as Helm keeps it."""

    number: int
    status: str
    description: str
    operation: str
    """The id in its label; of a rollback that of the revision which it returns to."""
    manifest: str

    @property
    def is_way_back(self) -> bool:
        return self.description.startswith("Rollback") or self.status == "pending-rollback"


class Store:
    """The bot's database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers now."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=20)) as store:
            return store.execute(query).fetchall()

    def operations(self) -> list[Operation]:
        """All of them, in the order in which they were handed in."""
        found = self.rows(
            "select id, kind, subject, app, environment, version, state, author_id, author_name, chat_id, "
            "message_id, started_at, ended_at, outcome from operation order by created_at, id"
        )
        operations = []
        for row in found:
            fields: list[Any] = [each or "" for each in row]
            fields[-1] = json.loads(fields[-1] or "null") or {}
            operations.append(Operation(*fields))
        return operations

    def texts(self) -> Iterator[str]:
        """What is stored of operations and of decisions, as far as it is for people."""
        for query in (
            "select view, outcome from operation",
            "select result from step",
            "select detail from audit",
            "select message, error from outbox",
        ):
            for row in self.rows(query):
                yield from (str(each) for each in row if each)


def revisions(cluster: KubernetesServer, release: str, namespace: str) -> list[Revision]:
    """A release's, the oldest first."""
    found = []
    for secret in cluster.storage.list("", "secrets", namespace):
        labels = secret["metadata"].get("labels", {})
        if labels.get("owner") == "helm" and labels["name"] == release:
            record = records.read(secret["data"]["release"])
            found.append(
                Revision(
                    int(labels["version"]),
                    labels["status"],
                    record["info"].get("description", ""),
                    labels.get(OPERATION_LABEL, ""),
                    record.get("manifest", ""),
                )
            )
    return sorted(found, key=lambda each: each.number)


def running_version(cluster: KubernetesServer, deployment: str, namespace: str) -> str:
    """The tag that a Deployment's first container is told to run; "" where there is none."""
    found = cluster.storage.get(Key("apps", "deployments", namespace, deployment))
    if found is None:
        return ""
    image = str(found["spec"]["template"]["spec"]["containers"][0]["image"])
    return image.partition("@")[0].rpartition(":")[2]
