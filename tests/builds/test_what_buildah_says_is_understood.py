"""Why an instruction failed, by what Debian's buildah said of it."""

import pytest

from bot.clock import SystemClock
from bot.images.builders.buildah_words import BuildahWords


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("fork/exec /srv/shop: exec format error", "What it runs is no program for this machine"),
        ("fork/exec /bin/sh: no such file or directory", "The image has no such program"),
    ],
)
def test_what_could_not_be_started_is_named(said: str, words: str) -> None:
    read = BuildahWords(lambda _: None, SystemClock(), labels=0)
    read.read(
        [
            'STEP 3/3: RUN ["/srv/shop", "--check"]',
            f"process failed to start with error: {said}process exited with error: exec: not started",
            'Error: building at STEP "RUN /srv/shop --check": exit status 1',
        ]
    )
    failure = read.failure(1)
    assert str(failure) == words
    assert failure.instruction == 'RUN ["/srv/shop", "--check"]'
