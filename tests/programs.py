"""Programs of Debian's that tests run, each in a package of its name: in CI they must be there."""

import os
import shutil

import pytest


def needed(program: str) -> None:
    """Skip the test where there is no such program; in CI, where there must be one, fail it."""
    if shutil.which(program) is None:
        missing = f"needs {program}: apt-get install {program}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
