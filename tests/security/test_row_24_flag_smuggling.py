"""No word of people or repositories becomes an option of a program (security.md, row 24)."""

import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bot.images.errors import ImagesError, RefMissing
from bot.images.source import Sources
from bot.sandbox.repositories import create_sample_repositories


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Path]:
    return create_sample_repositories(tmp_path / "repositories")


MARK = "smuggled"
HOSTILE = (
    f"--{MARK}=touch",
    f"-{MARK}",
    f"@{MARK}",
    f"@/etc/{MARK}",
    f"v1.2 --{MARK}",
    f"v1.2\n--{MARK}",
    f"../../{MARK}",
    f":/{MARK}",
    f"{MARK}",
    f"=--{MARK}",
)
"""As versions, refs, paths in repositories, and the ends of addresses."""


async def test_each_word_is_one_argument_that_is_no_option(
    tmp_path: Path, repositories: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = recording_git(tmp_path, monkeypatch)
    good = f"file://{repositories['shop']}"
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        for words in HOSTILE:
            for asking in (
                sources.resolve(good, words),
                sources.commits(good, "v1.1", words),
                sources.commits(good, "v1.1", "v1.2", words),
                sources.read(good, "v1.2", words),
                sources.tags(f"{good}{words}"),
                sources.tags(words),
            ):
                with suppress(ImagesError):
                    await asking
    runs = [run.split("\0") for run in arguments.read_text().split("\0\0\0")[:-1]]
    carried = [(run, word) for run in runs for word in run if MARK in word]
    assert {word.count(MARK) for _, word in carried} == {1}
    for run, word in carried:
        follows = "--" in run and run.index("--") < run.index(word)
        assert follows or word.startswith(("refs/", *(f"{commit}:" for commit in commits_of(run)))), run
        assert follows or not word.startswith(("-", "@"))


def commits_of(run: list[str]) -> set[str]:
    """The commits that a run names, whose files it asks for."""
    return {each.partition(":")[0] for each in run if re.match(r"[0-9a-f]{40}:", each)}


@pytest.mark.parametrize(
    "ref",
    [
        "@{-1}", "v1.2^{}", "v1.2..v1.3", "v1.2~1", "v1.2:CHANGELOG.md", "@", "refs/../x", ".", "", "x" * 5000,
        "\u202ev1.2", "<b>",
    ],
)  # fmt: skip
async def test_a_ref_that_git_would_work_out_is_missing(
    tmp_path: Path, repositories: dict[str, Path], ref: str
) -> None:
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        with pytest.raises(RefMissing):
            await sources.resolve(f"file://{repositories['shop']}", ref)


def recording_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program before git that writes down the arguments, each ended by a NUL and all by two more, and runs it."""
    record = folder / "arguments"
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable} -IS\nimport os, sys\n"
        f"open({str(record)!r}, 'ab').write(b'\\0'.join(map(os.fsencode, sys.argv[1:])) + b'\\0\\0\\0')\n"
        f"os.execv({shutil.which('git')!r}, ['git', *sys.argv[1:]])\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return record
