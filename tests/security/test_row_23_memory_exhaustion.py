"""A chart may do its worst: its worker dies, the bot lives and the person is told (security.md, row 23)."""

from pathlib import Path

from tests.security.acting import operations, reconfigured, state_of
from tests.security.bombs import LAUGHS, values_of
from tests.worlds import World

BOMB = '{{ $s := "x" }}{{ range until 40 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}'


async def test_a_chart_that_eats_memory_is_told_and_the_bot_goes_on(world: World, tmp_path: Path) -> None:
    chart = tmp_path / "bomb"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: bomb\nversion: 1.0.0\n", encoding="utf-8")
    (chart / "templates" / "x.yaml").write_text(BOMB, encoding="utf-8")
    before = state_of(world)
    await reconfigured(world, apps=values_of(world, chart=str(chart), values=[]))
    world.kim.says("/deploy shop v1.2 staging", "private")
    await world.sees("ran out of memory", chat="private kim")
    (chart / "templates" / "x.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n{indented(LAUGHS)}\n",
        encoding="utf-8",
    )
    world.kim.says("/deploy shop v1.2 staging", "private")
    await world.sees("invalid YAML", chat="private kim")
    world.dana.says("/deploy blog v1.0 staging", "private")
    await world.sees("Plan: blog → staging", chat="private dana")
    assert await operations(world.parts.database) == []
    assert state_of(world) == before


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
