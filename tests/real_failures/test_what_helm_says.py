"""Rows 48 to 51: releases that a real API server and Helm itself do not take, in the words of Helm's error."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot.events import HookProgress
from bot.helm.errors import ReleaseBusy
from bot.rollout import from_helm_error
from tests.real_failures.objects import Object, deployment, hook, item, job
from tests.real_failures.releases import Releases

pytestmark = pytest.mark.asyncio(loop_scope="session")

CRASH, SLOW = "registry.example.org/team/shop:v2-crash", "registry.example.org/team/shop:v2-slow"
SETTINGS = item("v1", "ConfigMap", "settings", data={"url": "here"})


@pytest.mark.parametrize(("when", "words"), [("pre-install", "before"), ("post-install", "after")])
async def test_a_hook_that_fails(releases: Releases, when: str, words: str) -> None:
    failing = hook(job(f"migrate-{words}", image=CRASH), when)
    trouble = await releases.refused(f"hooked-{words}", failing, SETTINGS | named(f"hooked-{words}"))
    assert trouble.words == f"Hook migrate-{words} failed {words} the main apply"
    assert trouble.where == f"Job/migrate-{words}"


async def test_a_hook_that_fails_says_why_before_helm_does(releases: Releases) -> None:
    failing, settings = hook(job("migrate", image=CRASH), "pre-install"), SETTINGS | named("hooked")
    place = releases.place
    seen = await place.followed(lambda: releases.upgrade("hooked", failing, settings), failing, settings)
    assert seen.verdict.words == "Job migrate failed once: The app crashed at start, exit 1"
    assert HookProgress("Job", "migrate", "failed", 1) in seen.events


async def test_a_run_that_did_not_finish(releases: Releases) -> None:
    slow = hook(job("slow", image=SLOW), "pre-install")
    running = asyncio.create_task(releases.upgrade("stuck", slow))
    await releases.place.until("batch/v1", "Job", is_slow)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    with pytest.raises(ReleaseBusy) as error:
        await releases.upgrade("stuck", slow)
    trouble = from_helm_error(error.value.words)
    assert trouble is not None
    assert (trouble.cause, trouble.words) == ("stuck-release", "An earlier run did not finish")
    await releases.place.delete(slow)


async def test_a_field_that_cannot_change(releases: Releases) -> None:
    before = deployment("it-stays", replicas=0)
    await releases.upgrade("stays", before)
    after = deployment("it-stays", replicas=0)
    after["spec"]["selector"]["matchLabels"] = after["spec"]["template"]["metadata"]["labels"] = {
        "app": "else"
    }
    trouble = await releases.refused("stays", after)
    assert (trouble.cause, trouble.words) == ("immutable", "spec.selector cannot change in place")
    assert trouble.where == "Deployment/it-stays"


async def test_an_object_of_another_release(releases: Releases) -> None:
    await releases.upgrade("owner", SETTINGS)
    trouble = await releases.refused("taker", SETTINGS)
    assert (trouble.cause, trouble.words) == ("foreign-object", "It belongs to the release owner")
    assert trouble.where == "ConfigMap/settings"


async def test_an_object_of_nobodys_release(releases: Releases) -> None:
    nobodys = SETTINGS | named("nobodys")
    await releases.place.create(nobodys)
    trouble = await releases.refused("adopter", nobodys)
    assert (trouble.cause, trouble.words) == (
        "foreign-object",
        "It is there already, and belongs to no release",
    )


def named(name: str) -> Object:
    return {"metadata": {"name": name}}


def is_slow(found: Object) -> bool:
    return bool(found["metadata"]["name"] == "slow")
