"""A schema opens no file, device or host, and does not nest without end (security.md, row 17)."""

from __future__ import annotations

import json

import pytest

from bot.helm import inspecting
from bot.helm.errors import ChartInvalid
from tests.helm.writing import CHART_YAML, tgz


@pytest.mark.parametrize(
    "target",
    ["file:///dev/zero", "/dev/zero", "http://169.254.169.254/x", "other.json", "https://example.org/s.json"],
)
@pytest.mark.parametrize("path", ["demo/values.schema.json", "demo/charts/sub/values.schema.json"])
def test_a_schema_may_refer_only_to_itself(target: str, path: str) -> None:
    schema = json.dumps({"properties": {"a": {"items": [{"$ref": target}]}}}).encode()
    with pytest.raises(ChartInvalid, match="only refer to itself"):
        inspecting.inspect(tgz([CHART_YAML, (path, schema)]))


def test_a_schema_is_found_however_deep_its_chart_is_packed() -> None:
    schema = b'{"$ref": "file:///dev/zero"}'
    inner = tgz([("x/Chart.yaml", b"name: x\nversion: 1.0.0\n"), ("x/values.schema.json", schema)])
    with pytest.raises(ChartInvalid, match="only refer to itself"):
        inspecting.inspect(tgz([CHART_YAML, ("demo/charts/sub/charts/x.tgz", inner)]))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_a_schema_nested_without_end_is_refused(depth: int) -> None:
    schema = b'{"not":' * depth + b"{}" + b"}" * depth
    with pytest.raises(ChartInvalid, match=r"schema\.json"):
        inspecting.inspect(tgz([CHART_YAML, ("demo/values.schema.json", schema)]))
