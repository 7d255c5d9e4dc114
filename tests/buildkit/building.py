"""Where BuildKit's daemon and client come from: Debian has none, so Go, built once."""

from pathlib import Path

from tests.go_programs import GoPrograms, pinned

MODULE = Path(__file__).parent

VERSION = pinned(MODULE, "github.com/moby/buildkit")
"""Of both, as "v0.31.2"."""

PROGRAMS = GoPrograms(
    "buildkit",
    MODULE,
    packages={
        "buildctl": "github.com/moby/buildkit/cmd/buildctl",
        "buildkitd": "github.com/moby/buildkit/cmd/buildkitd",
    },
    stamps={"github.com/moby/buildkit/version.Version": VERSION},
    how="There is no BuildKit to build with: install Go ({go} or newer) and run `make buildkit`",
)
