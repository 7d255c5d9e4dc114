"""The pace that Telegram bears (telegram.md, Limits)."""

from bot.telegram.messages import Urgency
from bot.telegram.pacing import Bucket, Limits, Pace


def calls_in(seconds: float, pace: Pace, urgency: Urgency, start: float = 0.0) -> list[float]:
    now, made = start, []
    while now < start + seconds:
        wait = pace.wait(now, urgency)
        if wait <= 0:
            pace.took(now)
            made.append(now)
        else:
            now += wait + 1e-6
    return made


def test_progress_in_a_group_leaves_room_for_answers() -> None:
    pace = Pace(Limits(), is_private=False)
    made = calls_in(600, pace, Urgency.PROGRESS)
    assert all(sum(at <= each < at + 60 for each in made) <= 17 for at in made)
    assert pace.wait(600, Urgency.ANSWER) < 1


def test_a_group_never_hears_more_than_twenty_a_minute() -> None:
    made = calls_in(300, Pace(Limits(), is_private=False), Urgency.ANSWER)
    assert max(sum(at <= each < at + 60 for each in made) for at in made) == 20


def test_a_minute_counts_from_when_telegram_has_a_call_however_slow_it_was() -> None:
    pace = Pace(Limits(), is_private=False)
    for at in range(20):
        pace.took(at)
        pace.accepted(at + 0.9)
    assert pace.wait(60, Urgency.ANSWER) > 0.8


def test_answers_may_come_in_a_small_burst_and_then_one_a_second() -> None:
    made = calls_in(10, Pace(Limits(), is_private=True), Urgency.ANSWER)
    assert made[2] == 0
    assert 10 <= len(made) <= 13


def test_a_refusal_is_waited_out_and_slows_down_what_follows() -> None:
    pace = Pace(Limits(), is_private=True)
    pace.took(0)
    pace.refused(0, 30)
    assert pace.wait(1, Urgency.ANSWER) == 29
    pace.took(30)
    assert pace.wait(30, Urgency.PROGRESS) == 3.0
    for _ in range(50):
        pace.accepted(30)
    assert pace.wait(30, Urgency.PROGRESS) == 1.5


def test_all_chats_together_stay_within_the_whole_budget() -> None:
    bucket, now, made = Bucket(30, 30), 0.0, 0
    while now < 10:
        if (wait := bucket.wait(now)) > 0:
            now += wait + 1e-6
        else:
            bucket.take(now)
            made += 1
    assert made <= 331
