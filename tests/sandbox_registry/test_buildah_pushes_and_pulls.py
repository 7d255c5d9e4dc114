"""Debian's buildah, a client that we did not write, pushes to the embedded registry and pulls from it."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.registry import BasicAccess, BearerAccess, RegistryServer
from bot.sandbox.registry.access import Access
from tests.programs import needed

ACCOUNTS = {"ci": "s3cret"}
DOCKERFILE = 'FROM scratch\nCOPY hello /hello\nLABEL made.by="a test"\nCMD ["/hello"]\n'
INSECURE = "--tls-verify=false"


@dataclass(frozen=True)
class Buildah:
    """The program with its images in a folder of its own, copied and not mounted, so that nothing stays behind."""

    folder: Path

    async def __call__(self, *arguments: str | Path) -> str:
        where = (
            "--root",
            self.folder / "images",
            "--runroot",
            self.folder / "run",
            "--storage-driver",
            "vfs",
        )
        process = await asyncio.create_subprocess_exec(
            "buildah", *where, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(300):
                output, words = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, words.decode()
        return output.decode().strip()

    async def build(self, tag: str, words: str) -> None:
        """Build an image whose one file holds `words`."""
        (self.folder / "hello").write_text(words)
        (self.folder / "Dockerfile").write_text(DOCKERFILE)
        await self("build", "--isolation", "chroot", "--layers=false", "--tag", tag, self.folder)

    async def push(self, image: str, where: str, *options: str) -> str:
        """Push; returns the digest that buildah tells."""
        told = self.folder / "digest"
        await self("push", INSECURE, "--digestfile", told, *options, image, f"docker://{where}")
        return told.read_text()


@pytest.fixture
async def buildah(tmp_path: Path) -> Buildah:
    needed("buildah")
    built = Buildah(tmp_path)
    await built.build("hello", "hello\n")
    return built


async def test_an_image_is_pushed_again_and_elsewhere_and_pulled(buildah: Buildah) -> None:
    async with RegistryServer() as server:
        shop = f"{server.host}/team/shop"
        digest = await buildah.push("hello", f"{shop}:v1")
        assert server.tags_of(f"{shop}@{digest}") == ["v1"]
        assert await buildah.push("hello", f"{shop}:v2") == digest  # its blobs are there already
        assert server.tags_of(f"{shop}@{digest}") == ["v1", "v2"]
        assert await buildah.push("hello", f"{server.host}/blog:v1") == digest
        await buildah("rmi", "--all")
        await buildah("pull", INSECURE, f"docker://{shop}:v1")
        inspected = json.loads(await buildah("inspect", "--type", "image", f"{shop}:v1"))
        assert inspected["FromImageDigest"] == digest
        assert inspected["OCIv1"]["config"]["Labels"]["made.by"] == "a test"


@pytest.mark.parametrize("access", [BasicAccess(ACCOUNTS), BearerAccess(ACCOUNTS)])
async def test_a_login_opens_the_registry_for_pushes(buildah: Buildah, access: Access) -> None:
    async with RegistryServer(access=access) as server:
        where = f"{server.host}/team/shop:v1"
        with pytest.raises(AssertionError, match=r"authentication required|wrong name or password"):
            await buildah.push("hello", where)
        assert not server.has(where)
        await buildah.push("hello", where, "--creds", "ci:s3cret", "--format", "v2s2")
        assert server.has(where)


async def test_an_index_is_pushed_with_its_images(buildah: Buildah) -> None:
    async with RegistryServer() as server:
        where = f"{server.host}/team/shop:v1"
        await buildah("manifest", "create", "both", "localhost/hello")
        await buildah("manifest", "push", INSECURE, "--all", "both", f"docker://{where}")
        assert server.has(where)
