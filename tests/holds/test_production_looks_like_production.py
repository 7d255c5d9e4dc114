"""Production: in capitals, in red, with the version, and offered is what is healthy one environment before."""

from tests.worlds import World


async def test_what_is_healthy_before_is_offered_first(world: World) -> None:
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    world.clock.move(hours=2, minutes=5)
    world.dana.says("/deploy shop", "private")
    await world.sees("Where\\?", chat="private dana", buttons=["production"])
    await world.dana.presses("production", "private")
    plan = await world.sees(
        "📋 Plan: shop → PRODUCTION v1.2\nnow v1.1.*\nv1.2 · healthy in staging for 2h 5m",
        chat="private dana",
        buttons=["Deploy to PRODUCTION · v1.2", "Other version"],
    )
    (confirm,) = [each for row in plan.buttons for each in row if each.label.startswith("Deploy to")]
    assert confirm.style == "danger"
    await world.dana.presses("Other version", "private")
    versions = await world.sees("shop → production: which version\\?", chat="private dana")
    assert "v1.2" in versions.text
    assert "healthy in staging" in versions.text
    assert "v1.3" in versions.text

    world.sandbox.servers.behaviours.order("registry/shop:v2.0-crash", "crash")
    await world.dana.deploys("v2.0-crash")
    await world.sees("↩️ shop → staging v1.2 is back")
    world.dana.says("/deploy shop production", "private")  # what came back is what is healthy
    await world.sees("Plan: shop → PRODUCTION v1.2\n.*\nv1.2 · healthy in staging", chat="private dana")


async def test_where_nothing_is_healthy_before_the_newest_is_a_choice_among_others(world: World) -> None:
    world.dana.says("/uninstall blog staging")
    await world.sees("Uninstall: blog → staging")
    await world.dana.presses("Uninstall from staging")
    await world.sees("✅ blog → staging uninstalled")
    world.dana.says("/deploy blog production", "private")
    shown = await world.sees(
        "⚠️ No healthy blog in staging\nNot deployed there\nThe newest is v1.0",
        chat="private dana",
        buttons=["Plan v1.0", "Other version", "‹ Back"],
    )
    assert {button.style for row in shown.buttons for button in row} == {None}
    await world.dana.presses("Plan v1.0", "private")
    await world.sees("Plan: blog → PRODUCTION v1.0", chat="private dana")
