"""More apps than a screen has buttons: the rest is one tap away, and none is out of reach."""

from pathlib import Path

from tests.worlds import open_bot_world

CHART = Path(__file__).parents[2] / "charts" / "microservice"


async def test_the_ninth_app_is_reached_by_taps(tmp_path: Path) -> None:
    names = [f"extra{number}" for number in range(1, 8)]
    apps = "".join(f"  {name}: {{chart: {CHART}, environments: [staging]}}\n" for name in names)
    async with open_bot_world(tmp_path, f"apps:\n{apps}") as world:
        world.dana.says("/deploy")
        await world.sees("Which app", buttons=["shop", "blog", "extra4", "More"])
        await world.dana.presses("More")
        await world.sees("Which app", buttons=["extra7", "‹ Back"])
        await world.dana.presses("extra7")
        await world.sees("Where", buttons=["staging"])
        world.dana.says("/status")
        await world.sees("staging", buttons=["Refresh", "More"])
        world.dana.says("/apps")
        await world.sees("Apps", buttons=["shop", "More"])
