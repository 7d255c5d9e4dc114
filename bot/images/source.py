"""The source of apps in git: which tags there are, what a ref names, what was done between two versions.

A bare mirror of each repository is kept in a cache folder and brought up to date when it is asked about a
name; a commit that it has is answered from it. How git is run safely is left to `git`, which addresses are
allowed to `addresses`.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from bot.clock import Clock, SystemClock
from bot.images.access import Account, ServerAccess
from bot.images.addresses import Address, parse_address
from bot.images.errors import RefMissing, SourceRefused, SourceUnreachable
from bot.images.git import Git, Login
from bot.images.git_words import MirrorBroken, failure
from bot.images.versions import nearest, order
from bot.images.wording import one_line
from bot.programs import Finished, OutOfTime, TooMuch

FETCH_SECONDS = 300.0
"""The longest that git may take for one request: the first fetch of a big repository is the measure."""
FRESH_SECONDS = 10.0
"""So long a mirror counts as up to date: one plan asks several things of it."""
MOST_COMMITS = 500
LARGEST_FILE = 2**20
_LARGE_FILES = (
    "filter.lfs.clean=git-lfs clean -- %f",
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.required=true",
    "lfs.transfer.maxretries=3",  # more of them wait half a minute for what is not there
)
"""What `git lfs install` would set for the user (git-lfs-install(1)); how often a transfer is tried."""
_COMMIT_ID = re.compile(r"[0-9a-f]{7,64}")
_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: full id, first line, the rest of its message, its author's name (none is trusted text)."""

    sha: str
    subject: str
    body: str
    author: str


def tags_in(output: bytes) -> list[str]:
    """The tags that `git ls-remote` lists. Their names are anybody's who may push."""
    lines = output.decode(errors="replace").split("\n")
    return [line.partition("\trefs/tags/")[2] for line in lines if "\trefs/tags/" in line]


def names_in(refs: Iterable[str]) -> list[str]:
    """What people call refs ("refs/heads/main"): tags, the newest version first, then branches."""
    found = list(refs)
    tags = [ref.removeprefix("refs/tags/") for ref in found if ref.startswith("refs/tags/")]
    return order(tags) + [ref.removeprefix("refs/heads/") for ref in found if ref.startswith("refs/heads/")]


def commits_in(output: bytes) -> list[Commit]:
    """The commits that `git log` lists, four fields each; what is cut short at the end is none."""
    fields = output.decode(errors="replace").split("\0")[:-1]
    return [
        Commit(sha, subject, body.strip(), author)
        for sha, author, subject, body in zip(*[iter(fields)] * 4, strict=False)
    ]


class Sources:
    """All git repositories that apps are made from; close it by its context.

    `cache` is a folder of its own for the mirrors. `access` is keyed by host ("git.example.org"). With
    `allow_file`, `file://` addresses are read too.

    Every method raises: ReferenceInvalid, SourceRefused, SourceUnreachable.
    """

    def __init__(
        self,
        cache: Path,
        access: Mapping[str, ServerAccess] | None = None,
        *,
        allow_file: bool = False,
        clock: Clock | None = None,
        seconds: float = FETCH_SECONDS,
    ) -> None:
        self._cache = cache.absolute()  # git runs in there
        self._access = access or {}
        self._allow_file = allow_file
        self._clock = clock or SystemClock()
        self._seconds = seconds
        self._locks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._fetched: dict[Path, float] = {}

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._cache.mkdir, mode=0o700, parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing outlives a call: each one ends its own git, also when it is cancelled."""

    async def tags(self, url: str) -> list[str]:
        """The names of all tags, in git's order, without fetching anything."""
        address = self._parse(url)
        ended = await self._run(address, "ls-remote", "--tags", "--refs", "--", address.url)
        return tags_in(ended.output)

    async def check(self, url: str, ref: str) -> None:
        """Look for a tag or branch without fetching anything; what may be a commit's id is taken for one.

        Raises also: RefMissing with the nearest name.
        """
        address = self._parse(url)
        await self._need_ref(address, ref)
        if _COMMIT_ID.fullmatch(ref):
            return
        ended = await self._run(address, "ls-remote", "--tags", "--heads", "--refs", "--", address.url)
        lines = ended.output.decode(errors="replace").splitlines()
        names = names_in(line.partition("\t")[2] for line in lines)
        if ref not in names:
            raise RefMissing(str(address), ref, nearest(ref, names))

    async def resolve(self, url: str, ref: str, *, now: bool = False) -> str:
        """The full commit id that a tag, a branch or a (short) commit id names; tags come first.

        With `now` a branch is where it is at this moment, not where it was some seconds ago.
        Raises also: RefMissing with the nearest name.
        """
        address = self._parse(url)
        await self._need_ref(address, ref)
        mirror = await self._mirror(address, holding=None if now and not _FULL_ID.fullmatch(ref) else ref)
        found = await self._find(address, mirror, ref)
        if found is None:  # it may have been pushed since the mirror was last fetched
            mirror = await self._mirror(address)
            found = await self._find(address, mirror, ref)
        if found is None:
            raise RefMissing(str(address), ref, nearest(ref, await self._names(address, mirror)))
        return found

    async def account(self, url: str) -> Account | None:
        """Who we are at a repository that is read by https; None where nobody. Raises: ReferenceInvalid."""
        address = self._parse(url)
        login = await _login(address, self._access.get(address.host, ServerAccess()))
        return Account(login.username, login.password) if login is not None else None

    async def branches(self, url: str) -> list[str]:
        """The names of all branches, the one with the newest commit first."""
        address = self._parse(url)
        mirror = await self._mirror(address)
        chosen = ("--sort=-committerdate", "--format=%(refname:lstrip=2)", "refs/heads")
        ended = await self._run(address, f"--git-dir={mirror}", "for-each-ref", *chosen)
        return ended.output.decode(errors="replace").splitlines()

    async def is_tag(self, url: str, ref: str) -> bool:
        """Whether `ref`, which was resolved before, is the name of a tag."""
        address = self._parse(url)
        name = f"refs/tags/{ref}"
        found = await self._run(
            address,
            f"--git-dir={self._folder(address)}",
            "show-ref",
            "--verify",
            "--quiet",
            name,
            may_fail=True,
        )
        return found.status == 0

    async def commit(self, url: str, sha: str) -> Commit:
        """A commit by its full id, which was resolved before."""
        address = self._parse(url)
        return (await self._log(address, "--max-count=1", sha))[0]

    async def commits(self, url: str, old_ref: str, new_ref: str, path: str = ".") -> list[Commit]:
        """What `new_ref` has that `old_ref` has not, newest first, at most 500; of merges, their parts.

        `path` limits it to commits that touch a folder or file of a repository that holds several apps.

        Raises also: RefMissing.
        """
        address, within = self._parse(url), self._inside(path)
        old, new = await self.resolve(url, old_ref), await self.resolve(url, new_ref)
        chosen = ("--no-merges", f"--max-count={MOST_COMMITS}", f"{old}..{new}", "--", within)
        return await self._log(address, *chosen)

    async def _log(self, address: Address, *chosen: str) -> list[Commit]:
        """The commits that git's `log` chooses by these arguments."""
        ended = await self._run(
            address,
            "--literal-pathspecs",
            f"--git-dir={self._folder(address)}",
            "log",
            "-z",
            "--format=tformat:%H%x00%an%x00%s%x00%b",
            *chosen,
        )
        return commits_in(ended.output)

    async def read(self, url: str, ref: str, path: str) -> str | None:
        """The text of a file as of `ref`; None when there is no such file, or it is over 1 MiB.

        Raises also: RefMissing.
        """
        address, within = self._parse(url), self._inside(path)
        sha = await self.resolve(url, ref)
        mirror = f"--git-dir={self._folder(address)}"
        size = await self._run(address, mirror, "cat-file", "-s", f"{sha}:{within}", may_fail=True)
        if size.status != 0 or int(size.output) > LARGEST_FILE:
            return None
        text = await self._run(address, mirror, "cat-file", "blob", f"{sha}:{within}", may_fail=True)
        return text.output.decode(errors="replace") if text.status == 0 else None

    async def check_out(self, url: str, sha: str, into: Path) -> None:
        """Write the files of a commit into the new folder `into`, submodules and large files (LFS) included.

        No trace of git stays in it: what it says of this machine would get into an image.
        Raises also: RefMissing.
        """
        address = self._parse(url)
        mirror = await self._mirror(address, holding=sha)
        add = ("worktree", "add", "--quiet", "--detach", "--force", "--", str(into), sha)
        async with self._locks[mirror]:
            await self._run(address, f"--git-dir={mirror}", *add)
        try:
            here = ("-C", str(into), "-c", f"remote.origin.url={address.url}")
            if await asyncio.to_thread((into / ".gitmodules").exists):
                fetch = ("submodule", "update", "--quiet", "--init", "--recursive", "--depth", "1")
                await self._run(address, *here, *fetch)
            if await asyncio.to_thread(_has_large_files, into):
                large = [word for setting in _LARGE_FILES for word in ("-c", setting)]
                await self._run(address, *here, *large, "-c", _lfs_url(address), "lfs", "pull", "origin")
        finally:
            await asyncio.to_thread(_forget_git, into, mirror)

    def _parse(self, url: str) -> Address:
        return parse_address(url, allow_file=self._allow_file)

    def _folder(self, address: Address) -> Path:
        """The mirror's folder: its name tells nothing and cannot leave the cache."""
        return self._cache / (hashlib.sha256(address.url.encode()).hexdigest()[:32] + ".git")

    @staticmethod
    def _inside(path: str) -> str:
        """`path` as git names it within a tree. Raises: SourceRefused when it leads out of the repository."""
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not path.isprintable():
            raise SourceRefused(f"“{one_line(path, longest=80)}” is no path inside a repository.")
        return str(pure)

    async def _need_ref(self, address: Address, ref: str) -> None:
        """Raises: RefMissing where it can't be the name of one."""
        if ref and not ref.startswith("-") and ref.isprintable() and len(ref) <= 250:
            checked = await self._run(address, "check-ref-format", f"refs/tags/{ref}", may_fail=True)
            if checked.status == 0:
                return
        raise RefMissing(str(address), one_line(ref, longest=80))

    async def _find(self, address: Address, mirror: Path, ref: str) -> str | None:
        names = [f"refs/tags/{ref}", f"refs/heads/{ref}"]
        names += [ref] if _COMMIT_ID.fullmatch(ref) else []
        for name in names:
            wanted = f"{name}^{{commit}}"
            ended = await self._run(
                address, f"--git-dir={mirror}", "rev-parse", "--verify", "--quiet", wanted, may_fail=True
            )
            found = ended.output.decode(errors="replace").strip()
            if ended.status == 0 and _FULL_ID.fullmatch(found):
                return found
        return None

    async def _names(self, address: Address, mirror: Path) -> list[str]:
        """Of all its tags and branches."""
        listed = ("for-each-ref", "--format=%(refname)", "refs/tags", "refs/heads")
        ended = await self._run(address, f"--git-dir={mirror}", *listed)
        return names_in(ended.output.decode(errors="replace").splitlines())

    async def _mirror(self, address: Address, *, holding: str | None = None) -> Path:
        """The repository's mirror, up to date, unless `holding` is a whole commit id that it has already.

        It was fetched a moment ago or, where nothing is asked to be `holding`, just now.
        """
        mirror = self._folder(address)
        async with self._locks[mirror]:
            if holding is not None and await self._suffices(address, mirror, holding):
                return mirror
            try:
                await self._fetch(address, mirror)
            except MirrorBroken:
                await asyncio.to_thread(shutil.rmtree, mirror, ignore_errors=True)
                await self._fetch(address, mirror)
            self._fetched[mirror] = self._clock.monotonic()
        return mirror

    async def _suffices(self, address: Address, mirror: Path, holding: str) -> bool:
        if self._clock.monotonic() - self._fetched.get(mirror, float("-inf")) < FRESH_SECONDS:
            return True
        is_there = await asyncio.to_thread((mirror / "HEAD").is_file)
        return (
            is_there
            and bool(_FULL_ID.fullmatch(holding))
            and bool(await self._find(address, mirror, holding))
        )

    async def _fetch(self, address: Address, mirror: Path) -> None:
        await self._run(address, "init", "--quiet", "--bare", "--", str(mirror))  # no harm where it exists
        await self._run(
            address,
            f"--git-dir={mirror}",
            "fetch",
            "--quiet",
            "--prune",
            "--force",
            "--atomic",
            "--no-tags",  # they are named among the refs, and so pruned too
            "--no-write-fetch-head",
            "--",
            address.url,
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
        )

    async def _run(self, address: Address, *arguments: str, may_fail: bool = False) -> Finished:
        """Run git; its end other than with 0 becomes one of our errors, unless it `may_fail`."""
        access = self._access.get(address.host, ServerAccess())
        git = Git(
            self._cache,
            seconds=self._seconds,
            protocol=address.scheme,
            proxy=access.proxy,
            ca_file=access.ca_file,
            key_file=access.key_file,
            known_hosts=access.known_hosts,
        )
        try:
            ended = await git.run(*arguments, login=await _login(address, access))
        except OutOfTime:
            raise SourceUnreachable(f"{address} did not answer within {self._seconds:.0f} s.") from None
        except TooMuch:
            raise SourceRefused(f"{address} answers with more than can be read: too many tags?") from None
        except OSError as error:
            hint = "install it (apt install git)" if error.filename == "git" else error.strerror
            raise SourceRefused(f"git cannot be run on this machine: {hint}.") from error
        if ended.status != 0 and not may_fail:
            raise failure(address, ended.words, folder=self._folder(address).name)
        return ended


def _has_large_files(tree: Path) -> bool:
    """Whether some of the files are kept apart by Git LFS."""
    attributes = (file for file in tree.rglob(".gitattributes") if file.is_file() and not file.is_symlink())
    return any("filter=lfs" in file.read_text(errors="replace") for file in attributes)


def _lfs_url(address: Address) -> str:
    """Where they are, whatever the commit's own .lfsconfig says: it could lead us anywhere."""
    url = address.url.rstrip("/")
    if address.scheme != "https":
        return f"lfs.url={url}"
    return f"lfs.url={url.removesuffix('.git')}.git/info/lfs"


def _forget_git(tree: Path, mirror: Path) -> None:
    """Remove what makes a tree git's: its own mark, those of submodules, and the mirror's notes of it."""
    for file in tree.rglob(".git"):
        file.unlink()
    for notes in mirror.glob("worktrees/*/gitdir"):
        if notes.read_text().strip() == str(tree / ".git"):
            shutil.rmtree(notes.parent)


async def _login(address: Address, access: ServerAccess) -> Login | None:
    if address.scheme != "https" or access.credentials is None:
        return address.login
    account = await access.credentials.account()
    return Login(address.origin, account.username, account.password) if account is not None else None
