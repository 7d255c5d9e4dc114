"""What makes images without a bot around it: real sources, the embedded registry with a password, Buildah."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.clock import SystemClock
from bot.images.access import Credentials, ServerAccess
from bot.images.builders.buildah import Buildah, Settings
from bot.images.builders.building import Builder, RegistryLogin, Tell
from bot.images.builds import Builds, Limits, Recipe
from bot.images.registry import Registries
from bot.images.rooms import Rooms
from bot.images.source import Sources
from bot.sandbox.registry import BasicAccess, RegistryServer
from tests.builds.repositories import Repository

PASSWORD = "c4nary-of-the-registry"
SECRET = "c4nary-of-the-build"


@dataclass(frozen=True)
class Making:
    """Builds, and the registry that they go into."""

    builds: Builds
    registry: str
    builders: list[Builder]
    """Those that there are; the first builds."""


@asynccontextmanager
async def making(folder: Path, *, cache: int = 2**40) -> AsyncIterator[Making]:
    """Ready to build, with so many bytes of cache; the secret `pip` is known to each app's build."""
    rooms = Rooms(folder / "builds")
    async with (
        RegistryServer(access=BasicAccess({"ci": PASSWORD})) as server,
        Sources(folder / "mirrors", allow_file=True) as sources,
        Registries({server.host: ServerAccess(Credentials("ci", lambda: PASSWORD))}) as registries,
    ):

        async def logins(_image: str, _tell: Tell) -> tuple[RegistryLogin, ...]:
            return (RegistryLogin(server.host, "ci", PASSWORD, plain_http=True),)

        async def secrets(_app: str) -> Mapping[str, str]:
            return {"pip": SECRET}

        builders: list[Builder] = [Buildah(rooms.layers, lambda: Settings("chroot", 300), SystemClock())]
        builds = Builds(
            rooms,
            sources=lambda: sources,
            registries=lambda: registries,
            builders=lambda: builders,
            limits=lambda: Limits("auto", cache=cache, free=0),
            logins=logins,
            secrets=secrets,
            mask=lambda text: text,
            clock=SystemClock(),
        )
        yield Making(builds, server.host, builders)


def recipe_of(repository: Repository, registry: str) -> Recipe:
    """How a repository's image is made: into the registry, tagged by its branch."""
    return Recipe(app="shop", image=f"{registry}/shop", git=repository.url, tag="{{ branch }}")
