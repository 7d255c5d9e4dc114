"""Programs of Debian's that tests run, each in a package of its name: in CI they must be there."""

import os
import shutil
from typing import NoReturn

import pytest


def needed(program: str) -> None:
    """Skip the test where there is no such program; in CI, where there must be one, fail it."""
    if shutil.which(program) is None:
        lacking(f"needs {program}: apt-get install {program}")


def lacking(words: str) -> NoReturn:
    """Skip the test because of what this machine lacks; in CI, where nothing may be lacking, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
