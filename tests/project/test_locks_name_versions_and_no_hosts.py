"""The locks: every package at one version with hashes, and nothing about where it is fetched from."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.places import ROOT, text

LOCKS = sorted(path.name for path in (ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\$", re.MULTILINE)


OF_THE_BOT = [lock for lock in LOCKS if lock != "conformance.txt"]
"""Conformance tests have an environment of their own, since one of their libraries needs an older pydantic."""


def pinned(lock: str) -> dict[str, str]:
    return {
        canonicalize_name(name): version for name, version in PINNED.findall(text(f"requirements/{lock}"))
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock: str) -> None:
    lines = text(f"requirements/{lock}").splitlines()
    options = ("-i ", "-f ", "--index-url", "--extra-index-url", "--find-links", "--trusted-host")
    assert [line for line in lines if "://" in line or line.startswith(options)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_hashes(lock: str) -> None:
    content = text(f"requirements/{lock}")
    entries = re.split(r"\n(?=[^\s#])", content.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def missed(lock: str, wanted: list[str]) -> list[str]:
    """What a lock has not, or in another version than is asked for."""
    versions = pinned(lock)
    found = {each: versions.get(canonicalize_name(each.name)) for each in map(Requirement, wanted)}
    return [
        f"{requirement} is {version}"
        for requirement, version in found.items()
        if version is None or not requirement.specifier.contains(version, prereleases=True)
    ]


@pytest.mark.parametrize(
    ("lock", "extras"), [("run.txt", []), ("sandbox.txt", ["sandbox"]), ("dev.txt", ["sandbox", "dev"])]
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, extras: list[str]) -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    assert missed(lock, wanted) == []


def test_the_lock_of_the_conformance_tests_holds_what_they_ask_for() -> None:
    lines = text("requirements/conformance.in").splitlines()
    assert missed("conformance.txt", [line for line in lines if not line.startswith("#")]) == []


def test_a_package_has_the_same_version_in_all_locks() -> None:
    found: dict[str, set[str]] = {}
    for lock in OF_THE_BOT:
        for name, version in pinned(lock).items():
            found.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}


def test_what_runs_in_production_brings_no_sandbox() -> None:
    only_sandbox = set(pinned("sandbox.txt")) - set(pinned("run.txt"))
    assert "kubernetes-validate" in only_sandbox
