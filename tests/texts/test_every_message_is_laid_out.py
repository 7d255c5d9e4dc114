import html
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from bot.sandbox.telegram.html import parse_html
from bot.telegram.text import MESSAGE_LIMIT, length, plain, width
from bot.texts.rendering import MONOSPACED, TEMPLATES, Texts, ago, bars, cells, clip, duration, tight, title
from tests.texts.looks import HEALTHY, status
from tests.texts.operations import TROUBLES, ended, operation
from tests.texts.plans import plan
from tests.texts.screens import SCREENS
from tests.texts.shown import NOW, Shown

ORDINARY = 30
"""Cells of a line that a phone of 360 px does not wrap (ux.md, rule 3), where its own drawings are the measure."""

TEXTS = Texts(ZoneInfo("Europe/Dublin"))

HOSTILE = '<b>&"\x1b[31m\u202e</b>'


def rendered(shown: Shown) -> str:
    return TEXTS.render(shown.template, shown.values)


def lines(shown: Shown) -> list[str]:
    """What a reader sees, line by line, no-break spaces as plain ones."""
    return plain(rendered(shown)).replace("\u00a0", " ").splitlines()


@pytest.mark.parametrize("name", SCREENS)
def test_telegram_takes_every_message(name: str) -> None:
    found = rendered(SCREENS[name])
    text, _ = parse_html(found)
    assert text.strip()
    assert length(found) <= MESSAGE_LIMIT
    assert found == found.strip()


@pytest.mark.parametrize("name", SCREENS)
def test_no_message_has_stray_spaces_or_two_blank_lines(name: str) -> None:
    found = rendered(SCREENS[name])
    assert "\n\n\n" not in found
    assert not re.search(
        r"[ \t]$|  ", re.sub(r"<pre>.*?</pre>|<blockquote.*?</blockquote>", "", found, flags=re.S), re.M
    )


def test_every_template_is_among_the_messages_tried() -> None:
    names = {path.name.removesuffix(".html.j2") for path in TEMPLATES.glob("*.html.j2")}
    assert names == {shown.template for shown in SCREENS.values()}


def hostile(value: Any) -> Any:
    """The same value with something hostile in every free text; names by which templates decide stay."""
    if isinstance(value, str):
        return f"{value}{HOSTILE}" if value else ""
    if isinstance(value, Mapping):
        return {key: _kept(key, each) for key, each in value.items()}
    if isinstance(value, BaseModel):
        return value.model_copy(update={key: _kept(key, each) for key, each in value.__dict__.items()})
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{key: _kept(key, each) for key, each in vars(value).items()})
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _kept(each.name, getattr(value, each.name)) for each in fields(value)}
        )
    if isinstance(value, (list, tuple)):
        return type(value)(hostile(each) for each in value)
    if type(value).__name__ == "_Shown":
        return type(value)(hostile(value._view))
    return value


def _kept(key: str, value: Any) -> Any:
    decides = {"kind", "state", "result", "health", "weight", "site", "titles", "html", "notice"}
    return value if key in decides else hostile(value)


@pytest.mark.parametrize("name", [name for name, shown in SCREENS.items() if shown.template != "raw"])
def test_no_text_becomes_markup_or_disturbs_a_line(name: str) -> None:
    shown = SCREENS[name]
    usual, _ = parse_html(rendered(shown))
    found, entities = parse_html(rendered(Shown(shown.template, hostile(shown.values))))
    assert "\x1b" not in found
    assert "\u202e" not in found
    _, before = parse_html(rendered(shown))
    assert sorted(each.type for each in entities) == sorted(each.type for each in before)
    assert usual.count("\n") <= found.count("\n") + 1


WRAPS = {
    "applied",
    "uninstall failed",
    "uninstall cancelled",
    "uninstalled",
    "uninstalling",
    "cancelling",
    "rolling back",
    "rollback plan",
    "uninstall plan",
    "plan that moved",
    "status",
    "chart problem",
    "unchanged",
    "unchanged but by hand",
    "notice withdrawn",
    "logs",
    "no logs",
    "versions",
    "rollback plan that stops a deploy",
    "rollback over what others keep",
    "restart plan",
    "restarting",
    "restarted",
    "restart failed",
    "restart cancelled",
    "restart not started",
}
"""First lines that say a whole sentence, or name an operation beside its place."""

FIRST = [name for name in SCREENS if name not in WRAPS and "production" not in name and "ring" not in name]


@pytest.mark.parametrize("name", FIRST)
def test_first_lines_fit_a_phone(name: str) -> None:
    assert width(lines(SCREENS[name])[0]) <= ORDINARY


@pytest.mark.parametrize(
    "name", ["running", "done", "restored", "failed", "plan", "status", "operations", "busy", "stuck"]
)
def test_the_lines_of_usual_messages_fit_a_phone(name: str) -> None:
    sentences = ("⚠️", "❌ x2k4p", "❌ pay", "Plan ", "Traceback", "---", "+++")
    long = [line for line in lines(SCREENS[name])[1:] if width(line) > ORDINARY]
    assert [line for line in long if not line.startswith(sentences)] == []


def test_a_running_deploy_looks_as_drawn() -> None:
    assert lines(SCREENS["running"]) == [
        "🔄 shop → staging v1.2 · 31s",
        "✅ Preflight · 1s",
        "✅ Job shop-migrate · 6s",
        "🔄 Release",
        "shop   1/3 ■■■□□□□□□",
        "worker 2/2 ■■■■■■■■■",
        "❌ x2k4p crashed twice, exit 1",
        "KeyError: 'DATABASE_URL'",
        "⏳ The cluster is slow",
    ]


def test_a_plan_looks_as_drawn() -> None:
    found = lines(SCREENS["plan"])
    assert found[:9] == [
        "📋 Plan: shop → staging v1.2",
        "now v1.1 · chart 1.4.0",
        "",
        "Changes",
        "• image v1.1 → v1.2 · 4f1c…9a",
        "• shop: replicas 2 → 3",
        "• ConfigMap shop-env: 2 keys",
        "• Job shop-migrate runs first",
        "⚠️ Service port 80 → 8080: clients may break",
    ]
    assert found[9] == "+18 −6"
    assert re.fullmatch(r"Plan [0-9a-f]{4} by Dana · until 14:03", found[-1])


def test_the_results_look_as_drawn() -> None:
    assert lines(SCREENS["done"]) == [
        "✅ shop → staging v1.2 · 48s",
        "3 of 3 ready · revision 7",
        "Done 14:03 by Dana",
    ]
    assert lines(SCREENS["restored"])[:4] == [
        "↩️ shop → staging v1.1 is back",
        "v1.2 failed after 1m 52s",
        "Why: new pods crash at start",
        "KeyError: 'DATABASE_URL'",
    ]
    assert lines(SCREENS["failed"])[:2] == ["❌ shop → staging v1.2 failed", "Left as it is · 1m 52s"]
    assert lines(SCREENS["removed"])[:2] == [
        "❌ shop → staging v1.2 failed",
        "First install removed, disks kept",
    ]
    assert lines(SCREENS["cancelled"]) == ["⏹ shop → staging cancelled", "By Dana after 1m 52s, v1.1 is back"]
    assert lines(SCREENS["broken"])[:3] == [
        "🆘 shop → staging is broken",
        "v1.2 failed, v1.1 did not return",
        "Needs a person now: Dana",
    ]


def test_whoever_is_needed_is_mentioned() -> None:
    for name in ("broken", "ring: failed", "ring: restored", "ring: broken", "ring: removed"):
        _, entities = parse_html(rendered(SCREENS[name]))
        assert any(each.user_id == 1002 for each in entities), name


def test_production_is_written_large() -> None:
    assert "PRODUCTION" in lines(SCREENS["plan for production"])[0]
    assert "PRODUCTION" in lines(SCREENS["running in production"])[0]


def test_warnings_are_shown_however_many_changes_there_are() -> None:
    found = lines(SCREENS["plan with many changes"])
    assert "and 20 more" in found
    assert sum(line.startswith("⚠️ StatefulSet") for line in found) == 3


def test_a_digest_is_shown_once() -> None:
    from bot.planning.summary import Line

    found = plan(lines=(Line("image v1.1 → v1.2 · 4f1c…9a"),))
    assert "• image v1.1 → v1.2 · 4f1c…9a" in lines(found)


def test_what_belongs_together_stays_on_one_line() -> None:
    found = plain(rendered(SCREENS["plan"]))
    assert "v1.1\u00a0→\u00a0v1.2" in found
    assert "staging\u00a0v1.2" in found


def test_trouble_sorts_under_one_heading_for_one_environment() -> None:
    assert lines(SCREENS["status"]) == [
        "❌ production · 1 in trouble · 14:03",
        "❌ pay v3.0 · 0/2 · out of memory",
        "✅ shop v1.1 · 4/4 · 2 days",
        "⚪ docs · not deployed",
    ]


def test_more_apps_than_fit_are_counted() -> None:
    assert lines(status(production=[HEALTHY] * 13))[-1] == "and 3 more"


def test_times_are_in_the_configured_zone_and_known_to_the_clients() -> None:
    summer = NOW.replace(month=7)
    assert TEXTS.clock(summer) == f'<tg-time unix="{int(summer.timestamp())}" format="t">15:03</tg-time>'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (48, "48s"),
        (190, "3m 10s"),
        (600, "10m 00s"),
        (7500, "2h 5m"),
        (260000, "3 days"),
    ],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == tight(text)
    assert duration(timedelta(seconds=seconds)) == tight(text)


def test_how_long_ago_is_said_roughly() -> None:
    assert [ago(seconds).replace("\u00a0", " ") for seconds in (5, 240, 172800)] == [
        "just now",
        "4 min ago",
        "2 days ago",
    ]


@pytest.mark.parametrize("count", [(1, 3), (10, 10), (100, 250)])
def test_bars_never_wrap(count: tuple[int, int]) -> None:
    workloads = [
        {"name": name, "ready": count[0], "desired": count[1], "bar": "■" * 9}
        for name in ("shop", "x" * 60, "日本語" * 9)
    ]
    found = bars(workloads)
    assert {width(line) for line in found} == {MONOSPACED}


def test_no_workloads_are_no_bars() -> None:
    assert bars([]) == []


def test_text_is_cut_by_cells() -> None:
    assert clip("日本語", 5) == "日本…"
    assert clip("a\nb\tc", 10) == "a b c"
    assert cells("日", 4) == "日  "
    assert cells("\x07", 2) == "  "


def test_a_version_keeps_its_first_letter() -> None:
    assert (title("shop"), title("new pods crash"), title("v1.2 failed"), title("")) == (
        "Shop",
        "New pods crash",
        "v1.2 failed",
        "",
    )


def test_html_is_escaped_once() -> None:
    found = rendered(ended(result="failed", words="a < b & c", quote='"x"', revision=1))
    assert "a &lt; b &amp; c" in found
    assert "a < b & c" in html.unescape(found)


def test_a_message_of_nothing_but_troubles_stays_within_the_limit() -> None:
    trouble = TROUBLES[0].model_copy(update={"words": "x" * 400, "quote": "y" * 4000})
    assert length(rendered(operation("running", troubles=(trouble,) * 30))) < MESSAGE_LIMIT
