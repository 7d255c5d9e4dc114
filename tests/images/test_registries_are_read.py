"""The client against the embedded registry, in every way of authorisation."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import RegistryRefused, RegistryUnreachable, RepositoryMissing, TagMissing
from bot.images.registry import Registries
from bot.images.versions import TagRule, order
from bot.sandbox.registry import BasicAccess, BearerAccess, RegistryServer, add_sample_images
from bot.sandbox.registry.access import Access
from tests.images.moving_clock import MovingClock

ACCOUNTS = {"ci": "s3cret"}
ACCESSES = [None, BasicAccess(ACCOUNTS), BearerAccess(ACCOUNTS)]


def ids(access: Access | None) -> str:
    return type(access).__name__


@pytest.fixture(params=ACCESSES, ids=ids)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[RegistryServer]:
    async with RegistryServer(access=request.param, page=3) as server:
        add_sample_images(server)
        yield server


@pytest.fixture
async def registries(server: RegistryServer) -> AsyncIterator[Registries]:
    access = ServerAccess(Credentials("ci", lambda: "s3cret"))
    async with Registries({server.host: access}) as registries:
        yield registries


async def test_all_pages_of_tags_are_read(server: RegistryServer, registries: Registries) -> None:
    assert await registries.tags(f"{server.host}/shop") == server.tags("shop")
    assert len(server.tags("shop")) == 8


async def test_a_tag_names_a_digest_that_the_registry_has(
    server: RegistryServer, registries: Registries
) -> None:
    for name, tag in (("shop", "v1.2"), ("blog", "v1.0")):  # an index, and a plain manifest
        digest = await registries.digest(f"{server.host}/{name}", tag)
        assert server.tags_of(f"{server.host}/{name}@{digest}") == [tag]
        assert await registries.digest(f"{server.host}/{name}", digest) == digest


async def test_an_image_says_when_it_was_built_and_its_labels(
    server: RegistryServer, registries: Registries
) -> None:
    for name, tag in (("shop", "v1.1"), ("blog", "v0.9")):
        repository = f"{server.host}/{name}"
        digest = await registries.digest(repository, tag)
        built = await registries.created(repository, digest)
        assert built is not None
        assert built.tzinfo is UTC
        assert (await registries.labels(repository, digest))["org.opencontainers.image.version"] == tag


async def test_tags_can_be_ordered_by_build_time(server: RegistryServer, registries: Registries) -> None:
    repository = f"{server.host}/shop"
    built = await registries.built(repository, [*await registries.tags(repository), "v0.0-gone"])
    assert order(built, TagRule(order="created"), built)[:2] == ["v2.0-broken", "v2.0-slow"]
    assert built["v0.0-gone"] is None


async def test_a_missing_version_is_told_with_the_nearest_one(
    server: RegistryServer, registries: Registries
) -> None:
    with pytest.raises(TagMissing, match=r"has no version 1\.2\. The nearest one is v1\.2") as caught:
        await registries.digest(f"{server.host}/shop", "1.2")
    assert caught.value.nearest == "v1.2"


async def test_a_missing_repository_is_told_as_such(server: RegistryServer, registries: Registries) -> None:
    with pytest.raises(RepositoryMissing, match="no repository shpo"):
        await registries.digest(f"{server.host}/shpo", "v1.2")


async def test_what_cannot_be_a_version_is_not_asked_for(
    server: RegistryServer, registries: Registries
) -> None:
    server.down(60)
    for hostile in ("../../etc", "--post-renderer=x", "v1\n", "", "x" * 5000, "<b>", "\u202ev1"):
        with pytest.raises(Exception, match="cannot be a version"):
            await registries.digest(f"{server.host}/shop", hostile)


@pytest.mark.parametrize("access", ACCESSES[1:], ids=ids)
async def test_wrong_credentials_are_refused_in_words_without_the_password(access: Access) -> None:
    for credentials in (None, Credentials("ci", lambda: "wr0ng"), Credentials("eve", lambda: "s3cret")):
        async with RegistryServer(access=access) as server:
            server.add("shop", "v1")
            async with Registries({server.host: ServerAccess(credentials)}) as registries:
                with pytest.raises(RegistryRefused, match="check the") as caught:
                    await registries.digest(f"{server.host}/shop", "v1")
        assert "wr0ng" not in repr(caught.value)
        assert "s3cret" not in repr(caught.value)


async def test_public_repositories_behind_tokens_need_no_password() -> None:
    async with RegistryServer(access=BearerAccess(ACCOUNTS, anonymous=True)) as server:
        server.add("shop", "v1")
        async with Registries() as registries:
            assert await registries.tags(f"{server.host}/shop") == ["v1"]


async def test_a_token_that_ended_is_replaced() -> None:
    clock = MovingClock()
    async with RegistryServer(access=BearerAccess(ACCOUNTS, lifetime=60), clock=clock) as server:
        server.add("shop", "v1")
        access = ServerAccess(Credentials("ci", lambda: "s3cret"))
        async with Registries({server.host: access}, clock=clock) as registries:
            for _ in range(3):
                assert await registries.tags(f"{server.host}/shop") == ["v1"]
                clock.passed += 58  # within the margin, then past the end


async def test_a_password_that_was_rotated_is_read_again() -> None:
    accounts = {"ci": "old"}
    async with RegistryServer(access=BasicAccess(accounts)) as server:
        server.add("shop", "v1")
        access = ServerAccess(Credentials("ci", lambda: accounts["ci"]))
        async with Registries({server.host: access}) as registries:
            assert await registries.tags(f"{server.host}/shop") == ["v1"]
            accounts["ci"] = "new"
            assert await registries.tags(f"{server.host}/shop") == ["v1"]


async def test_a_registry_that_asks_for_patience_gets_it() -> None:
    clock = MovingClock()
    async with RegistryServer(clock=clock) as server, Registries(clock=clock) as registries:
        server.add("shop", "v1")
        server.refuse(429, seconds=9, retry_after=5)
        assert await registries.tags(f"{server.host}/shop") == ["v1"]
    assert clock.slept == [5, 5]


@pytest.mark.parametrize(("seconds", "retry_after"), [(1000, 5), (1000, 600), (1000, None)])
async def test_patience_has_an_end(seconds: int, retry_after: int | None) -> None:
    clock = MovingClock()
    async with RegistryServer(clock=clock) as server, Registries(clock=clock) as registries:
        server.add("shop", "v1")
        server.refuse(429, seconds=seconds, retry_after=retry_after)
        with pytest.raises(RegistryUnreachable, match="less often"):
            await registries.tags(f"{server.host}/shop")
    assert sum(clock.slept) <= 60


async def test_a_registry_that_is_away_or_in_trouble_is_unreachable() -> None:
    async with RegistryServer() as server, Registries() as registries:
        server.add("shop", "v1")
        server.down(60)
        with pytest.raises(RegistryUnreachable, match=f"{server.host} cannot be reached"):
            await registries.tags(f"{server.host}/shop")
        server.down(0)
        server.refuse(503, 60)
        with pytest.raises(RegistryUnreachable, match="in trouble"):
            await registries.tags(f"{server.host}/shop")
        server.refuse(403, 60)
        with pytest.raises(RegistryRefused, match="does not let us read shop"):
            await registries.tags(f"{server.host}/shop")
    with pytest.raises(RegistryUnreachable, match="cannot be reached"):
        async with Registries() as registries:
            await registries.tags(f"{server.host}/shop")


async def test_what_an_image_says_of_itself_is_asked_for_once() -> None:
    async with RegistryServer() as server, Registries() as registries:
        digest = server.add("shop", "v1", created=datetime(2026, 1, 2, tzinfo=UTC), index=True)
        assert await registries.created(f"{server.host}/shop", digest) == datetime(2026, 1, 2, tzinfo=UTC)
        server.down(60)
        assert await registries.created(f"{server.host}/shop", digest) == datetime(2026, 1, 2, tzinfo=UTC)


async def test_an_image_without_a_build_time_has_none() -> None:
    async with RegistryServer() as server, Registries() as registries:
        digest = server.add("shop", "v1", labels={"a": "b"})
        assert await registries.created(f"{server.host}/shop", digest) is None
        assert await registries.labels(f"{server.host}/shop", digest) == {"a": "b"}
