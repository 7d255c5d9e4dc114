"""`lookup` reads with the rights of who asks, or nothing at all, and the plan says which (security.md, row 22)."""

from pathlib import Path
from typing import Any

import pytest

from bot.helm.client import Helm
from tests.helm.writing import Charts, text
from tests.security.acting import reconfigured
from tests.security.canaries import apps, write_chart
from tests.security.impersonating import carry_the_person, heard, impersonated

LOOKS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: seen}
data: {found: {{ (lookup "v1" "Secret" "kube-system" "canary").metadata | toJson | quote }}}
"""


async def test_a_chart_that_is_rendered_offline_finds_nothing(tmp_path: Path) -> None:
    async with Helm() as helm:
        assert (
            await text(helm, Charts(tmp_path), '[{{ lookup "v1" "Secret" "kube-system" "x" }}]') == "[map[]]"
        )


async def test_a_plan_looks_things_up_in_the_name_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = heard(monkeypatch)
    async with impersonated(tmp_path, calls) as world:
        write_chart(tmp_path / "looks", LOOKS)
        shop: dict[str, Any] = {"chart": str(tmp_path / "looks"), "image": None, "source": None, "values": []}
        await reconfigured(world, apps={**apps(world), "shop": shop})
        calls.clear()
        world.dana.says("/render shop staging", "private")
        await world.sees("shop", chat="private dana")
        assert [each for each in calls if each.path.endswith("/kube-system/secrets/canary")]
        carry_the_person(calls)
        calls.clear()
        world.kim.says("/render shop staging", "private")  # who has no name in that cluster
        await world.sees("in your name", chat="private kim")
        assert [each for each in calls if each.path.endswith("/secrets/canary")] == []
