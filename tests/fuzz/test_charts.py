"""Archives of charts, and what repositories say they have (security.md, row 16)."""

import json
from contextlib import suppress

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.helm import inspecting
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.repositories import RepoChart, _entry
from tests.fuzz.making import WORDS, fuzzed, near, nested
from tests.helm.writing import ABOUT, tgz

KEYS = st.sampled_from(
    [
        "apiVersion",
        "name",
        "version",
        "appVersion",
        "dependencies",
        "repository",
        "alias",
        "entries",
        "demo",
        "urls",
        "digest",
        "$ref",
        "$schema",
        "properties",
        "definitions",
        "<<",
    ]
)
DATA = nested(KEYS)
NAMES = st.sampled_from(
    [
        "demo/Chart.yaml",
        "demo/requirements.yaml",
        "demo/values.schema.json",
        "demo/templates/x.yaml",
        "demo",
        "demo//x",
        "demo/charts/sub/Chart.yaml",
        "demo/charts/sub.tgz",
        "demo/charts/sub/values.schema.json",
    ]
)
CONTENTS = st.one_of(
    st.just(ABOUT.encode()),
    DATA.map(lambda data: yaml.safe_dump(data).encode()),
    DATA.map(lambda data: json.dumps(data).encode()),
    st.binary(max_size=200),
    st.just(tgz([("sub/Chart.yaml", b"name: sub\nversion: 1.0.0\n")])),
)


@fuzzed
@given(st.lists(st.tuples(NAMES | WORDS.filter(lambda name: "\0" not in name), CONTENTS), max_size=5))
def test_any_archive_is_a_chart_or_is_refused(members: list[tuple[str, bytes]]) -> None:
    with suppress(ChartInvalid):
        about = inspecting.inspect(tgz(members))
        assert about.name
        assert "/" not in about.name


@fuzzed
@given(nested(KEYS), st.sampled_from(["Chart.yaml", "requirements.yaml"]))
def test_any_list_of_dependencies_is_read_or_refused(listed: object, file: str) -> None:
    about = yaml.safe_dump({"name": "demo", "version": "1.0.0", "dependencies": listed}).encode()
    chart = {"demo/Chart.yaml": ABOUT.encode()} | {f"demo/{file}": about}
    with suppress(ChartInvalid):
        assert inspecting.inspect(tgz(list(chart.items()))).name == "demo"


@fuzzed
@given(near("charts"))
def test_a_damaged_archive_is_refused_or_what_it_was(archive: bytes) -> None:
    with suppress(ChartInvalid):
        assert inspecting.inspect(archive).name in ("demo", "sub")


@fuzzed
@given(DATA | DATA.map(lambda data: {"entries": {"demo": data}}))
def test_any_index_names_a_version_or_is_refused(index: object) -> None:
    with suppress(ChartInvalid, ChartUnavailable):
        assert _entry(yaml.safe_dump(index).encode(), RepoChart("https://charts.example.org", "demo"))["urls"]
