"""CronJobs start Jobs when they are due, as their policy, their deadline and their zone say."""

from typing import Any

from bot.sandbox.kubernetes.storage import Object
from tests.sandbox_kubernetes_controllers.conftest import World

MINUTE, HOUR = 60.0, 3600.0
"""The world's clock begins on the hour, at noon."""


def cron_job(world: World, schedule: str, *, work: str = "1", **spec: Any) -> None:
    image = f"shop/report:{work}"
    pod = {"restartPolicy": "Never", "containers": [{"name": "task", "image": image}]}
    template = {"metadata": {"labels": {"app": "report"}}, "spec": {"template": {"spec": pod}}}
    body = {
        "schedule": schedule,
        "jobTemplate": template,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
        **spec,
    }
    world.create("batch", "cronjobs", "CronJob", "report", {"spec": body})


def jobs(world: World) -> list[Object]:
    return world.storage.list("batch", "jobs", "shop")


def cron(world: World) -> Object:
    return world.get("batch", "cronjobs", "report")


def reasons(world: World) -> list[str]:
    told = world.storage.list("", "events", "shop")
    return [each["reason"] for each in told if each["involvedObject"]["kind"] == "CronJob"]


def never_ends(world: World) -> None:
    """Pods of `long` wait for an image that does not exist."""
    world.missing.add("shop/report:long")


async def test_a_job_is_started_when_it_is_due_and_not_before(world: World) -> None:
    cron_job(world, "*/5 * * * *")
    await world.advance(4 * MINUTE)
    assert jobs(world) == []
    await world.advance(MINUTE + 1)
    (job,) = jobs(world)
    assert job["metadata"]["labels"]["app"] == "report"
    assert job["metadata"]["ownerReferences"][0]["name"] == "report"
    assert job["metadata"]["annotations"] == {
        "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-11-25T12:05:00Z"
    }
    assert cron(world)["status"]["lastScheduleTime"] == "2026-11-25T12:05:00Z"


async def test_a_finished_job_is_no_longer_active(world: World) -> None:
    cron_job(world, "*/5 * * * *")
    await world.advance(6 * MINUTE)
    assert "active" not in cron(world)["status"]
    assert cron(world)["status"]["lastSuccessfulTime"].startswith("2026-11-25T12:05:")
    assert set(reasons(world)) == {"SuccessfulCreate", "SawCompletedJob"}


async def test_few_of_the_old_jobs_are_kept(world: World) -> None:
    cron_job(world, "* * * * *", successfulJobsHistoryLimit=2)
    await world.advance(5 * MINUTE + 30)
    assert len(jobs(world)) == 2


async def test_a_job_is_not_started_beside_another_when_that_is_forbidden(world: World) -> None:
    never_ends(world)
    cron_job(world, "* * * * *", work="long", concurrencyPolicy="Forbid")
    await world.advance(2 * MINUTE + 30)
    assert len(jobs(world)) == 1
    assert "JobAlreadyActive" in reasons(world)


async def test_a_job_takes_anothers_place_when_the_policy_says_so(world: World) -> None:
    never_ends(world)
    cron_job(world, "* * * * *", work="long", concurrencyPolicy="Replace")
    await world.advance(MINUTE + 30)
    (first,) = jobs(world)
    await world.advance(MINUTE)
    (second,) = jobs(world)
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert [each["name"] for each in cron(world)["status"]["active"]] == [second["metadata"]["name"]]


async def test_jobs_run_beside_each_other_unless_told_otherwise(world: World) -> None:
    never_ends(world)
    cron_job(world, "* * * * *", work="long")
    await world.advance(2 * MINUTE + 30)
    assert len(cron(world)["status"]["active"]) == 2


async def test_nothing_is_started_while_it_is_suspended(world: World) -> None:
    cron_job(world, "* * * * *", suspend=True)
    await world.advance(3 * MINUTE)
    assert jobs(world) == []


async def test_one_missed_start_is_made_up_for_when_it_goes_on(world: World) -> None:
    cron_job(world, "0 * * * *", suspend=True)
    await world.advance(3 * HOUR + MINUTE)
    world.change("batch", "cronjobs", "report", lambda obj: obj["spec"].update(suspend=False))
    await world.advance(MINUTE)
    (job,) = jobs(world)
    assert cron(world)["status"]["lastScheduleTime"] == "2026-11-25T15:00:00Z"
    assert job["metadata"]["name"].startswith("report-")


async def test_a_start_that_is_too_late_is_left_out(world: World) -> None:
    cron_job(world, "0 * * * *", suspend=True, startingDeadlineSeconds=30)
    await world.advance(HOUR + MINUTE)
    world.change("batch", "cronjobs", "report", lambda obj: obj["spec"].update(suspend=False))
    await world.advance(MINUTE)
    assert jobs(world) == []


async def test_a_schedule_is_of_its_time_zone(world: World) -> None:
    cron_job(world, "30 21 * * *", timeZone="Asia/Tokyo")  # half past noon in UTC
    await world.advance(31 * MINUTE)
    (job,) = jobs(world)
    assert job["metadata"]["annotations"] == {
        "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-11-25T21:30:00+09:00"
    }


async def test_a_job_made_by_hand_is_told_of(world: World) -> None:
    cron_job(world, "0 0 1 1 *")
    await world.settle()
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "controller": True}
    owner["uid"] = cron(world)["metadata"]["uid"]
    world.job("by-hand")
    world.change("batch", "jobs", "by-hand", lambda job: job["metadata"].update(ownerReferences=[owner]))
    await world.settle()
    assert reasons(world) == ["UnexpectedJob"]
