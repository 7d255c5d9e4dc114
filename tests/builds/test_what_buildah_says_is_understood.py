"""Why an instruction failed, by what Debian's buildah said of it."""

import pytest

from bot.clock import SystemClock
from bot.images.builders.buildah_words import BuildahWords
from bot.images.builders.platforms import is_foreign, this_platform


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


FOREIGN = "linux/s390x"
NOT_BEGUN = "process failed to start with error: fork/exec /bin/sh: exec format error"
EXITED = "subprocess exited with status 1"


@pytest.mark.parametrize(
    ("platform", "said", "words", "advised"),
    [
        (FOREIGN, [NOT_BEGUN, EXITED], f"The bot's machine can't run programs of {FOREIGN}", True),
        (this_platform(), [NOT_BEGUN, EXITED], "What it runs is no program for this machine", False),
        # What it said itself of it got lost.
        (FOREIGN, [EXITED], "Exit 1", True),
        (this_platform(), [EXITED], "Exit 1", False),
        (FOREIGN, ["no such module: stripe", EXITED], "Exit 1", False),
    ],
)
def test_a_platform_whose_programs_do_not_run_here_is_named(
    platform: str, said: list[str], words: str, advised: bool
) -> None:
    assert is_foreign(FOREIGN)
    read = BuildahWords(lambda _: None, SystemClock(), labels=0, platform=platform)
    read.read(["STEP 2/3: RUN echo before", "before", "STEP 3/3: RUN echo on"])
    read.read([*said, 'Error: building at STEP "RUN echo on": exit status 1'])
    failure = read.failure(1)
    assert str(failure) == words
    assert ("qemu-user-static" in failure.advice) is advised
