"""Our own judgements of revisions, kept by cluster, namespace, release and revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import VerdictRow

Health = Literal["healthy", "failed", "unknown"]

_NEWEST = 200
"""Judgements of one release that are read: they stay for good, and somebody deploys every hour."""


@dataclass(frozen=True)
class ReleaseId:
    """A release wherever it runs; `cluster` is the UID of kube-system, so that a renamed cluster is the same."""

    cluster: str
    namespace: str
    name: str

    @property
    def subject(self) -> str:
        """The key under which one operation at a time may change it."""
        return f"{self.cluster}/{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Judgement:
    """What we hold of one revision, and what was deployed with it."""

    revision: int
    health: Health
    at: datetime
    reason: str = ""
    version: str = ""
    digest: str = ""
    operation_id: str = ""
    author: str = ""


async def of_release(session: AsyncSession, release: ReleaseId) -> dict[int, Judgement]:
    """The judgements of a release's newest revisions by revision: of as many and more than Helm keeps."""
    rows: Sequence[VerdictRow] = (
        await session.scalars(
            select(VerdictRow)
            .where(
                VerdictRow.cluster == release.cluster,
                VerdictRow.namespace == release.namespace,
                VerdictRow.release == release.name,
            )
            .order_by(VerdictRow.revision.desc())
            .limit(_NEWEST)
        )
    ).all()
    return {
        row.revision: Judgement(
            revision=row.revision,
            health=_health(row.health),
            at=row.at,
            reason=row.reason or "",
            version=row.version or "",
            digest=row.digest or "",
            operation_id=row.operation_id or "",
            author=row.author_name or "",
        )
        for row in rows
    }


async def keep(session: AsyncSession, release: ReleaseId, judgement: Judgement) -> None:
    """Store a judgement; a later one of the same revision takes its place."""
    await session.merge(
        VerdictRow(
            cluster=release.cluster,
            namespace=release.namespace,
            release=release.name,
            revision=judgement.revision,
            health=judgement.health,
            reason=judgement.reason,
            version=judgement.version,
            digest=judgement.digest,
            operation_id=judgement.operation_id,
            author_name=judgement.author,
            at=judgement.at,
        )
    )


def _health(text: str) -> Health:
    return "healthy" if text == "healthy" else "failed" if text == "failed" else "unknown"
