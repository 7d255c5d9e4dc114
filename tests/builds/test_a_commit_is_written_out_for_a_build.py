"""The files that a build sees: of one commit, with submodules and large files, and nothing that leads elsewhere."""

import shutil
from pathlib import Path

import pytest

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import SourceRefused, SourceUnreachable
from bot.images.source import Sources
from tests.builds.repositories import Repository
from tests.images.git_server import GitServer, serving
from tests.programs import needed

LARGE = b"large" * 1000


def written(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink()
    }


async def test_a_tree_has_its_files_and_no_trace_of_git(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "app")
    old = repository.commit({"Dockerfile": "FROM scratch\n", "src/main": "one"}, "one")
    repository.commit({"src/main": "two"}, "two")
    (tmp_path / "tree").mkdir()
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        await sources.resolve(repository.url, "main")
        for number, (sha, text) in enumerate([(old, b"one"), (repository.git("rev-parse", "main"), b"two")]):
            tree = tmp_path / "tree" / str(number)
            await sources.check_out(repository.url, sha, tree)
            assert written(tree) == {"Dockerfile": b"FROM scratch\n", "src/main": text}
    kept = next((tmp_path / "cache").glob("*.git"))
    assert not list(kept.glob("worktrees/*"))


def with_large_files(folder: Path) -> Repository:
    """A repository whose commit would have them fetched from somebody else."""
    needed("git-lfs")
    repository = Repository(folder)
    repository.git("lfs", "install", "--local")
    lead = "[lfs]\n\turl = https://evil.example.org/lfs\n"
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    repository.commit({".gitattributes": attributes, "a.bin": LARGE, ".lfsconfig": lead}, "large")
    assert b"git-lfs" in repository.git("show", "main:a.bin").encode()
    return repository


async def test_large_files_are_fetched_from_the_repositorys_own_folder(tmp_path: Path) -> None:
    repository = with_large_files(tmp_path / "app")
    sha = repository.git("rev-parse", "main")
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        await sources.check_out(repository.url, sha, tmp_path / "tree")
    assert (tmp_path / "tree" / "a.bin").read_bytes() == LARGE


async def test_large_files_are_fetched_from_the_repositorys_own_server_with_its_account(
    tmp_path: Path,
) -> None:
    sha = with_large_files(tmp_path / "git" / "app").git("rev-parse", "main")
    async with serving(GitServer(tmp_path / "git", account=("ci", "s3cret")), tmp_path) as server:
        access = {"127.0.0.1": ServerAccess(Credentials("ci", lambda: "s3cret"), ca_file=server.ca_file)}
        async with Sources(tmp_path / "cache", access) as sources:
            await sources.check_out(f"{server.url}/app", sha, tmp_path / "tree")
    assert (tmp_path / "tree" / "a.bin").read_bytes() == LARGE
    assert b"s3cret" not in b"".join(written(tmp_path / "cache").values())


async def test_a_large_file_that_the_server_lacks_is_no_fault_of_our_copy(tmp_path: Path) -> None:
    repository = with_large_files(tmp_path / "git" / "app")
    shutil.rmtree(repository.folder / ".git" / "lfs" / "objects")
    async with serving(GitServer(tmp_path / "git"), tmp_path) as server:
        access = {"127.0.0.1": ServerAccess(ca_file=server.ca_file)}
        async with Sources(tmp_path / "cache", access) as sources:
            with pytest.raises(SourceRefused, match=r"/app cannot be read: LFS: .*not found"):
                await sources.check_out(
                    f"{server.url}/app", repository.git("rev-parse", "main"), tmp_path / "tree"
                )


async def test_a_submodule_comes_along_from_the_same_server_with_the_same_account(tmp_path: Path) -> None:
    library = Repository(tmp_path / "git" / "library")
    library.commit({"lib": "shared"}, "library")
    app = Repository(tmp_path / "git" / "app")
    app.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.url, "lib")
    app.git("config", "--file", ".gitmodules", "submodule.lib.url", "../library")
    sha = app.commit({"main": "app"}, "app")
    async with serving(GitServer(tmp_path / "git", account=("ci", "s3cret")), tmp_path) as server:
        access = {"127.0.0.1": ServerAccess(Credentials("ci", lambda: "s3cret"), ca_file=server.ca_file)}
        async with Sources(tmp_path / "cache", access) as sources:
            await sources.check_out(f"{server.url}/app", sha, tmp_path / "tree")
    assert written(tmp_path / "tree")["lib/lib"] == b"shared"
    assert not list((tmp_path / "tree").rglob(".git"))


@pytest.mark.parametrize("url", ["file:///etc", "ext::sh -c touch% /tmp/pwned", "ssh://evil.example.org/x"])
async def test_a_submodule_by_another_protocol_is_refused(tmp_path: Path, url: str) -> None:
    library = Repository(tmp_path / "git" / "library")
    library.commit({"lib": "shared"}, "library")
    app = Repository(tmp_path / "git" / "app")
    app.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.url, "lib")
    app.git("config", "--file", ".gitmodules", "submodule.lib.url", url)
    sha = app.commit({"main": "app"}, "app")
    async with (
        serving(GitServer(tmp_path / "git"), tmp_path) as server,
        Sources(tmp_path / "cache", {"127.0.0.1": ServerAccess(ca_file=server.ca_file)}) as sources,
    ):
        with pytest.raises((SourceRefused, SourceUnreachable), match=r"not allowed|cannot be read"):
            await sources.check_out(f"{server.url}/app", sha, tmp_path / "tree")


async def test_hooks_of_the_mirror_do_not_run(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "app")
    sha = repository.commit({"main": "app"}, "app")
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        await sources.resolve(repository.url, "main")
        mirror = next((tmp_path / "cache").glob("*.git"))
        hook = mirror / "hooks" / "post-checkout"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
        await sources.check_out(repository.url, sha, tmp_path / "tree")
    assert not (tmp_path / "ran").exists()
    shutil.rmtree(tmp_path / "tree")
