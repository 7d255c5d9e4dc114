from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import RegistryRefused, RepositoryMissing, TagMissing
from bot.images.registry import Registries
from tests.images import real_registry

BUILT = datetime(2026, 10, 19, 9, tzinfo=UTC)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[str]:
    async with real_registry.running(tmp_path) as host:
        yield host


async def test_indexes_and_manifests_of_a_real_registry_are_read(host: str) -> None:
    shop = await real_registry.push(host, "team/shop", "v1.2", BUILT, index=True)
    blog = await real_registry.push(host, "blog", "v1.0", BUILT, index=False)
    access = ServerAccess(Credentials("ci", lambda: "s3cret"))
    async with Registries({host: access}) as registries:
        for name, tag, digest in (("team/shop", "v1.2", shop), ("blog", "v1.0", blog)):
            repository = f"{host}/{name}"
            assert await registries.tags(repository) == [tag]
            assert await registries.digest(repository, tag) == digest
            assert await registries.digest(repository, digest) == digest
            assert await registries.created(repository, digest) == BUILT
            assert await registries.labels(repository, digest) == {"made.by": "a test"}
        with pytest.raises(TagMissing, match=r"The nearest one is v1\.2"):
            await registries.digest(f"{host}/team/shop", "v1.3")
        with pytest.raises(RepositoryMissing):
            await registries.digest(f"{host}/nothing", "v1.3")


async def test_a_real_registry_refuses_who_has_no_password(host: str) -> None:
    await real_registry.push(host, "shop", "v1", BUILT, index=False)
    for access in (ServerAccess(), ServerAccess(Credentials("ci", lambda: "wr0ng"))):
        async with Registries({host: access}) as registries:
            with pytest.raises(RegistryRefused, match="does not let us read shop"):
                await registries.tags(f"{host}/shop")
