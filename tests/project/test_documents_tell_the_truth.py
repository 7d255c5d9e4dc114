"""What the documents claim, held against the code that they speak of."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keepachangelog
import pytest
import typer.main
import yaml

import handlers
from bench.__main__ import BENCHES
from bot import cli
from bot.commands.declaring import COMMANDS
from bot.config import BUILT_IN_ROLES, PERMISSIONS, Config, load
from bot.config.fields import Section
from bot.sandbox import script
from tests.project.places import ROOT, documents, text

handlers.load()

NAMES = ("TELEGRAM_TOKEN", "DB_PASSWORD", "SMTP_PASSWORD", "SHOP_DB_PASSWORD")
ENVIRON = dict.fromkeys(NAMES, "sixteen-letters-x")

VALUES = (
    "shop.yaml",
    "shop-staging.yaml.j2",
    "shop-production.yaml.j2",
    "shop-production.yaml",
    "shop-secrets.yaml",
    "production.yaml",
)
"""The files of values that the reference names."""


def blocks(name: str) -> list[str]:
    """The YAML blocks of a document, without their indentation."""
    found = re.findall(r"^( *)```yaml\n(.*?)^\1```$", text(name), re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def first_cells(name: str) -> set[str]:
    """What stands in backquotes in the first cell of the tables of a document."""
    rows = [line.split("|")[1] for line in text(name).splitlines() if line.startswith("| ")]
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/sandbox.md", "docs/benchmarks.md"])
def test_make_has_the_verbs_that_are_named(name: str) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text(name), re.MULTILINE)) - verbs == set()


def test_the_readme_names_every_command_once() -> None:
    told = re.findall(r"`/([a-z]+)", text("README.md").partition("| in the chat |")[2])
    assert sorted(told) == sorted(COMMANDS)


def test_the_readme_names_every_verb_of_the_command_line() -> None:
    verbs = set(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
    table = text("README.md").partition("| in the terminal |")[2]
    assert set(re.findall(r"^\| `pilothouse ([a-z]+)", table, re.MULTILINE)) == verbs


def test_the_changelog_begins_with_the_version_that_is_built() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    released = keepachangelog.to_dict(str(ROOT / "CHANGELOG.md"))
    assert next(iter(released)) == version
    assert released[version]["added"]


def test_the_example_configuration_loads() -> None:
    content = text("config.example.yaml")
    environ = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", content), "sixteen-letters-x")
    config = load([ROOT / "config.example.yaml"], environ)
    assert config.targets()


def test_the_readme_s_configuration_loads(tmp_path: Path) -> None:
    (block,) = blocks("README.md")
    (tmp_path / "config.yaml").write_text(block, encoding="utf-8")
    config = load([tmp_path / "config.yaml"], ENVIRON)
    assert [str(target) for target in config.targets()] == ["shop in staging"]


def test_the_sections_of_the_configuration_s_reference_load_together(tmp_path: Path) -> None:
    sections = blocks("docs/configuration.md")
    (tmp_path / "values").mkdir()
    for name in VALUES:
        (tmp_path / "values" / name).write_text("{}", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("".join(sections), encoding="utf-8")
    config = load([tmp_path / "config.yaml"], ENVIRON)
    assert set(config.model_fields_set) == set(Config.model_fields)


def keys_of(model: Any, seen: set[Any]) -> Iterator[str]:
    """Every key that may stand in a configuration, by walking the models."""
    if isinstance(model, type) and issubclass(model, Section):
        if model in seen:
            return
        seen.add(model)
        for name, field in model.model_fields.items():
            if name not in model.filled_in:
                yield name
            yield from keys_of(field.annotation, seen)
        return
    for part in getattr(model, "__args__", ()):
        yield from keys_of(part, seen)


def test_the_configuration_s_reference_names_every_key() -> None:
    reference = text("docs/configuration.md")
    missing = {key for key in keys_of(Config, set()) if not re.search(rf"\b{key}(?:_file)?\b", reference)}
    assert missing == set()


def test_the_table_of_permissions_is_that_of_the_built_in_roles() -> None:
    told: dict[str, set[str]] = {role: set() for role in BUILT_IN_ROLES}
    table = text("docs/permissions.md").partition("| permission |")[2].partition("\n\n")[0]
    names = []
    for line in table.splitlines()[2:]:
        name, _, *marks = (cell.strip() for cell in line.strip("|").split("|"))
        names.append(name.strip("`"))
        for role, mark in zip(BUILT_IN_ROLES, marks, strict=True):
            told[role] |= {names[-1]} if mark == "✓" else set()
    assert names == list(PERMISSIONS)
    assert told == BUILT_IN_ROLES


STEPS = (
    script.Say,
    script.Press,
    script.Reply,
    script.Expect,
    script.Conditions,
    script.Image,
    script.ClusterDown,
    script.Delete,
    script.Refuse,
    script.TelegramDown,
)


def test_every_key_of_a_script_is_explained() -> None:
    keys = {field.alias or name for step in STEPS for name, field in step.model_fields.items()}
    told = set(re.findall(r"`([a-z_]+)`", text("docs/sandbox.md").partition("## Scripts")[2]))
    assert keys - told == set()


def test_the_keys_of_an_expectation_are_exactly_those_that_are_told() -> None:
    keys = {field.alias or name for name, field in script.Conditions.model_fields.items()}
    table = text("docs/sandbox.md").partition("| key of `expect` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)) == keys


def test_the_script_in_the_reference_can_be_read() -> None:
    (block,) = (each for each in blocks("docs/sandbox.md") if each.startswith("- {as:"))
    assert len(script.parse_script(block)) == len(yaml.safe_load(block))


def test_the_documents_know_every_benchmark() -> None:
    assert first_cells("docs/benchmarks.md") >= set(BENCHES)
