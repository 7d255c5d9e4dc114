import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.images.errors import RefMissing, SourceRefused
from bot.images.source import FRESH_SECONDS, Sources
from bot.sandbox.repositories import create_sample_repositories
from tests.images.moving_clock import MovingClock


class Work:
    """A bare repository and a checkout of it from which a test pushes."""

    def __init__(self, folder: Path) -> None:
        self.bare = folder / "made.git"
        self.checkout = folder / "checkout"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.bare], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", self.checkout], check=True)
        self.git("config", "user.name", "Lee")
        self.git("config", "user.email", "lee@example.org")
        self.git("remote", "add", "origin", str(self.bare))

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", self.checkout, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str, path: str = "file", text: str = "") -> str:
        (self.checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (self.checkout / path).write_text(text or message)
        self.git("add", path)
        self.git("commit", "-q", "-m", message)
        self.push()
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        self.git("push", "-q", "--force", "--prune", "origin", "refs/heads/*", "refs/tags/*")


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
async def sources(tmp_path: Path, clock: MovingClock) -> AsyncIterator[Sources]:
    async with Sources(tmp_path / "cache", allow_file=True, clock=clock) as sources:
        yield sources


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return f"file://{create_sample_repositories(tmp_path)['shop']}"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


async def test_what_is_new_in_a_version_is_read_from_commits_and_changelog(
    sources: Sources, shop: str
) -> None:
    commits = await sources.commits(shop, "v1.1", "v1.2")
    assert [commit.subject for commit in commits] == ["Fix rounding in the cart", "Faster checkout"]
    assert {commit.author for commit in commits} == {"Dana Sample"}
    changes = await sources.read(shop, "v1.2", "CHANGELOG.md")
    assert changes is not None
    assert "- Faster checkout" in changes
    assert await sources.read(shop, "v1.2", "NEWS") is None


async def test_tags_are_listed(sources: Sources, shop: str) -> None:
    assert (await sources.tags(shop))[:4] == ["v1.0", "v1.1", "v1.2", "v1.3"]


async def test_a_commit_is_found_by_tag_branch_and_id(sources: Sources, work: Work) -> None:
    sha = work.commit("One")
    work.git("tag", "-a", "v1", "-m", "annotated")
    work.push()
    for ref in ("v1", "main", sha, sha[:10]):
        assert await sources.resolve(work.url, ref) == sha


async def test_a_tag_wins_over_a_branch_of_its_name(sources: Sources, work: Work) -> None:
    first = work.commit("One")
    work.git("tag", "both")
    work.commit("Two")
    work.git("branch", "both")
    work.push()
    assert await sources.resolve(work.url, "both") == first


async def test_a_version_pushed_a_moment_ago_is_found(sources: Sources, work: Work) -> None:
    work.commit("One")
    await sources.resolve(work.url, "main")
    sha = work.commit("Two")
    work.git("tag", "v2")
    work.push()
    assert await sources.resolve(work.url, "v2") == sha


async def test_what_moved_or_went_away_is_seen_at_the_next_look(
    sources: Sources, work: Work, clock: MovingClock
) -> None:
    work.commit("One")
    work.git("tag", "moves")
    work.git("tag", "goes")
    work.push()
    await sources.resolve(work.url, "moves")
    sha = work.commit("Two")
    work.git("tag", "-f", "moves")
    work.git("tag", "-d", "goes")
    work.push()
    clock.passed += FRESH_SECONDS
    assert await sources.resolve(work.url, "moves") == sha
    with pytest.raises(RefMissing):
        await sources.resolve(work.url, "goes")


async def test_a_missing_ref_is_told_with_the_nearest_tag(sources: Sources, shop: str) -> None:
    with pytest.raises(RefMissing, match=r"has no tag, branch or commit 1\.2\. The nearest is v1\.2"):
        await sources.resolve(shop, "1.2")


async def test_commits_of_one_folder_are_told_apart(sources: Sources, work: Work) -> None:
    old = work.commit("Start", "shop/a")
    work.commit("Change the shop\n\nBecause of\nreasons.", "shop/a")
    new = work.commit("Change the blog", "blog/a")
    [commit] = await sources.commits(work.url, old, new, path="shop")
    assert (commit.subject, commit.body) == ("Change the shop", "Because of\nreasons.")
    assert await sources.commits(work.url, new, new) == []


async def test_a_commit_that_is_here_already_needs_no_server(sources: Sources, work: Work) -> None:
    sha = work.commit("One")
    await sources.resolve(work.url, "main")
    work.bare.rename(work.bare.with_name("away"))
    assert await sources.resolve(work.url, sha) == sha
    assert await sources.read(work.url, sha, "file") == "One"


async def test_a_huge_file_is_not_read(sources: Sources, work: Work) -> None:
    work.commit("Big", "CHANGELOG.md", "x" * (2**20 + 1))
    assert await sources.read(work.url, "main", "CHANGELOG.md") is None


async def test_a_path_out_of_the_repository_is_refused(sources: Sources, shop: str) -> None:
    for path in ("../x", "/etc/passwd", "a/../../b", "a\nb", "a\0b"):
        with pytest.raises(SourceRefused, match="no path inside"):
            await sources.read(shop, "v1.2", path)
        with pytest.raises(SourceRefused, match="no path inside"):
            await sources.commits(shop, "v1.1", "v1.2", path)


async def test_a_copy_that_a_killed_run_left_locked_is_made_anew(
    sources: Sources, work: Work, tmp_path: Path
) -> None:
    work.commit("One")
    await sources.resolve(work.url, "main")
    [mirror] = (tmp_path / "cache").glob("*.git")
    (mirror / "refs/heads/main.lock").touch()
    (mirror / "packed-refs.lock").touch()
    sha = work.commit("Two")
    work.git("tag", "v2")
    work.push()
    assert await sources.resolve(work.url, "v2") == sha


async def test_a_half_written_copy_is_made_anew(sources: Sources, work: Work, tmp_path: Path) -> None:
    sha = work.commit("One")
    await sources.resolve(work.url, "main")
    [mirror] = (tmp_path / "cache").glob("*.git")
    (mirror / "HEAD").write_text("")
    (mirror / "config").write_text("[core")
    async with Sources(tmp_path / "cache", allow_file=True) as later:
        assert await later.resolve(work.url, "main") == sha


async def test_a_repository_that_is_not_there_is_refused_in_words(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"cannot be read: .*does not appear to be a git repository"):
        await sources.tags(f"file://{tmp_path}/nothing.git")


async def test_the_cache_may_be_named_relatively(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with Sources(Path("state/cache"), allow_file=True) as sources:
        assert len(await sources.commits(shop, "v1.0", "v1.1")) == 1
