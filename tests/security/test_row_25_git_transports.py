"""git fetches, and runs nothing that an address or a repository names (security.md, row 25)."""

from pathlib import Path

import pytest

from bot.images.errors import ReferenceInvalid, RefMissing
from bot.images.source import Sources
from bot.sandbox.repositories import create_sample_repositories


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Path]:
    return create_sample_repositories(tmp_path / "repositories")


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch /tmp/x'",
        "ext::sh",
        "fd::17",
        "--upload-pack=touch",
        "-oProxyCommand=x",
        "http://git.example.org/x.git",
        "git://git.example.org/x.git",
        "ssh://-oProxyCommand=touch/x",
        "ssh://git@-oProxyCommand=x/y",
        "git@-oProxyCommand=x:y",
        "-oProxyCommand=x@host:y",
        "https://-x/y",
        "https://host",
        "https:///x",
        "https://host:port/x",
        "https://[::1/x",
        "https://ho st/x",
        "https://host/x\n",
        'https://host"/x',
        "/etc/passwd",
        "../x",
        "file://host.example.org/x",
        "file:x",
        "",
        "ssh://git:password@host/x",
        "transport::https://host/x",
    ],
)
async def test_addresses_that_could_do_more_than_fetch_are_refused(tmp_path: Path, url: str) -> None:
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        with pytest.raises(ReferenceInvalid, match="cannot be used as a git source"):
            await sources.tags(url)


async def test_folders_are_no_source_unless_allowed(tmp_path: Path, repositories: dict[str, Path]) -> None:
    async with Sources(tmp_path / "cache") as sources:
        with pytest.raises(ReferenceInvalid, match="folders of this machine"):
            await sources.tags(f"file://{repositories['shop']}")


async def test_hooks_do_not_run(tmp_path: Path, repositories: dict[str, Path]) -> None:
    url = f"file://{repositories['blog']}"
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        await sources.resolve(url, "v1.0")
        [mirror] = (tmp_path / "cache").glob("*.git")
        hook = mirror / "hooks" / "reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
        hook.chmod(0o755)
        with pytest.raises(RefMissing):
            await sources.resolve(url, "v9.0")  # fetches again
    assert not (tmp_path / "hooked").exists()
