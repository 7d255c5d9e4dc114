"""Debian's docker-registry as a process of its own, and pushing images to it over HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import aiohttp
import yaml
from yarl import URL

from bot.sandbox.registry import content
from bot.sandbox.registry.content import Document
from tests.programs import needed

HTPASSWD = "ci:$2b$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n"
"""The password is s3cret; made with bcrypt, the one hash that this registry reads."""
LOGIN = {"Authorization": "Basic Y2k6czNjcmV0"}


@asynccontextmanager
async def running(
    folder: Path, *, certificate: Path | None = None, key: Path | None = None
) -> AsyncIterator[str]:
    """Start the registry with a password and its data in `folder`; yields host and port. Skips where it is not.

    With `certificate` and `key` (PEM) it is spoken to with TLS.
    """
    needed("docker-registry")
    (folder / "htpasswd").write_text(HTPASSWD)
    tls = {"tls": {"certificate": str(certificate), "key": str(key)}} if certificate is not None else {}
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": "127.0.0.1:0", **tls},
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(yaml.safe_dump(settings))
    process = await asyncio.create_subprocess_exec(
        "docker-registry", "serve", str(folder / "config.yml"), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    reading = None
    try:
        async with asyncio.timeout(300):
            while not (
                found := re.search(rb"listening on (127\.0\.0\.1:\d+)", await process.stderr.readline())
            ):
                assert process.returncode is None
        reading = asyncio.create_task(
            process.stderr.read()
        )  # else it would stand still once the pipe is full
        yield found[1].decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if reading is not None:
            await reading


async def push(host: str, name: str, tag: str, created: datetime, *, index: bool) -> str:
    """Push an image as clients do, blobs first; returns the digest of what the tag names."""
    manifests = {}
    async with aiohttp.ClientSession(
        f"http://{host}/v2/{name}/", headers=LOGIN, raise_for_status=True
    ) as http:
        for architecture in ("amd64", "arm64") if index else ("amd64",):
            image = content.image(name, tag, architecture, created, {"made.by": "a test"})
            for blob in image.blobs:
                async with http.post("blobs/uploads/") as started:
                    where = started.url.join(URL(started.headers["Location"]))
                await http.put(where.update_query(digest=blob.digest), data=blob.body)
            await _put(http, image.manifest, image.manifest.digest if index else tag)
            manifests[architecture] = image.manifest
        if not index:
            return manifests["amd64"].digest
        top = content.index(manifests)
        await _put(http, top, tag)
        return top.digest


async def _put(http: aiohttp.ClientSession, manifest: Document, reference: str) -> None:
    headers = {"Content-Type": manifest.media_type}
    await http.put(f"manifests/{reference}", data=manifest.body, headers=headers)
