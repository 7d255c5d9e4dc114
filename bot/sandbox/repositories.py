"""The sample world's source: git repositories of shop and blog whose tags match the registry's, to build new images of.

Authors and dates are fixed, so every commit has the same id on every machine. Made with dulwich, so that the
sandbox needs no git of its own; reading them is left to whoever deploys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from bot.sandbox.registry.samples import BUILT

AUTHOR = b"Dana Sample <dana@example.org>"
BRANCH = Ref(b"refs/heads/main")


@dataclass(frozen=True, slots=True)
class Version:
    """One tagged version: the subjects of its commits, oldest first, and its section of the CHANGELOG."""

    tag: str
    commits: tuple[str, ...]
    changes: Mapping[str, tuple[str, ...]]
    """Bullets by heading of Keep a Changelog ("Added", "Changed", "Fixed")."""


SHOP = (
    Version("v1.0", ("Sell things",), {"Added": ("A shop with a cart",)}),
    Version("v1.1", ("Show prices in euro",), {"Added": ("Prices in euro",)}),
    Version(
        "v1.2",
        ("Faster checkout", "Fix rounding in the cart"),
        {"Changed": ("Faster checkout",), "Fixed": ("rounding in the cart",)},
    ),
    Version("v1.3", ("Remember the cart for a week",), {"Added": ("The cart is remembered for a week",)}),
    Version("v2.0-crash", ("Move to the new payment service",), {"Changed": ("New payment service",)}),
    Version("v2.0-oom", ("Keep the whole catalogue in memory",), {"Changed": ("Catalogue in memory",)}),
    Version("v2.0-slow", ("Warm the caches at start",), {"Changed": ("Caches are warm at start",)}),
    Version("v2.0-broken", ("Use a smaller base image",), {"Changed": ("Smaller image",)}),
)
BLOG = (
    Version("v0.8", ("Write posts",), {"Added": ("Posts",)}),
    Version("v0.9", ("Let readers comment",), {"Added": ("Comments",)}),
    Version("v1.0", ("Search in posts", "Fix dates in the feed"), {"Added": ("Search",), "Fixed": ("Feed",)}),
)
AHEAD = {"shop": "Wrap gifts on request", "blog": "Name the authors of posts"}
"""What main has beyond the newest version, by app."""
CHECKED = "feature/checked"
"""A branch whose image can't be made: a step of it runs what is no program."""
_DOCKERFILE = """\
FROM scratch
COPY CHANGELOG.md {app} /srv/
LABEL org.opencontainers.image.title={app}
ENV PORT=8080
USER 10001
ENTRYPOINT ["/srv/{app}"]
"""
_CHECK = 'RUN ["/srv/{app}", "--check"]\n'


def create_sample_repositories(directory: Path) -> dict[str, Path]:
    """Create the repositories of shop and blog in `directory`; return where each is, keyed by app.

    Raises: FileExistsError where one is there already.
    """
    return {
        app: create_repository(directory / f"{app}.git", app, versions)
        for app, versions in (("shop", SHOP), ("blog", BLOG))
    }


def create_repository(path: Path, app: str, versions: Sequence[Version]) -> Path:
    """Create a bare repository whose branch main holds `versions` in order, each one tagged, and is one commit ahead.

    Raises: FileExistsError.
    """
    path.mkdir(parents=True)
    with Repo.init_bare(path, default_branch=b"main") as repository:
        parents: list[ObjectID] = []
        for number, version in enumerate(versions):
            released = BUILT[version.tag] - timedelta(hours=1)
            for step, subject in enumerate(version.commits):
                # Only a version's last commit adds its entry to the CHANGELOG.
                done = versions[: number + (step == len(version.commits) - 1)]
                when = released - timedelta(minutes=10 * (len(version.commits) - 1 - step))
                tree = _tree(repository, app, subject, done, _DOCKERFILE)
                parents = [_commit(repository, tree, parents, subject, when)]
            repository.refs[Ref(b"refs/tags/" + version.tag.encode())] = parents[0]
        later = BUILT[versions[-1].tag] + timedelta(hours=3)
        tree = _tree(repository, app, AHEAD[app], versions, _DOCKERFILE)
        repository.refs[BRANCH] = _commit(repository, tree, parents, AHEAD[app], later)
        subject = f"Check {app} while it is built"
        tree = _tree(repository, app, subject, versions, _DOCKERFILE + _CHECK)
        checked = Ref(f"refs/heads/{CHECKED}".encode())
        repository.refs[checked] = _commit(repository, tree, parents, subject, later - timedelta(hours=1))
    return path


def changelog(app: str, versions: Sequence[Version]) -> str:
    """The CHANGELOG.md of `versions` (given oldest first) in the format of Keep a Changelog 1.1."""
    lines = ["# Changelog", "", f"What is new in {app}, newest first.", ""]
    for version in reversed(versions):
        lines += [f"## [{version.tag.removeprefix('v')}] - {BUILT[version.tag]:%Y-%m-%d}", ""]
        for heading, bullets in version.changes.items():
            lines += [f"### {heading}", "", *(f"- {bullet}" for bullet in bullets), ""]
    return "\n".join(lines)


def _tree(repository: Repo, app: str, subject: str, done: Sequence[Version], dockerfile: str) -> ObjectID:
    files = {
        b"CHANGELOG.md": changelog(app, done),
        b"Dockerfile": dockerfile.format(app=app),
        app.encode(): f"The code of {app}, as of: {subject}\n",
    }
    tree = Tree()
    for name, text in files.items():
        blob = Blob.from_string(text.encode())
        repository.object_store.add_object(blob)
        tree.add(name, 0o100755 if name == app.encode() else 0o100644, blob.id)
    repository.object_store.add_object(tree)
    return tree.id


def _commit(
    repository: Repo, tree: ObjectID, parents: Iterable[ObjectID], subject: str, when: datetime
) -> ObjectID:
    commit = Commit()
    commit.tree = tree
    commit.parents = list(parents)
    commit.author = commit.committer = AUTHOR
    commit.author_time = commit.commit_time = int(when.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = subject.encode() + b"\n"
    repository.object_store.add_object(commit)
    return commit.id
