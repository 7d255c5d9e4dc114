"""What a script's steps do and when an expectation holds, with a real bot on the other side."""

from __future__ import annotations

import io

import pytest

from tests.sandbox.conftest import Play, RecordingStage


async def test_a_conversation_goes_as_told(play: Play) -> None:
    assert (
        await play("""
- {as: dana, in: team, topic: deploys, say: "/buttons Deploy Close"}
- {as: dana, in: team, expect: {text: "^pick of", buttons: [dep, CLOSE], topic: deploys, sound: true}}
- {as: lee, in: team, press: "depl"}
- {as: lee, in: team, expect: {toast: "you pressed Deploy"}}
- {as: lee, in: team, expect: {text: "pressed by Lee", not: "Dana", sound: false}}
- {as: dana, in: private, say: "hello"}
- {as: dana, in: private, expect: {text: "echo hello"}}
- {as: dana, in: private, reply: "and you"}
- {as: dana, in: private, expect: {text: "echo and you"}}
- {as: dana, in: private, say: "/news Shop 1.2 is out"}
- {as: eve, in: news, expect: {text: "1\\\\.2 is out"}}
""")
        is None
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("/hello", '{text: "goodbye", within: 300ms}'),
        ("/hello", '{text: "echo", not: "hello", within: 300ms}'),
        ("/hello", "{buttons: [Deploy], within: 300ms}"),
        ("/hello", '{text: "echo", sound: false, within: 300ms}'),
        ("/silent psst", '{text: "psst", sound: true, within: 300ms}'),
        ("/hello", '{text: "echo", topic: deploys, within: 300ms}'),
        ("/hello", '{toast: "anything", within: 300ms}'),
        ("/late hello", '{text: "hello", within: 50ms}'),
        ("/hello", "{nothing: 1s}"),
    ],
)
async def test_what_is_not_as_told_ends_the_script(play: Play, said: str, expected: str) -> None:
    failure = await play(f"""
- {{as: dana, in: team, say: "{said}"}}
- {{as: dana, in: team, expect: {expected}}}
- {{as: dana, in: team, say: "never said"}}
""")
    assert failure is not None
    assert failure.at.number == 2


async def test_all_conditions_hold_for_one_and_the_same_message(play: Play) -> None:
    failure = await play("""
- {as: dana, in: team, say: "/edit first"}
- {as: dana, in: team, expect: {text: "and then"}}
- {as: dana, in: team, say: "/buttons Deploy"}
- {as: dana, in: team, expect: {text: "and then", buttons: [Deploy], within: 300ms}}
""")
    assert failure is not None
    assert failure.at.number == 4


async def test_only_what_came_since_the_last_act_counts(play: Play) -> None:
    failure = await play("""
- {as: dana, in: team, say: "/one"}
- {as: dana, in: team, expect: {text: "echo one"}}
- {as: dana, in: team, expect: {text: "echo one"}}
- {as: lee, in: team, say: "/hush"}
- {as: dana, in: team, expect: {text: "echo one", within: 300ms}}
""")
    assert failure is not None
    assert failure.at.number == 5
    assert "nothing new since the last act" in failure.words


async def test_a_quiet_bot_is_expected_as_such(play: Play) -> None:
    assert (
        await play("""
- {as: dana, in: team, say: "/hello"}
- {as: dana, in: team, expect: {text: "echo hello"}}
- {as: dana, in: team, expect: {nothing: 300ms}}
- {as: dana, in: team, say: "/hush"}
- {as: dana, in: team, expect: {nothing: 300ms}}
- {as: dana, in: private, say: "/late psst"}
- {as: dana, in: team, expect: {nothing: 500ms}}
- {as: dana, in: private, expect: {text: psst}}
""")
        is None
    )


async def test_an_edit_counts_as_a_sighting_and_makes_no_sound(play: Play) -> None:
    failure = await play("""
- {as: dana, in: private, say: "/buttons Deploy"}
- {as: dana, in: private, expect: {sound: true}}
- {as: dana, in: private, press: Deploy}
- {as: dana, in: private, expect: {text: "was pressed", sound: false}}
- {as: dana, in: private, expect: {sound: true, within: 200ms}}
""")
    assert failure is not None
    assert failure.at.number == 5


async def test_the_newest_message_with_such_a_button_is_pressed(play: Play) -> None:
    assert (
        await play("""
- {as: dana, in: team, say: "/buttons Deploy-1 Close"}
- {as: dana, in: team, expect: {buttons: [Deploy-1]}}
- {as: dana, in: team, say: "/buttons Deploy-2"}
- {as: dana, in: team, expect: {buttons: [Deploy-2]}}
- {as: dana, in: team, press: "deploy"}
- {as: dana, in: team, expect: {text: "Deploy-2 was"}}
- {as: dana, in: team, press: "close"}
- {as: dana, in: team, expect: {text: "Close was"}}
""")
        is None
    )


async def test_a_topic_beside_the_expectation_counts_as_one_within(play: Play) -> None:
    failure = await play("""
- {as: dana, in: team, topic: deploys, say: "/hello"}
- {as: dana, in: team, topic: deploys, expect: {text: hello}}
- {as: dana, in: team, topic: alerts, expect: {text: hello, within: 200ms}}
""")
    assert failure is not None
    assert failure.at.number == 3


async def test_a_failure_shows_what_was_seen_instead(play: Play) -> None:
    failure = await play("""
- {as: dana, in: team, topic: deploys, say: "/buttons Deploy Close"}
- {as: dana, in: team, expect: {text: "Plan", within: 300ms}}
""")
    assert failure is not None
    assert "in team/deploys, with sound" in failure.words
    assert "pick of Deploy Close" in failure.words
    assert "[Deploy] [Close]" in failure.words


async def test_a_bot_that_has_died_is_named_as_the_reason(play: Play, stage: RecordingStage) -> None:
    stage.words = "The bot has ended with code 1."
    failure = await play("""
- {as: dana, in: team, say: "/hush"}
- {as: dana, in: team, expect: {text: "Plan", within: 100ms}}
""")
    assert failure is not None
    assert stage.words in failure.words


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{as: dan, in: team, say: hi}", "did you mean 'dana'"),
        ("{as: dana, in: taem, say: hi}", "did you mean 'team'"),
        ("{as: dana, in: team, topic: deploy, say: hi}", "did you mean 'deploys'"),
        ("{as: eve, in: team, say: hi}", "eve is no member of team"),
        ("{as: eve, in: team, expect: {text: hi}}", "eve is no member of team"),
        ("{as: dana, in: team, reply: hi}", "no message there to reply to"),
        ("{as: dana, in: team, expect: {topic: deploy}}", "did you mean 'deploys'"),
    ],
)
async def test_names_that_there_are_not_are_told_with_the_nearest(play: Play, step: str, words: str) -> None:
    failure = await play(f"- {step}")
    assert failure is not None
    assert words in failure.words


async def test_orders_to_the_world_reach_its_stage(play: Play, stage: RecordingStage) -> None:
    assert (
        await play("""
- {cluster: {image: "registry/shop:v9", behaves: crash}}
- {cluster: {down: 20s}}
- {cluster: {delete: "pod/shop-*", namespace: shop-staging}}
- {cluster: {upgrade: shop, environment: staging, values: {web: {replicas: 4}}, description: CI}}
- {cluster: {mark: deployment/shop, namespace: shop-staging, labels: {owned: "yes"}}}
- {cluster: {uid: "9999"}}
- {bot: kill}
- {wait: 10ms}
""")
        is None
    )
    assert stage.done == [
        ("image", "registry/shop:v9", "crash"),
        ("down", 20.0, None),
        ("delete", "pod/shop-*", "shop-staging"),
        ("upgrade", "shop", "staging", {"web": {"replicas": 4}}, "CI"),
        ("mark", "deployment/shop", "shop-staging", {"owned": "yes"}, {}),
        ("swap", "9999"),
        ("kill",),
    ]


async def test_telegram_refuses_for_as_long_as_told(play: Play) -> None:
    assert (
        await play("""
- {telegram: {refuse: 429, retry_after: 1, for: 600ms}}
- {as: dana, in: private, say: "hello"}
- {as: dana, in: private, expect: {nothing: 400ms}}
- {as: dana, in: private, expect: {text: "echo hello", within: 20s}}
""")
        is None
    )


async def test_the_transcript_reads_as_the_chat_looked(play: Play, out: io.StringIO) -> None:
    await play("""
- {as: dana, in: team, topic: deploys, say: "/edit shop"}
- {as: dana, in: team, expect: {text: "and then"}}
- {as: dana, in: team, say: "/buttons Deploy"}
- {as: dana, in: team, expect: {buttons: [Deploy]}}
- {as: dana, in: team, press: deploy}
- {as: dana, in: team, expect: {toast: pressed}}
""")
    text = out.getvalue()
    assert "Dana in team/deploys\n        /edit shop" in text
    assert "Pilothouse in team/deploys 🔔" in text
    assert "edited\n        shop and then\n        `KeyError`" in text
    assert "        pick of Deploy\n        [Deploy]" in text
    assert "Dana presses [Deploy] in team\n" in text
    assert "toast for Dana: you pressed Deploy" in text


async def test_what_needs_a_program_that_is_not_there_is_left_out(play: Play) -> None:
    failure = await play("""
- {as: dana, in: team, say: "/hello", needs: no-such-program}
- {as: dana, in: team, expect: {text: "echo"}, needs: no-such-program}
- {as: dana, in: team, press: "Deploy", needs: no-such-program}
- {as: dana, in: team, say: "/hello", needs: sh}
- {as: dana, in: team, expect: {text: "never", within: 300ms}, needs: sh}
""")
    assert failure is not None
    assert failure.at.number == 5
