"""Every call of a git host has an answer in words, and one that is not genuine has none."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.commands.pushes import Answer
from bot.config import GitWebhook
from bot.web.refusing import Busy
from bot.webhooks.push import Push
from tests.webhooks.payloads import CALLS, SECRET, SIGNING, github, gitlab, with_time
from tests.webhooks.serving import served


@pytest.mark.parametrize("host", CALLS)
async def test_a_push_is_handed_on(host: str) -> None:
    async with served() as caller:
        with capture_logs() as logs:
            assert await caller.post(CALLS[host]()) == (202, "taken")
        assert [(push.repository, push.name) for push in caller.taken] == [("team/shop", "main")]
        assert SECRET in caller.hidden
        assert SECRET not in str(logs)


async def test_a_signed_call_of_gitlab_counts_while_it_is_fresh() -> None:
    async with served() as caller:
        call = with_time(gitlab(), caller.clock.now().timestamp())
        assert await caller.post(call, "signing") == (202, "taken")
        caller.clock.move(minutes=6)
        assert await caller.post(call, "signing") == (401, "")
        plain = gitlab().but(X_Gitlab_Token=SIGNING).signed()
        assert await caller.post(plain, "signing") == (401, "")


@pytest.mark.parametrize(
    ("event", "answer"),
    [("ping", (200, "pong")), ("pull_request", (200, "Only pushes are acted on")), ("", None)],
)
async def test_other_events_are_answered_and_nothing_is_done(
    event: str, answer: tuple[int, str] | None
) -> None:
    async with served() as caller:
        assert await caller.post(github(event=event)) == (answer or (200, "Only pushes are acted on"))
        assert await caller.post(gitlab(event="Job Hook")) == (200, "Only pushes are acted on")
        assert caller.taken == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{}", "it names no repository"),
        (b"[]", "it is no object"),
        (b"ref=refs/heads/main", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b'{"repository": {"full_name": "\\ud800"}, "ref": "\\ud800"}', "it names no"),
    ],
)
async def test_a_genuine_call_that_cannot_be_read_says_what_is_wrong(body: bytes, words: str) -> None:
    async with served() as caller:
        status, said = await caller.post(replace(github(), body=body).signed())
        assert status == 400
        assert words in said
        assert caller.taken == []


async def test_another_form_than_json_says_which_to_choose() -> None:
    async with served() as caller:
        form = github().but(Content_Type="application/x-www-form-urlencoded").signed()
        assert await caller.post(form) == (415, "Choose application/json as the content type")


async def test_who_takes_pushes_may_be_busy_or_fail_and_the_host_may_come_again() -> None:
    errors: list[Exception] = [Busy(), RuntimeError("the disk is full of c4nary")]

    async def take(_: GitWebhook, push: Push, names: Sequence[str]) -> Answer:
        raise errors.pop(0)

    async with served(take) as caller:
        assert await caller.post(github()) == (503, "")
        assert await caller.post(github()) == (503, "")


async def test_a_call_that_is_too_large_is_refused_however_genuine() -> None:
    async with served(largest=5000) as caller:
        assert (await caller.post(github(commits=["x" * 5000])))[0] == 413
        assert (await caller.post(github()))[0] == 202


async def test_a_push_of_very_many_commits_is_taken() -> None:
    async with served() as caller:
        assert (await caller.post(github(commits=["x" * 1000] * 2048)))[0] == 202


async def test_bodies_of_nobody_known_are_held_within_bounds() -> None:
    async with served(most=20_000) as caller:
        assert (await caller.post(github(commits=["x" * 20_000])))[0] == 503
        for _ in range(10):  # what was held is held no more
            assert (await caller.post(replace(github(), body=b"x" * 9000, secret="wrong").signed()))[0] == 401
        assert (await caller.post(github()))[0] == 202
