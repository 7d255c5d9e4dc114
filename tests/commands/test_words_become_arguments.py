from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands.arguments import (
    NO_SETS,
    Bound,
    OperationId,
    Reason,
    Rest,
    Revision,
    Sets,
    Version,
    Wrong,
    bind,
    nearest,
)
from bot.commands.declaring import Declared, Parameter
from bot.commands.words import read
from bot.config import App, Config, Environment
from bot.telegram.text import width


async def nothing() -> None:
    """The handler of the commands below; arguments are bound before any handler runs."""


def declared(name: str, *parameters: Parameter) -> Declared:
    return Declared(name, nothing, "known", parameters, "", example=f"/{name} shop staging")


APP, ENVIRONMENT = Parameter("app", App, True), Parameter("environment", Environment, True)
DEPLOY = declared(
    "deploy", APP, ENVIRONMENT, Parameter("version", Version, True), Parameter("sets", Sets, False)
)
ROLLBACK = declared("rollback", APP, ENVIRONMENT, Parameter("revision", Revision, False))
STATUS = declared("status", Parameter("app", App, False), Parameter("environment", Environment, False))
CANCEL = declared("cancel", Parameter("operation", OperationId, False))
HELP = declared("help")
ALL = (DEPLOY, ROLLBACK, STATUS, CANCEL, HELP)


def outcome(
    config: Config, text: str, command: Declared = DEPLOY, visible: Iterable[str] = ("shop", "blog")
) -> Any:
    words = read(text)
    assert words is not None
    return bind(words, command, config, visible)


def bound(config: Config, text: str, command: Declared = DEPLOY) -> dict[str, Any]:
    """The arguments by name, apps and environments by theirs."""
    found = outcome(config, text, command)
    assert isinstance(found, Bound), found
    return {name: getattr(value, "name", value) for name, value in found.values.items() if value != NO_SETS}


def wrong(config: Config, text: str, command: Declared = DEPLOY) -> Wrong:
    found = outcome(config, text, command)
    assert isinstance(found, Wrong), found
    return found


@pytest.mark.parametrize(
    "text",
    [
        "/deploy shop v1.2 staging",
        "/deploy shop staging v1.2",
        "/deploy v1.2 staging shop",
        "/deploy Shop STAGING v1.2",
        "/deploy env=staging v1.2 app=shop",
        "/deploy version=v1.2 shop environment=staging",
    ],
)
def test_arguments_are_recognised_in_any_order(config: Config, text: str) -> None:
    assert bound(config, text) == {"app": "shop", "environment": "staging", "version": "v1.2"}


def test_a_version_may_look_like_the_beginning_of_an_environment_that_is_given(config: Config) -> None:
    assert bound(config, "/deploy shop stable staging")["version"] == "stable"


def test_what_is_missing_is_known_by_name(config: Config) -> None:
    found = outcome(config, "/deploy staging")
    assert [each.name for each in found.missing(DEPLOY)] == ["app", "version"]


def test_a_revision_is_a_number_from_one(config: Config) -> None:
    assert bound(config, "/rollback shop staging 5", ROLLBACK)["revision"] == 5
    for text in ("0", "x", "99999999999999999999", "1.5", "٣"):
        assert '"' in wrong(config, f"/rollback shop staging revision={text}", ROLLBACK).words


def test_an_operation_is_any_word(config: Config) -> None:
    assert bound(config, "/cancel 7c2e91", CANCEL) == {"operation": "7c2e91"}


def test_sets_are_pairs_in_their_order(config: Config) -> None:
    found = outcome(config, "/deploy shop v1 staging --set a.b=1 --set c=x=y")
    assert found.values["sets"] == Sets((("a.b", "1"), ("c", "x=y")))


@pytest.mark.parametrize("text", ["--set", "--set a", "--set =1", "--set="])
def test_a_set_without_a_pair_is_explained(config: Config, text: str) -> None:
    assert wrong(config, f"/deploy shop v1 staging {text}").words == "--set takes key=value"


def test_a_command_says_what_it_does_not_take(config: Config) -> None:
    assert wrong(config, "/status shop --set a=1", STATUS).words == "/status takes no --set"
    assert wrong(config, "/status version=v1", STATUS).words == "/status takes no version"
    assert wrong(config, "/help shop", HELP).words == '"shop" is one word too many'


def test_a_mistyped_name_is_answered_with_the_nearest_and_the_whole_command(config: Config) -> None:
    assert wrong(config, "/deploy shp v1.2 staging") == Wrong(
        'No app "shp"', "Nearest: shop. Yours: blog, shop", "/deploy shop v1.2 staging"
    )
    assert wrong(config, "/deploy shop v1.2 prod").corrected == "/deploy shop v1.2 production"


def test_a_correction_keeps_what_was_quoted(config: Config) -> None:
    corrected = wrong(config, '/deploy shp v1.2 staging --set a="x y"').corrected
    assert corrected == "/deploy shop v1.2 staging --set 'a=x y'"
    assert bound(config, corrected)["sets"] == Sets((("a", "x y"),))


def test_an_app_that_this_person_may_not_see_is_neither_confirmed_nor_proposed(config: Config) -> None:
    for text in ("hidden", "hiden"):
        found = wrong(config, f"/status {text}", STATUS)
        assert found == Wrong(f'No app "{text}"', "Yours: blog, shop")


def test_a_second_app_is_no_version(config: Config) -> None:
    assert wrong(config, "/deploy shop blog v1 staging").words == "/deploy takes one app"


def test_an_unknown_pair_points_at_set(config: Config) -> None:
    found = wrong(config, "/deploy shop v1 staging web.replicas=3")
    assert (found.words, found.detail) == ('No argument "web.replicas"', "Values are set by --set key=value")


@pytest.mark.parametrize(
    "word", ["<b>", "../../etc", "@/etc/passwd", "a/b", "'v1 v2'", "$(id)", "v1;id", "שלום", "x" * 129]
)
def test_a_hostile_word_is_no_version(config: Config, word: str) -> None:
    assert "is no version" in wrong(config, f"/deploy shop staging {word}").words
    assert "is no version" in wrong(config, f"/deploy shop staging version={word}").words


def test_an_option_of_helm_is_refused(config: Config) -> None:
    assert (
        wrong(config, "/deploy shop v1 staging --post-renderer=x").words == "Unknown option --post-renderer=x"
    )


def test_five_thousand_characters_are_refused(config: Config) -> None:
    assert wrong(config, f"/deploy {'x' * 5000}").words == "That is too long for a command"


def test_a_wrong_word_is_said_back_short(config: Config) -> None:
    for text in (f"/status {'x' * 900}", f"/deploy shop {'ab/' * 300}", f"/status -{'x' * 900}"):
        assert width(wrong(config, text, STATUS).words) < 70


@pytest.mark.parametrize(
    ("word", "near"),
    [("shp", "shop"), ("prod", "production"), ("stag", "staging"), ("xyz", None), ("", None)],
)
def test_the_nearest_name_is_found(word: str, near: str | None) -> None:
    assert nearest(word, ["shop", "blog", "staging", "production"]) == near


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=200), st.sampled_from(ALL))
def test_binding_never_fails(config: Config, text: str, command: Declared) -> None:
    words = read(f"/{command.name} {text}")
    if words is not None:
        found = bind(words, command, config, ["shop", "blog"])
        assert isinstance(found, (Bound, Wrong))


LOCK = declared("lock", ENVIRONMENT, Parameter("reason", Reason, True), Parameter("app", App, False))
STOPALL = declared("stopall", Parameter("reason", Reason, True))


@pytest.mark.parametrize(
    ("text", "command", "found"),
    [
        (
            "/lock shop staging database migration for 2h",
            LOCK,
            {"app": "shop", "environment": "staging", "reason": "database migration for 2h"},
        ),
        (
            "/lock Staging, we test shop – don't touch version=3, Kim's",
            LOCK,
            {"environment": "staging", "reason": "we test shop – don't touch version=3, Kim's"},
        ),
        ("/lock staging shop", LOCK, {"app": "shop", "environment": "staging"}),
        ("/lock", LOCK, {}),
        ("/stopall shop is on fire.", STOPALL, {"reason": "shop is on fire."}),
    ],
)
def test_a_reason_is_taken_as_it_was_typed_after_the_names_that_lead(
    config: Config, text: str, command: Declared, found: dict[str, Any]
) -> None:
    assert bound(config, text, command) == found


def test_a_mistyped_name_is_no_reason(config: Config) -> None:
    mistyped = wrong(config, "/lock shpo staging the migration of shpo", LOCK)
    assert mistyped.corrected == "/lock shop staging the migration of shpo"
    assert wrong(config, "/lock shop migration", LOCK).words == 'No environment "migration"'
    both = wrong(config, "/lock shp, Stagin: we migrate shp!", LOCK)
    assert both.words == 'No app "shp", no environment "Stagin"'
    assert both.corrected == "/lock shop staging we migrate shp!"
    assert bound(config, "/lock shop, staging: we migrate!", LOCK)["reason"] == "we migrate!"
    assert bound(config, "/lock staging shopping spree", LOCK)["reason"] == "shopping spree"


@pytest.mark.parametrize(
    "text",
    [
        "/deploy shop v1.2 to staging",
        "/deploy v1.2 on staging shop",
        "/deploy please shop v1.2 into the staging",
        "/deploy Staging, SHOP v1.2!",
        "/deploy shop v1.2 staging @dana_k",
        "/deploy shop → staging v1.2 🚀",
        "/deploy env=Staging. app=Shop! v1.2",
        "/deploy shop:v1.2 staging",
        "/deploy staging Shop@v1.2",
        "/deploy shop=v1.2 staging",
    ],
)
def test_a_sentence_around_the_arguments_changes_nothing(config: Config, text: str) -> None:
    assert bound(config, text) == {"app": "shop", "environment": "staging", "version": "v1.2"}


@pytest.mark.parametrize(
    ("text", "heading", "corrected"),
    [
        ("/deploy shp v1.2 stagin", 'No app "shp", no environment "stagin"', "/deploy shop v1.2 staging"),
        (
            "/deploy Stagign v1.2 Shpo!",
            'No environment "Stagign", no app "Shpo"',
            "/deploy staging v1.2 shop",
        ),
        ("/deploy app=shp env=stagin v1.2", "", "/deploy v1.2 app=shop environment=staging"),
        ("/deploy app=shp v1.2 stagin --set a=b", "", "/deploy v1.2 staging app=shop --set a=b"),
        ("/deploy shp v1,2 staging", "", "/deploy shop v1.2 staging"),
        ("/deploy shop v1.2 staging now", "", "/deploy shop v1.2 staging"),
        ("/deploy shp v1.2 stagin quickly", "", "/deploy shop v1.2 staging"),
        (
            "/deploy shop v1.2 staging\n/deploy blog v1.0",
            "One command in a message",
            "/deploy shop v1.2 staging",
        ),
    ],
)
def test_everything_that_is_mistyped_is_corrected_at_once(
    config: Config, text: str, heading: str, corrected: str
) -> None:
    found = wrong(config, text)
    assert found.corrected == corrected
    assert not heading or found.words == heading
    assert bound(config, corrected)["version"] == "v1.2"


def test_a_word_goes_to_the_kind_of_name_that_it_is_nearer_to(config: Config) -> None:
    assert wrong(config, "/status stagng", STATUS).corrected == "/status staging"
    assert wrong(config, "/status productin shpo", STATUS).corrected == "/status production shop"


def test_a_hidden_app_is_not_proposed_for_any_misspelling(config: Config) -> None:
    found = outcome(config, "/deploy blgo v1.2 stagin", visible=("shop",))
    assert isinstance(found, Wrong)
    assert "blog" not in f"{found.words} {found.detail} {found.corrected}"


def test_of_two_words_that_are_no_names_the_one_with_a_number_is_the_version(config: Config) -> None:
    assert wrong(config, "/deploy xyzzy v1.2 staging").words == 'No app "xyzzy"'
    assert wrong(config, "/deploy v1.2 shop xyzzy").words == 'No environment "xyzzy"'
    assert bound(config, "/deploy latest shop staging")["version"] == "latest"


@pytest.mark.parametrize("text", ["/rollback shop v1.1 staging", "/rollback shop staging revision=v1.1"])
def test_who_names_a_version_for_a_revision_is_shown_the_history(config: Config, text: str) -> None:
    found = wrong(config, text, ROLLBACK)
    assert (found.words, found.corrected) == ('"v1.1" is no revision', "/history shop staging")


LOGS = declared("logs", APP, ENVIRONMENT, Parameter("rest", Rest, False))


def test_among_words_to_search_for_only_what_is_very_like_a_name_is_corrected(config: Config) -> None:
    assert bound(config, "/logs shop staging web stag", LOGS)["rest"] == ("web", "stag")
    assert bound(config, "/logs shop stage-2", LOGS)["rest"] == ("stage-2",)
    assert wrong(config, "/logs shop stagin web", LOGS).corrected == "/logs shop staging web"


PHONE_NOISE = st.sampled_from(["", " ", ".", ",", "!", " \u200d", "\u00a0", "…", " 🚀", "\u200e", ")", "\n"])


@given(
    st.permutations(["shop", "v1.2", "staging"]),
    st.lists(PHONE_NOISE, min_size=3, max_size=3),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.sampled_from([" ", "  ", "\u00a0", " \u2009", "\n", ", "]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_order_any_capitals_and_any_noise_of_a_phone(
    config: Config, order: list[str], noise: list[str], case: Any, gap: str
) -> None:
    said = gap.join(
        f"{word if word == 'v1.2' else case(word)}{sign}" for word, sign in zip(order, noise, strict=True)
    )
    assert bound(config, f"/Deploy {said}") == {"app": "shop", "environment": "staging", "version": "v1.2"}
