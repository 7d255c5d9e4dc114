from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.texts.rendering import TextInvalid, Texts
from tests.texts.screens import SCREENS

DONE = SCREENS["done"]
CLOSED = SCREENS["said"]


def texts(folder: Path, **files: str) -> Texts:
    """The texts with files in the user's folder, by the name of the message."""
    for name, text in files.items():
        (folder / f"{name}.html.j2").write_text(text)
    return Texts(ZoneInfo("UTC"), folder)


def test_the_users_file_wins_and_the_others_are_ours(tmp_path: Path) -> None:
    found = texts(tmp_path, said="<i>{{ heading }}</i>")
    assert found.render(CLOSED.template, CLOSED.values) == "<i>Closed</i>"
    assert found.render(DONE.template, DONE.values).startswith("<b>✅ shop")
    assert found.problems() == []


def test_a_part_that_messages_share_may_be_overridden_too(tmp_path: Path) -> None:
    found = texts(tmp_path, said='{% from "_words.j2" import where %}{{ heading }}')
    assert found.render(CLOSED.template, CLOSED.values) == "Closed"


def test_an_override_is_escaped_like_ours(tmp_path: Path) -> None:
    found = texts(tmp_path, said="{{ heading }}")
    assert found.render("said", {"heading": "<b>", "lines": []}) == "&lt;b&gt;"


@pytest.mark.parametrize(
    "broken",
    [
        "{{ nowhere }}",
        "{% if %}",
        "{{ heading + 1 }}",
        "{{ 1 // 0 }}",
        "{{ heading.__class__.__mro__ }}",
        "{% include 'nothing.j2' %}",
        "{{ heading|nofilter }}",
    ],
)
def test_a_broken_override_is_reported_by_file_and_ours_is_sent(tmp_path: Path, broken: str) -> None:
    found = texts(tmp_path, said=f"first line\n{broken}\n")
    with capture_logs() as logs:
        assert found.render(CLOSED.template, CLOSED.values) == "<b>Closed</b>\nNothing was changed"
    (entry,) = logs
    assert "said.html.j2" in entry["problem"]


def test_where_an_override_fails_is_told_with_its_line(tmp_path: Path) -> None:
    found = texts(tmp_path, said="first line\n{{ nowhere }}\n")
    with capture_logs() as logs:
        found.render(CLOSED.template, CLOSED.values)
    assert f"{tmp_path / 'said.html.j2'}, line 2: 'nowhere' is undefined" in logs[0]["problem"]


def test_a_value_that_is_missing_is_an_error_that_names_our_file() -> None:
    with pytest.raises(TextInvalid, match=r"said\.html\.j2, line 1: 'heading' is undefined"):
        Texts(ZoneInfo("UTC")).render("said", {"lines": []})


def test_a_check_finds_what_cannot_be_read_before_it_is_needed(tmp_path: Path) -> None:
    found = texts(tmp_path, said="{{ x|nofilter }}", enedd="x", done="{{ fine }}")
    (tmp_path / "README.md").write_text("not a template {% if %}")
    problems = found.problems()
    assert len(problems) == 3
    assert (
        problems[1] == f"{tmp_path / 'enedd.html.j2'}: replaces no text of ours, did you mean ended.html.j2?"
    )
    assert problems[2].startswith(f"{tmp_path / 'said.html.j2'}, line 1: ")


def test_a_folder_that_is_not_there_is_a_problem_and_loses_no_message(tmp_path: Path) -> None:
    found = Texts(ZoneInfo("UTC"), tmp_path / "nowhere")
    assert found.problems() == [f"{tmp_path / 'nowhere'}: is no folder"]
    assert found.render(CLOSED.template, CLOSED.values)
