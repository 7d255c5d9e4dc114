"""Rows 7, 12, 34, 42, 43 and 52: what real controllers say of workloads, and what played containers last said."""

from __future__ import annotations

import pytest

from bot.events import Event, HookProgress, PodTrouble
from bot.helm.errors import HookFailed
from bot.rollout import Rules
from bot.rollout.causes import condition
from tests.real_failures.following import LONGEST, Place
from tests.real_failures.objects import NOBODY, Object, deployment, hook, item, job, template, workload

pytestmark = pytest.mark.asyncio(loop_scope="session")

CRASH, OOM = "registry.example.org/team/shop:v2-crash", "registry.example.org/team/shop:v2-oom"
MISSING, SLOW = "registry.example.org/team/shop:v3-missing", "registry.example.org/team/shop:v2-slow"
ONCE = Rules(crash_restarts=1, image_grace=0.2, timeout=LONGEST, settle=0.2)
"""Played containers are started again at once the first time only, as real ones."""


async def test_an_app_that_crashes_is_quoted(place: Place) -> None:
    crashing = deployment("it-crashes", image=CRASH)
    seen = await place.followed(lambda: place.create(crashing), crashing, rules=ONCE)
    (trouble, *_) = seen.verdict.troubles
    assert (trouble.cause, trouble.words) == ("app-error", "The app crashed at start, exit 1")
    assert trouble.quote
    assert trouble.quote in seen.verdict.last_words
    await place.delete(crashing)


async def test_an_app_that_needs_more_memory_says_its_limit(place: Place) -> None:
    hungry = deployment("it-is-hungry", image=OOM)
    seen = await place.followed(lambda: place.create(hungry), hungry, rules=ONCE)
    (trouble, *_) = seen.verdict.troubles
    assert (trouble.cause, trouble.words) == ("out-of-memory", "Ran out of its memory limit of 256Mi")
    await place.delete(hungry)


async def test_a_step_before_the_app_fails(place: Place) -> None:
    waiting = {"name": "wait-db", "image": CRASH}
    blocked = deployment("it-is-blocked", initContainers=[waiting])
    seen = await place.followed(lambda: place.create(blocked), blocked, rules=ONCE)
    (trouble, *_) = seen.verdict.troubles
    assert trouble.words == "Init step “wait-db” failed, exit 1: the app never started"
    await place.delete(blocked)


async def test_a_deadline_that_is_over_is_told_where_pods_say_nothing(place: Place) -> None:
    silent = deployment("it-is-silent", spec={"progressDeadlineSeconds": 1}, **NOBODY)
    seen = await place.followed(lambda: place.create(silent), silent, until=is_told)
    (trouble,) = seen.troubles
    assert (trouble.cause, trouble.words) == ("deadline", "No progress within its deadline")
    assert trouble.quote.endswith("has timed out progressing.")
    await place.delete(silent)


async def test_a_deadline_gives_way_to_what_a_pod_says(place: Place) -> None:
    untagged = deployment("it-is-untagged", spec={"progressDeadlineSeconds": 1}, image=MISSING)
    slow = Rules(image_grace=1.5, timeout=LONGEST)

    async def is_over() -> None:
        await place.until("apps/v1", "Deployment", gave_up)

    seen = await place.followed(lambda: place.create(untagged), untagged, rules=slow, then=is_over)
    assert seen.verdict.words == "Image shop:v3-missing does not exist"
    assert seen.troubles[-1].cause == "image-missing"
    await place.delete(untagged)


async def test_a_job_that_fails_says_why(place: Place) -> None:
    failing = job("it-imports", image=CRASH)
    seen = await place.followed(lambda: place.create(failing), failing)
    (trouble, *_) = seen.verdict.troubles
    assert trouble.cause == "job-failed"
    assert trouble.words == "Job it-imports failed once: The app crashed at start, exit 1"
    assert trouble.quote
    await place.delete(failing)


async def test_a_job_that_runs_too_long(place: Place) -> None:
    long = hook(job("it-takes-long", image=SLOW, spec={"activeDeadlineSeconds": 1}), "pre-upgrade")

    async def as_helm_does() -> None:
        await place.create(long)
        await place.until("batch/v1", "Job", has_failed)
        raise HookFailed("Job it-takes-long failed")

    seen = await place.followed(as_helm_does, long)
    (trouble, *_) = seen.verdict.troubles
    assert (trouble.cause, trouble.words) == ("job-failed", "Job it-takes-long ran too long")
    assert HookProgress("Job", "it-takes-long", "failed", 1) in seen.events
    await place.delete(long)


async def test_a_bad_pod_of_a_stateful_set_blocks_the_rest(place: Place) -> None:
    stuck = workload("StatefulSet", "it-is-stuck", replicas=2, image=MISSING, spec={"serviceName": "it"})
    first = await place.followed(lambda: place.create(stuck), stuck)
    assert first.verdict.words == "Image shop:v3-missing does not exist"

    mended = template("it-is-stuck", "registry.example.org/team/shop:v4")
    seen = await place.followed(lambda: place.change(stuck, template=mended), stuck, until=is_stuck)
    trouble = seen.troubles[-1]
    assert trouble.words == "A bad pod blocks the rest"
    assert trouble.where == "Pod/it-is-stuck-0"

    pod = item("v1", "Pod", "it-is-stuck-0")
    seen = await place.followed(lambda: place.delete(pod), stuck)
    assert seen.verdict.health == "healthy", "as the advice has it"
    await place.delete(stuck)


def gave_up(item: Object) -> bool:
    return condition(item, "Progressing").get("reason") == "ProgressDeadlineExceeded"


def has_failed(item: Object) -> bool:
    return condition(item, "Failed").get("status") == "True"


def is_stuck(event: Event) -> bool:
    return isinstance(event, PodTrouble) and event.trouble.cause == "stateful-set-stuck"


def is_told(event: Event) -> bool:
    return isinstance(event, PodTrouble)
