import pytest

from bot.commands.choices import Choice, laid_out
from bot.telegram.messages import Style


def rows(*labels: str | tuple[str, Style]) -> list[list[str]]:
    choices = [
        Choice(label, "x") if isinstance(label, str) else Choice(label[0], "x", style=label[1])
        for label in labels
    ]
    return [[choice.label for choice in row] for row in laid_out(choices)]


def test_three_share_a_row_where_each_has_eleven_cells_at_most() -> None:
    assert rows("Status", "History", "Logs", "Why") == [["Status", "History", "Logs"], ["Why"]]
    assert rows("a" * 11, "b" * 11, "c" * 11) == [["a" * 11, "b" * 11, "c" * 11]]
    assert rows("a" * 11, "b" * 12, "c") == [["a" * 11, "b" * 12], ["c"]]


def test_two_share_a_row_up_to_sixteen_cells() -> None:
    assert rows("a" * 16, "b" * 16) == [["a" * 16, "b" * 16]]
    assert rows("a" * 17, "b") == [["a" * 17], ["b"]]


def test_wide_signs_count_as_two_cells() -> None:
    assert rows("日" * 6, "b", "c") == [["日" * 6, "b"], ["c"]]


@pytest.mark.parametrize("style", ["primary", "success"])
def test_the_recommended_one_is_first_and_alone(style: Style) -> None:
    assert rows("Logs", ("Deploy", style), "Diff") == [["Deploy"], ["Logs", "Diff"]]


def test_the_harmful_one_is_last_and_alone() -> None:
    assert rows(("Uninstall", "danger"), "Logs", "Diff") == [["Logs", "Diff"], ["Uninstall"]]


def test_the_order_is_kept_and_nothing_is_lost() -> None:
    assert rows("a", "b", "c" * 20, "d", ("e", "danger"), "f") == [["a", "b"], ["c" * 20], ["d", "f"], ["e"]]


def test_no_choices_are_no_rows() -> None:
    assert rows() == []
