"""Messages that show a build, and what lists its images."""

from datetime import timedelta
from typing import Any

from bot.events import BuildStepState
from bot.images.listing import Listed, Listing
from bot.operations.build_view import BuildView, Instruction
from bot.operations.operation import Made, Outcome
from tests.texts.operations import operation, step
from tests.texts.shown import NOW, Shown

DIGEST = "sha256:4f1c" + "0" * 58 + "9a"


def instruction(number: int, text: str, state: BuildStepState, seconds: int) -> Instruction:
    begun = NOW - timedelta(seconds=seconds)
    ended = None if state == "running" else NOW
    return Instruction(
        number=number, of=5, stage="", text=text, state=state, started_at=begun, ended_at=ended
    )


INSTRUCTIONS = (
    instruction(1, "FROM python:3.13-slim", "cached", 0),
    instruction(2, "COPY requirements.txt ./", "done", 1),
    instruction(3, "RUN pip install --requirement requirements.txt", "running", 40),
)
BUILD = BuildView(
    sha="3f2a9c1b" + "0" * 32,
    subject="Fix cart rounding",
    author="Lee",
    tag="main-3f2a9c1b",
    builder="buildah",
    instructions=INSTRUCTIONS,
    lines=("Collecting flask", "Collecting stripe==9.1"),
)
STEPS = (step("Source", "done", 2).model_copy(update={"name": "source"}),)
BUILDING = (*STEPS, step("Build", "running", 70).model_copy(update={"name": "build"}))
MADE = Made(image="r/shop:main-3f2a9c1b", tag="main-3f2a9c1b", digest=DIGEST, size=84_000_000)


def build(template: str, elapsed: float = 72, **changes: Any) -> Shown:
    usual = {"kind": "build", "environment": "", "version": "main", "build": BUILD}
    return operation(template, elapsed, **{**usual, **changes})


def built(template: str = "build_ended", **outcome: Any) -> Shown:
    return build(template, 161, ended_at=NOW, outcome=Outcome(**outcome))


FAILED_AT = BUILD.model_copy(
    update={
        "instructions": (*INSTRUCTIONS[:2], INSTRUCTIONS[2].model_copy(update={"state": "failed"})),
    }
)
FAILURE = {
    "words": "Exit 1",
    "quote": "RUN pip install --requirement requirements.txt",
    "last_words": "ERROR: no matching distribution found for stripe==9.1",
}

BUILDS: dict[str, Shown] = {
    "build, at its start": build("build_running", build=None),
    "build waits": build("build_running", build=None, behind=2),
    "building": build("build_running", steps=BUILDING),
    "building, pushing": build(
        "build_running",
        steps=BUILDING,
        build=BUILD.model_copy(
            update={"pushing_since": NOW, "pushed": 12_000_000, "size": 84_000_000, "lines": ()}
        ),
    ),
    "build is cancelled": build("build_running", steps=BUILDING, cancelling=True),
    "built": built(result="done", made=MADE),
    "built before": built(result="done", made=MADE.model_copy(update={"was_there": True})),
    "build failed": build(
        "build_ended",
        90,
        ended_at=NOW,
        build=FAILED_AT,
        outcome=built(result="failed", **FAILURE).values["view"].outcome,
    ),
    "build failed before it began": built(
        result="failed", words="shop has no Dockerfile", advice="Write one"
    ),
    "build cancelled": built(result="cancelled"),
    "build not started": built(result="held", words="Kim has stopped all operations"),
    "ring for a build": built("build_ring", result="failed"),
    "ring for a build that was stopped": built("build_ring", result="cancelled"),
    "ring for a build that is done": built("build_ring", result="done", made=MADE),
    "images": Shown(
        "images",
        {
            "app": "shop",
            "found": Listing(
                (
                    Listed("main-3f2a9c1b", DIGEST, NOW - timedelta(minutes=4), 84_000_000, ()),
                    Listed("v1.1", DIGEST, None, 84_000_000, ("linux/amd64", "linux/arm64")),
                ),
                2,
            ),
            "runs": {"v1.1": ["staging", "production"]},
            "now": NOW,
        },
    ),
    "no images": Shown("images", {"app": "shop", "found": Listing((), 0), "runs": {}, "now": NOW}),
}
