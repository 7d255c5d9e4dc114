"""Merging, secrets, paths, durations and targets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.commands.ordering import policy_of
from bot.config import ChartFile, ChartFolder, ChartOci, ChartRepository, Config, SecretMissing
from bot.config.fields import seconds
from bot.operations.policy import Policy
from tests.config.conftest import RIGHT, Loader


def test_later_files_win_key_by_key_and_replace_lists(loaded: Loader) -> None:
    config = loaded("environments: {staging: {timeout: 2h}}\napps: {shop: {environments: [staging]}}")
    assert config.environments["staging"].timeout == 7200
    assert config.environments["staging"].cluster == "main"
    assert [str(each) for each in config.targets()] == ["shop in staging"]


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86400)])
def test_durations_are_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_paths_are_relative_to_the_file_that_names_them(loaded: Loader, tmp_path: Path) -> None:
    config = loaded("store: sqlite:///state/x.db")
    chart = config.apps["shop"].chart
    assert isinstance(chart, ChartFolder)
    assert chart.path == tmp_path / "charts/shop"
    assert config.store.read() == f"sqlite:///{tmp_path}/state/x.db"


def test_a_secret_is_read_at_each_use_and_never_shown(loaded: Loader, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    config = loaded(first=RIGHT.replace('token: "${TOKEN}"', "token_file: token"))
    assert config.telegram.token.read() == "first"
    (tmp_path / "token").write_text("second\n")
    assert config.telegram.token.read() == "second"
    assert "second" not in repr(config) + str(config.telegram.token) + config.model_dump_json()
    (tmp_path / "token").unlink()
    with pytest.raises(SecretMissing, match="token cannot be read: No such file"):
        config.telegram.token.read()


def test_a_variable_of_a_secret_may_be_missing_until_it_is_used(loaded: Loader) -> None:
    config = loaded(environ={})
    with pytest.raises(SecretMissing, match="variable TOKEN is not set"):
        config.telegram.token.read()


def test_a_variable_fills_any_text(loaded: Loader) -> None:
    config = loaded("listen: 0.0.0.0:${PORT}", environ={"PORT": "9000", "TOKEN": "t"})
    assert config.address == ("0.0.0.0", 9000)


def test_an_app_overrides_its_environment_field_by_field(loaded: Loader, tmp_path: Path) -> None:
    for name in ("base.yaml", "shop-staging.yaml.j2", "shop-production.yaml.j2", "env.yaml", "own.yaml"):
        (tmp_path / name).write_text("a: 1")
    config = loaded(
        "environments: {staging: {fail_early: {crash_restarts: 5}, values: [env.yaml], secrets: {b: '${B}'}}}\n"
        "apps:\n"
        "  shop:\n"
        "    secrets: {a: '${A}', b_file: b}\n"
        "    values: [base.yaml, 'shop-{{ environment }}.yaml.j2']\n"
        "    environments:\n"
        "      staging:\n"
        "        timeout: 10m\n"
        "        fail_early: {image_grace: 5s, settle: 20s}\n"
        "        values: [{file: own.yaml, secret: true}]\n"
        "      production:\n",
        first=RIGHT.replace("    environments: [staging, production]\n", ""),
        environ={"A": "1", "B": "2"},
    )
    target = config.target("shop", "staging")
    assert (target.namespace, target.release, target.subject) == (
        "shop-staging",
        "shop",
        "main/shop-staging/shop",
    )
    assert target.environment.timeout == 600
    assert target.environment.fail_early.crash_restarts == 5
    assert target.environment.fail_early.image_grace == 5
    assert target.environment.fail_early.settle == 20
    assert [(each.path.name, each.template, each.secret) for each in target.values] == [
        ("base.yaml", False, False),
        ("shop-staging.yaml.j2", True, False),
        ("env.yaml", False, False),
        ("own.yaml", False, True),
    ]
    assert {key: secret.read() for key, secret in target.secrets.items()} == {"a": "1", "b": "2"}
    assert config.target("shop", "production").environment.timeout == 300
    assert policy_of(target) == Policy(timeout=600, crash_restarts=5, image_grace=5, settle=20)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("charts/x", ChartFolder),
        ("x-1.0.tgz", ChartFile),
        ("oci://registry.example.org/charts/x", ChartOci),
        ("{repo: 'https://charts.example.org', name: x, version: 1.4.0}", ChartRepository),
    ],
)
def test_a_chart_s_source_is_told_by_its_looks(loaded: Loader, written: str, kind: type[object]) -> None:
    assert isinstance(loaded(f"apps: {{shop: {{chart: {written}}}}}").apps["shop"].chart, kind)


@pytest.mark.parametrize(
    ("written", "pins"),
    [("image", True), ("{single: web.image}", True), ("{repository: a.b, tag: a.c}", False)],
)
def test_an_image_without_a_key_for_its_digest_is_not_pinned(
    loaded: Loader, written: str, pins: bool
) -> None:
    assert loaded(f"apps: {{shop: {{image_value: {written}}}}}").apps["shop"].image_value.pins is pins


def test_nothing_of_it_changes_after_the_load(loaded: Loader) -> None:
    config = loaded()
    with pytest.raises(ValidationError):
        config.listen = "x"  # type: ignore[misc]


def test_the_schema_describes_every_key() -> None:
    schema = Config.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    undescribed = [
        (section["title"], key)
        for section in sections
        for key, field in section.get("properties", {}).items()
        if "description" not in field and "$ref" not in field  # a section's own words stand in its definition
    ]
    assert undescribed == []
    assert "token_file" in schema["$defs"]["Telegram"]["properties"]
    assert "name" not in schema["$defs"]["App"]["properties"]
