from dataclasses import replace
from datetime import UTC, datetime

from bot.store.database import Database
from bot.store.verdicts import Judgement, ReleaseId, keep, of_release

SHOP = ReleaseId("uid-1", "shop-staging", "shop")
HEALTHY = Judgement(
    revision=7,
    health="healthy",
    at=datetime(2026, 11, 25, 14, 3, tzinfo=UTC),
    version="v1.1",
    digest="sha256:4f",
    operation_id="7c2e91",
    author="Dana",
)


async def kept(database: Database, *judgements: Judgement, release: ReleaseId = SHOP) -> dict[int, Judgement]:
    for judgement in judgements:
        async with database.write() as session:
            await keep(session, release, judgement)
    async with database.read() as session:
        return await of_release(session, SHOP)


async def test_a_judgement_comes_back_as_it_was(database: Database) -> None:
    assert await kept(database, HEALTHY) == {7: HEALTHY}


async def test_a_later_judgement_of_a_revision_takes_its_place(database: Database) -> None:
    failed = replace(HEALTHY, health="failed", reason="crashes at start")
    assert await kept(database, HEALTHY, failed) == {7: failed}


async def test_each_release_of_each_cluster_has_its_own(database: Database) -> None:
    for other in (
        replace(SHOP, cluster="uid-2"),
        replace(SHOP, namespace="shop-production"),
        replace(SHOP, name="blog"),
    ):
        assert await kept(database, HEALTHY, release=other) == {}
        assert other.subject != SHOP.subject
