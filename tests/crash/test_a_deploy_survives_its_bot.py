"""The bot dies at any moment of a deploy and comes back: the deploy ends, once, and its one message says how."""

from tests.crash.outside import Outside
from tests.worlds import spaced


async def test_killed_right_after_the_press(outside: Outside) -> None:
    plan = await outside.plan("v1.2")
    outside.presses("Deploy to staging")
    await outside.bot.kill()
    end = await outside.sees(r"✅ shop → staging v1\.2")
    assert end.id == plan.id
    assert outside.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_killed_between_plan_and_press(outside: Outside) -> None:
    plan = await outside.plan("v1.2")
    await outside.bot.kill()
    outside.presses("Deploy to staging")
    end = await outside.sees(r"✅ shop → staging v1\.2")
    assert end.id == plan.id
    assert outside.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_killed_while_a_hook_runs(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/shop:v1.2", "slow", task=True)
    plan = await outside.plan("v1.2")
    outside.presses("Deploy to staging")
    await outside.sees("Migrate job")
    assert outside.history("shop", "shop-staging")[-1] == "pending-upgrade"
    outside.world.servers.behaviours.order("registry/shop:v1.2", "ok", task=True)
    await outside.bot.kill()
    end = await outside.sees(r"✅ shop → staging v1\.2")
    assert end.id == plan.id
    assert outside.ends() == 1
    assert outside.history("shop", "shop-staging") == ["superseded", "superseded", "failed", "deployed"]


async def test_killed_while_pods_roll_out(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/blog:v1.0", "slow")
    plan = await outside.plan("v1.0", app="blog")
    outside.presses("Deploy to staging")
    await outside.sees(r"blog +\d/2")
    await outside.until(lambda: outside.history("blog", "blog-staging")[-1] == "deployed")
    outside.world.servers.behaviours.order("registry/blog:v1.0", "ok")
    await outside.bot.kill()
    outside.says("/cancel")
    end = await outside.sees(r"⏹ blog → staging cancelled")
    assert end.id == plan.id
    assert outside.history("blog", "blog-staging") == ["superseded", "superseded", "superseded", "deployed"]


async def test_killed_during_the_undo(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/blog:v1.0", "crash")
    plan = await outside.plan("v1.0", app="blog")
    outside.presses("Deploy to staging")
    await outside.until(lambda: len(outside.history("blog", "blog-staging")) == 4)
    await outside.bot.kill()
    end = await outside.sees(r"↩️ blog → staging v0\.9 is back")
    assert end.id == plan.id
    history = outside.history("blog", "blog-staging")
    assert history[-1] == "deployed"
    assert history.count("deployed") == 1
    assert not any(status.startswith("pending") for status in history)
    await outside.sees("Dana: blog")
    assert sum("Dana: blog" in each.text for each in outside.messages()) == 1


async def test_killed_right_before_the_end(outside: Outside) -> None:
    plan = await outside.plan("v1.2")
    outside.presses("Deploy to staging")
    await outside.until(
        lambda: outside.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]
    )
    await outside.bot.kill()
    end = await outside.sees(r"✅ shop → staging v1\.2")
    assert end.id == plan.id
    assert outside.ends() == 1
    assert outside.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_killed_as_helm_gives_up(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/shop:v1.2", "crash", task=True)
    plan = await outside.plan("v1.2")
    outside.presses("Deploy to staging")
    await outside.until(lambda: outside.history("shop", "shop-staging")[-1] in ("failed", "pending-rollback"))
    await outside.bot.kill()
    end = await outside.sees(r"↩️ shop → staging v1\.1 is back")
    assert end.id == plan.id
    history = outside.history("shop", "shop-staging")
    assert history[-1] == "deployed"
    assert history.count("deployed") == 1
    assert not any(status.startswith("pending") for status in history)


async def test_killed_while_it_cancels(outside: Outside) -> None:
    outside.world.servers.behaviours.order("registry/blog:v1.0", "slow")
    plan = await outside.plan("v1.0", app="blog")
    outside.presses("Deploy to staging")
    await outside.sees(r"blog +\d/2")
    outside.says("/cancel")
    await outside.until(lambda: len(outside.history("blog", "blog-staging")) == 4)
    await outside.bot.kill()
    end = await outside.sees(r"⏹ blog → staging cancelled")
    assert end.id == plan.id
    assert "v0.9 is back" in spaced(end.text)
    history = outside.history("blog", "blog-staging")
    assert history[-1] == "deployed"
    assert not any(status.startswith("pending") for status in history)


async def test_killed_during_a_restart(outside: Outside) -> None:
    outside.says("/restart blog staging")
    plan = await outside.sees("Restart: blog → staging")
    before = outside.generation("blog", "blog-staging")
    outside.presses("Restart in staging")
    await outside.until(lambda: outside.generation("blog", "blog-staging") > before)
    await outside.bot.kill()
    end = await outside.sees("✅ blog → staging restarted")
    assert end.id == plan.id
    assert outside.generation("blog", "blog-staging") == before + 1
