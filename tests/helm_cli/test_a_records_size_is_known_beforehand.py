"""A plan says whether Helm can keep a release: how large its record is going to be is known from what was rendered."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from bot.helm import records
from bot.helm.client import Helm
from tests.helm.writing import Charts, render
from tests.helm_cli.commands import Place

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOISE = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz \n", k=300_000))
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: noise}
data:
  noise: |
    {{- .Files.Get "noise.txt" | nindent 4 }}
  more: {{ .Values.more | quote }}
"""


async def test_it_is_right_to_three_in_a_hundred(ours: Helm, place: Place, tmp_path: Path) -> None:
    chart = await Charts(tmp_path).pack(
        {
            "noise.txt": NOISE,
            "templates/noise.yaml": TEMPLATE,
            "values.yaml": f"more: none\nless: {NOISE[:40_000]!r}\n",
            "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
            "charts/sub/noise.txt": NOISE[::-1],
        }
    )
    values = {"more": NOISE[:100_000]}
    rendered = await render(ours, chart, values)
    await ours.upgrade(place.at, chart, values, timeout=60)
    (record,) = await place.records()
    real = len(base64.b64decode(record["data"]["release"]))
    assert real > 500_000
    assert records.size(chart.data, rendered.files, values) == pytest.approx(real, rel=0.03)
